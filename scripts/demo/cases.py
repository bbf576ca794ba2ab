"""``cases.py CASES PORT FOLDER``: the shared cases of areas A, B and C, asked of the real commands.

A daemon watches for the home, with syslog on PORT. What must come out stands in ``tests/cases``.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from shouwang.model import ABSENT, Found, Value
from shouwang.timespan import moment
from tests.cases.matches import MATCHES, by_rule, expected
from tests.cases.readings import READINGS, Reading

NOT_BELIEVED = "time_not_believed"
WAIT_S = 30.0


@dataclass(frozen=True)
class Row:
    """An event as ``search --json`` says it; of a live one that claims an unlikely time, the claim."""

    said: dict[str, Value]

    @property
    def time_us(self) -> int:
        held = self.said.get("tags")
        name = "event.created" if isinstance(held, list) and NOT_BELIEVED in held else "@timestamp"
        return microseconds(self.said[name])

    @property
    def received_us(self) -> int:
        return microseconds(self.said["event.ingested"])

    def get(self, ecs_name: str, /) -> Found:
        found = self.said.get(ecs_name, ABSENT)
        return (
            [tag for tag in found if tag != NOT_BELIEVED] if ecs_name == "tags" and isinstance(found, list) else found
        )

    def fields(self) -> dict[str, Value]:
        return self.said


def microseconds(text: Value) -> int:
    found = moment(str(text), UTC)
    assert found is not None, text
    return found[0]


def sw(*words: str) -> str:
    return subprocess.run(["scripts/run", *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def rows(query: str) -> list[Row]:
    """In the order of arrival: ids count up."""
    said = sw("search", query, "--since", "36500d", "--limit", "0", "--json").splitlines()
    return sorted((Row(json.loads(line)) for line in said), key=lambda row: str(row.said["event.id"]))


class Cases:
    """Each case's name, and whether all that was asked of it came out right."""

    def __init__(self) -> None:
        self.right: dict[str, bool] = {}

    def check(self, case: str, by: str, ask: Callable[[], None]) -> None:
        try:
            ask()
        except AssertionError:
            print(f"{case} by {by}:")
            traceback.print_exc(file=sys.stdout)
            self.right[case] = False
        else:
            self.right.setdefault(case, True)

    def areas(self) -> int:
        for area in "ABC":
            of = {case: right for case, right in sorted(self.right.items()) if case.startswith(area)}
            print(f"{area}: {sum(of.values())} of {len(of)} ({' '.join(of)})")
        return 0 if all(self.right.values()) else 1


def scanned(cases: Cases, files: Path) -> None:
    for case, name in MATCHES.items():
        folder = files / case
        said = sw("scan", str(folder / name), "--rules", str(folder / "rules"), "--json", "--zone", "Asia/Shanghai")
        found = by_rule(map(json.loads, said.splitlines()))
        cases.check(case, "scan", partial(equal, found, expected(folder)))


def equal(found: object, wanted: object) -> None:
    assert found == wanted, f"{found} instead of {wanted}"


def imported(cases: Cases, files: Path, folder: Path) -> None:
    copies: dict[str, list[Path]] = {}
    for case, reading in READINGS.items():
        copies[case] = [copied(files / name, folder / case / name, reading) for name in reading.files]
    sw("import", *(str(path) for paths in copies.values() for path in paths))
    every = rows("shouwang.source:import*")
    for case, paths in copies.items():
        events = [row for path in paths for row in every if row.said.get("log.file.path") == str(path)]
        cases.check(case, "import", partial(READINGS[case].check, events))


def copied(file: Path, place: Path, reading: Reading) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, place)
    if reading.modified:
        at = datetime.fromisoformat(reading.modified).timestamp()
        os.utime(place, (at, at))
    return place


def by_wire(cases: Cases, files: Path, port: int) -> None:
    a03, a05 = ((files / name).read_bytes().splitlines() for name in ("A03.txt", "A05.log"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for line in (*a03, *a05):
            udp.sendto(line, ("127.0.0.1", port))
    with socket.create_connection(("127.0.0.1", port)) as tcp:
        tcp.sendall(b"".join(line + b"\n" for line in a05))
    until = time.monotonic() + WAIT_S
    while len(every := rows("shouwang.source:syslog*")) < len(a03) + 2 * len(a05) and time.monotonic() < until:
        time.sleep(0.2)
    for case, transport, lines in (("A03", "udp", a03), ("A05", "udp", a05), ("A05", "tcp", a05)):
        events = [row for row in every if str(row.said["shouwang.source"]).startswith(f"syslog:{transport}")]
        cases.check(case, transport, partial(sent, case, lines, events))


def sent(case: str, lines: Sequence[bytes], events: Sequence[Row]) -> None:
    """In the order of the lines: datagrams may pass one another."""
    by_text = {str(row.said["event.original"]): row for row in events}
    READINGS[case].check([by_text[line.decode()] for line in lines])


def main(folder: Path, port: int, work: Path) -> int:
    cases, files = Cases(), folder / "files"
    scanned(cases, files)
    imported(cases, files, work / "cases")
    by_wire(cases, files, port)
    known = [json.loads(line)["id"] for line in (folder / "cases.jsonl").read_text(encoding="utf-8").splitlines()]
    for case in known:
        if case[0] in "ABC" and case not in cases.right:
            print(f"{case}: nobody asked")
            cases.right[case] = False
    return cases.areas()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
