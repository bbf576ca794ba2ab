"""Bytes, parsed events and the naive engine give the same matches, rule by rule and line by line."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from collectors.files import Damage, records
from collectors.origin import Origin
from collectors.parsers.layouts import layout_of
from collectors.registry import PARSERS
from detection.engine import Engine
from detection.fast.lines import Lines
from detection.oracle import NaiveEngine
from detection.rules import RuleSet, load
from shouwang.model import Event
from shouwang.model.layout import Layout

ORIGIN = Origin("file:test", 1_795_482_000_000_000, 0, ZoneInfo("UTC"), live=False, context={"log.file.path": "/x"})


@pytest.fixture(scope="module")
def windows(shared: Path) -> RuleSet:
    return load([shared / "sigma" / "rules" / "windows"])


@pytest.fixture(scope="module")
def naive(windows: RuleSet) -> NaiveEngine:
    return NaiveEngine(windows)


@pytest.fixture
def engine(windows: RuleSet) -> Engine:
    return Engine(windows, ())


def samples(shared: Path) -> list[bytes]:
    """4,000 lines of the large sample, and every second EVTX record."""
    found = [
        piece.raw for piece in records(shared / "samples" / "windows-mordor-20k.jsonl.zst") if hasattr(piece, "raw")
    ]
    for file in sorted((shared / "samples" / "evtx").glob("*.evtx")):
        found += [piece.raw for piece in records(file) if not isinstance(piece, Damage)]
    return found[:20_000:5] + found[20_000::2]


def parse(raw: bytes) -> tuple[Event, Layout | None]:
    event = PARSERS["json"](raw, ORIGIN)
    return event, layout_of(event)


def by_bytes(engine: Engine, lines: Lines, block: list[bytes]) -> list[list[str]]:
    """The ids of the rules that fire on each line."""
    ids = [rule.id for rule in engine.ruleset.rules]
    _, wanted = lines.wanted(b"\n".join(block) + b"\n")
    found: list[list[str]] = [[] for _ in block]
    for line in wanted:
        if line.fires is not None and not line.fires.doubtful:
            found[line.number] = [ids[number] for number in line.fires.sure]
        elif line.raw:
            found[line.number] = [rule.id for rule in engine.fired(line.event or parse(line.raw)[0])]
    return found


def compare(engine: Engine, naive: NaiveEngine, block: list[bytes], before: list[bytes] | None = None) -> int:
    """How many matches all three agree on. Each line is met twice: as new, and as known. ``before``: what was read
    earlier, so that most kinds of lines are already told at a glance."""
    lines = engine.lines(parse, frozenset(ORIGIN.context))
    assert lines is not None
    if before is not None:
        lines.wanted(b"\n".join(before) + b"\n")
        assert lines.gated > 5
    plain = [[rule.id for rule in naive.fired(parse(raw)[0])] for raw in block]
    for _ in range(2):
        assert by_bytes(engine, lines, block) == plain
        assert [[rule.id for rule in engine.fired(parse(raw)[0])] for raw in block] == plain
    return sum(map(len, plain))


def test_bytes_events_and_the_naive_engine_agree_on_the_samples(
    engine: Engine, naive: NaiveEngine, shared: Path
) -> None:
    assert compare(engine, naive, samples(shared)) > 50
    assert not engine.faults


def test_they_agree_while_the_engine_forgets_all_the_time(engine: Engine, naive: NaiveEngine, shared: Path) -> None:
    engine.matcher.budget.limit_bytes = 20_000
    compare(engine, naive, samples(shared)[::12])
    assert engine.matcher.budget.turns > 10


Doc = dict[str, object]
ODD: tuple[object, ...] = (
    None,
    0,
    1,
    -1,
    2**63,
    2**64,
    1.0,
    True,
    False,
    "",
    "-",
    "4688",
    " 1",
    [],
    ["a", "b"],
    {},
    {"#text": "x"},
)
TRAPS = ("\u212a", "\u0130", "ſ", "ẞ", "\ud83d\ude00", "\x00", "\x01", "\x02", "守", "\\", '"', "\n", "é")
WORDS = ("mimikatz", "sekurlsa::logonpasswords", "gentilkiwi.com", "\u212aiwi Legit Printer", "LSADUMP::", "-enc JAB")
KEYS = (
    "EventID",
    "Channel",
    "SourceName",
    "Provider",
    "EventType",
    "Event",
    "Image",
    "CommandLine",
    "TargetObject",
    "Details",
)


def folders(doc: Doc) -> Iterator[Doc]:
    yield doc
    for value in doc.values():
        if isinstance(value, dict):
            yield from folders(value)


def mutate(doc: Doc, chance: random.Random) -> None:
    """One change that a shipper, or an attacker, may make."""
    folder = chance.choice(list(folders(doc)))
    key = chance.choice(sorted(folder) or ["Image"])
    value = folder.get(key)
    text = value if isinstance(value, str) else "x"
    changes: tuple[Callable[[], object], ...] = (
        lambda: chance.choice(ODD),
        lambda: text + chance.choice(TRAPS),
        lambda: chance.choice(WORDS) + text,
        text.swapcase,
        lambda: [value, chance.choice(ODD)],
        lambda: str(value),
        lambda: {key: value},
    )
    match chance.randrange(9):
        case 0:
            folder.pop(key, None)
        case 1:
            folder[chance.choice(KEYS)] = chance.choice((*ODD, text))
        case number:
            folder[key] = changes[number - 2]()


def disguised(raw: bytes, chance: random.Random) -> bytes:
    """The same record written another way, or no record at all."""
    at = chance.randrange(len(raw))
    match chance.randrange(12):
        case 0:
            return b"".join(b"\\u%04x" % letter if letter in b"kKmM" else bytes((letter,)) for letter in raw)
        case 1:
            return raw[:at]
        case 2:
            return raw[:at] + b"\xff" + raw[at:]
        case 3:
            return b"  " + raw.replace(b":", b" : ", 5) + b"\r"
        case 4:
            return raw[:-1] + b',"EventID":1,"x":1e999}'
        case 5:
            return raw[:-1] + raw[:1].replace(b"{", b",") + b'"Channel":"Security"}'
        case _:
            return raw


def test_they_agree_on_events_that_were_tampered_with(engine: Engine, naive: NaiveEngine, shared: Path) -> None:
    chance = random.Random(20261125)
    block = []
    for raw in samples(shared)[::3]:
        doc = orjson.loads(raw)
        for _ in range(chance.randrange(1, 4)):
            mutate(doc, chance)
        try:
            written = orjson.dumps(doc)
        except (TypeError, orjson.JSONEncodeError):
            continue
        block.append(disguised(written, chance).replace(b"\n", b" "))
    assert compare(engine, naive, block, samples(shared)) > 20
