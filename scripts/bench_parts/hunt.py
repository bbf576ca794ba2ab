"""Windows events of the shared sample in a store: a hunt through them, against matching the same events as they arrive."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

from collectors.files import Damage, records
from collectors.logsources import where
from collectors.origin import Origin
from collectors.registry import PARSERS
from collectors.rehydrate import rehydrate
from detection.engine import Engine
from detection.hunt import chosen, narrowing
from detection.rules import load
from detection.ruleset import RuleSet
from shouwang.eventid import give_ids
from shouwang.eventstore.base import Batch
from shouwang.eventstore.embedded.history import STORED_FIELDS, History
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.flows import hunting
from shouwang.huntfolder import HuntFolder, Plan
from shouwang.model import Event
from shouwang.query import All, Node

TIMES = 5
"""How often the sample is stored: 100,000 events."""
ZONE = ZoneInfo("Asia/Shanghai")
NOW_US = 1_795_492_800_000_000


def sample(shared: Path) -> list[Event]:
    origin = Origin("bench", NOW_US, NOW_US, ZONE, live=False)
    path = shared / "samples/windows-mordor-20k.jsonl.zst"
    pieces = [piece for piece in records(path, "auto", name=path.name) if not isinstance(piece, Damage)]
    return [PARSERS[piece.parser](piece.raw, origin) for piece in pieces]


def fill(folder: Path, shared: Path) -> int:
    total = 0
    with EmbeddedStore(folder / "events.db", zone=ZONE, rehydrate=rehydrate) as store:
        for _ in range(TIMES):
            events = sample(shared)
            for event, event_id in zip(events, give_ids(event.received_us for event in events), strict=True):
                event.id = event_id
            for at in range(0, len(events), 1000):
                store.put(Batch(events[at : at + 1000]), {})
            total += len(events)
    return total


def live(rules: RuleSet, shared: Path) -> tuple[Counter[str], float]:
    """Parsing and matching alone, the way intake does; CPU seconds for all of them."""
    engine = Engine(rules, ("host.name", "user.name", "source.ip"))
    found: Counter[str] = Counter()
    began = time.process_time()
    for _ in range(TIMES):
        found.update(match.rule_id for match in engine.match(sample(shared)))
    return found, time.process_time() - began


def hunt(
    folder: Path, name: str, plan_ids: list[str], rule_paths: list[Path], *, narrow: bool
) -> tuple[HuntFolder, float]:
    place = HuntFolder(folder / name)
    place.make(
        Plan(
            id="H-1",
            by="bench",
            asked=[],
            ids=plan_ids,
            given=False,
            intel=[],
            from_us=0,
            to_us=1 << 62,
            made_us=NOW_US,
            zone="Asia/Shanghai",
            narrowing=narrow,
        )
    )
    args = {
        "folder": str(place.path),
        "events": str(folder / "events.db"),
        "rules": [str(path) for path in rule_paths],
        "cache": str(folder / "cache"),
        "intel": str(folder),
        "entities": ["host.name", "user.name", "source.ip"],
    }
    child = os.fork()
    if child == 0:  # a process of its own, as in the product: none lives on what another has made
        try:
            hunting.work(args, [], lambda _progress: None)  # type: ignore[arg-type]
        finally:
            os._exit(0 if place.state().done else 1)
    _, ended, used = os.wait4(child, 0)
    assert ended == 0
    return place, used.ru_utime + used.ru_stime


def row(what: str, rules: RuleSet, folder: Path, *, paths: list[Path], shared: Path, total: int) -> None:
    expected, live_s = live(rules, shared)
    for narrow in (True, False):
        place, cpu_s = hunt(
            folder, f"{len(rules.rules)}-{narrow}", [rule.id for rule in rules.rules], paths, narrow=narrow
        )
        state = place.state()
        found = Counter({rule: fired.count for rule, fired in state.fired.items()})
        assert found == expected, (what, found - expected, expected - found)
        print(
            f"{what}, {'narrowed' if narrow else 'all read'}: {total / cpu_s:,.0f} events a CPU second, rules loaded"
            f" included ({total / state.took_s:,.0f}/s without), read {state.read / total:.1%},"
            f" {state.matches} matches, as live; live parsing and matching {total / live_s:,.0f}"
        )


def passing(folder: Path) -> None:
    """What the store alone takes for events that it can rule out."""
    wanted: Node = narrowing((), where, STORED_FIELDS)
    for what, node in (("nothing", wanted), ("everything", All())):
        with History(folder / "events.db", rehydrate) as history:
            stretch, place, passed = history.stretch(0, 1 << 62), None, 0
            began = time.process_time()
            while not (part := history.part(stretch, node, place)).end:
                place, passed = part.place, passed + part.passed
            print(f"the store alone, asked for {what}: {(passed + part.passed) / (time.process_time() - began):,.0f}/s")


def main() -> None:
    shared = Path(os.environ.get("SHOUWANG_SHARED", Path(__file__).parents[3] / "shared"))
    if not shared.is_dir():
        sys.exit("the shared samples are not here: set SHOUWANG_SHARED")
    windows = [shared / "sigma/rules/windows"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rules = load(windows, cache=folder / "cache")
        total = fill(folder, shared)
        print(f"{total} Windows events of 2.4 KB, {(folder / 'events.db').stat().st_size >> 20} MiB")
        passing(folder)
        started = [rule.id for rule in rules.rules if rule.logsource.category == "process_creation"]
        one = [rule.id for rule in rules.rules if rule.logsource.service == "system"][:1]
        row("one rule", chosen(rules, one), folder, paths=windows, shared=shared, total=total)
        row(
            f"{len(started)} rules of process creation",
            chosen(rules, started),
            folder,
            paths=windows,
            shared=shared,
            total=total,
        )
        row(f"{len(rules.rules)} Windows rules", rules, folder, paths=windows, shared=shared, total=total)


if __name__ == "__main__":
    main()
