"""Correlations: CPU of a match by type, memory, and what a step writes while nearly 50,000 events are remembered."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from detection.correlate import Correlator
from detection.ruleset import Correlation
from shouwang.model import Match, Value
from tests.unit.alerting.making import a_home
from tests.unit.correlate.making import a_correlation, a_match

MATCHES = 20_000
GROUPS = 500
ROUNDS = 5
REMEMBERED = 48_889
"""At the end of it 50,000: one more, and the first would be let go."""
RULES = ("p", "q", "s")
PORTS = ("destination.port",)


def stream(late: float) -> list[Match]:
    """A hundred matches a second of three rules and 500 addresses; some of them up to a minute late."""
    chance = random.Random(7)
    made = []
    for number in range(MATCHES):
        fields: dict[str, Value] = {
            "source.ip": f"10.0.0.{chance.randrange(GROUPS)}", "user.name": f"u{chance.randrange(50)}",
            "host.name": "gate-01", "destination.port": chance.randrange(65_536),
        }  # fmt: skip
        at_us = number * 10_000
        behind_us = chance.randrange(60_000_000) if chance.random() < late else 0
        made.append(
            a_match(number, at_us=at_us - behind_us, received_us=at_us, rule=chance.choice(RULES), fields=fields)
        )
    return made


def types() -> list[Correlation]:
    return [
        a_correlation(rules=RULES, count=10),
        a_correlation(rules=RULES, kind="value_count", field=PORTS, count=10),
        a_correlation(rules=RULES, kind="value_sum", field=PORTS, count=500_000),
        a_correlation(rules=RULES, kind="temporal", count=3),
        a_correlation(rules=RULES, kind="temporal_ordered", count=3),
        a_correlation(rules=RULES, kind="value_avg", field=PORTS, count=30_000),
        a_correlation(rules=RULES, kind="value_percentile", field=PORTS, percentile=95, count=60_000),
    ]


def cost_us(correlation: Correlation, matches: Sequence[Match]) -> float:
    took = []
    for _ in range(ROUNDS):
        correlator = Correlator([correlation])
        before = time.process_time()
        for match in matches:
            correlator.feed(match)
        correlator.flush()
        took.append(time.process_time() - before)
    return statistics.median(took) / len(matches) * 1e6


def flooded() -> tuple[int, int, float]:
    """(events counted, rows remembered, CPU in us a match): a thousand addresses, 150 failed logins each in an hour."""
    correlator = Correlator([a_correlation(count=10, timespan_s=600)])
    matches = [
        a_match(n, at_us=n * 24_000, fields={"source.ip": f"10.0.{n % 1000 // 250}.{n % 250}", "user.name": "root"})
        for n in range(150_000)
    ]
    before = time.process_time()
    counted = sum(len(hit.members) for match in matches for hit in correlator.feed(match))
    took = time.process_time() - before
    return counted, correlator.states["c"].entries, took / len(matches) * 1e6


def written(folder: Path) -> list[tuple[int, int, float]]:
    """(matches in a step, bytes of write-ahead log, CPU ms)."""
    home = a_home(folder, [a_correlation(count=50, timespan_s=3600)])
    fields: list[dict[str, Value]] = [
        {"source.ip": f"10.0.{n // 250}.{n % 250}", "host.name": "gate-01", "user.name": "root", "process.name": "sshd"}
        for n in range(2000)
    ]
    matches = [a_match(n, at_us=n * 1000, fields=fields[n % 2000]) for n in range(REMEMBERED + 1111)]
    flow = home.flow()
    home.put(matches[:REMEMBERED])
    while flow.step().matches:
        pass
    assert flow.coverage()[0].remembered == REMEMBERED
    found, place = [], REMEMBERED
    for size in (1, 10, 100, 1000):
        list(home.state._writer.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
        home.put(matches[place : place + size])
        place += size
        before = time.process_time()
        flow.step()
        took_ms = (time.process_time() - before) * 1e3
        found.append((size, (home.path / "state.db-wal").stat().st_size, took_ms))
    home.state.close()
    home.events.close()
    return found


def main() -> None:
    prompt, late = stream(0), stream(0.05)
    for correlation in types():
        in_order, some_late = cost_us(correlation, prompt), cost_us(correlation, late)
        print(f"{correlation.type:17} {in_order:5.1f} us a match in order, {some_late:5.1f} us with one in twenty late")
    counted, rows, in_flood = flooded()
    print(
        f"150,000 matches of a thousand groups within an hour: {counted:,} counted, {rows:,} rows, {in_flood:.1f} us a match"
    )
    with tempfile.TemporaryDirectory() as folder:
        for size, bytes_, took_ms in written(Path(folder)):
            print(f"a step of {size} matches: {bytes_:,} bytes of write-ahead log, {took_ms:.1f} ms")


if __name__ == "__main__":
    main()
