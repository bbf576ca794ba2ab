"""The rule engine against all SigmaHQ Windows rules, in units of ``orjson.loads`` alone, in one run.

All costs are CPU seconds of one thread, JSON decoding included; the medians of ROUNDS rounds, each of which measures orjson
beside what it is compared with. Nothing is printed before all matches were seen to be equal.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC
from functools import partial
from pathlib import Path

import orjson
import psutil
import zstandard
from peers import Task, compare

from collectors.files import Damage, records
from collectors.origin import Origin
from collectors.parsers.layouts import layout_of
from collectors.registry import PARSERS
from detection.engine import Engine, settle
from detection.fast.lines import Lines
from detection.oracle import NaiveEngine
from detection.rules import RuleSet, load
from shouwang.model import Event
from shouwang.model.layout import Layout

ROUNDS = 5
BLOCK_BYTES = 256 * 1024
ORIGIN = Origin("bench", 1_795_482_000_000_000, 0, UTC, live=False)
CONTEXT = frozenset(("log.file.path",))


def shared() -> Path:
    return Path(os.environ.get("SHOUWANG_SHARED", Path(__file__).parents[3] / "shared"))


def cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def blocks(lines: Sequence[bytes]) -> list[bytes]:
    """As a file is read."""
    found, held, size = [], [], 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size > BLOCK_BYTES:
            found.append(b"\n".join(held) + b"\n")
            held, size = [], 0
    return [*found, b"\n".join(held) + b"\n"]


def sample() -> list[bytes]:
    packed = (shared() / "samples" / "windows-mordor-20k.jsonl.zst").open("rb")
    return zstandard.ZstdDecompressor().stream_reader(packed).read().splitlines()


def evtx() -> list[bytes]:
    files = sorted(shared().rglob("*.evtx"))
    pieces = (piece for file in files for piece in records(file))
    return [piece.raw for piece in pieces if not isinstance(piece, Damage) and b"\n" not in piece.raw]


def parse(raw: bytes) -> tuple[Event, Layout | None]:
    event = PARSERS["json"](raw, ORIGIN)
    return event, layout_of(event)


class Work:
    """An engine and its reader of lines."""

    def __init__(self, ruleset: RuleSet, cache: Path) -> None:
        self.engine = Engine(ruleset, (), cache)
        lines = self.engine.lines(parse, CONTEXT)
        assert lines is not None
        self.lines: Lines = lines

    def fired(self, block: bytes) -> list[tuple[int, tuple[int, ...]]]:
        """Line and rules, of the lines that fire any. Lines whose bytes do not tell are parsed, as in the product."""
        found = []
        for line in self.lines.wanted(block)[1]:
            fires = line.fires
            if fires is not None and not fires.doubtful:
                found.append((line.number, fires.sure))
            elif line.raw:
                rules = self.engine.matcher.fired(line.event or parse(line.raw)[0])
                if rules:
                    found.append((line.number, rules))
        return found

    def scan(self, read: Sequence[bytes]) -> None:
        for block in read:
            self.fired(block)


def decode(lines: Sequence[bytes]) -> None:
    for line in lines:
        orjson.loads(line)


def check(ruleset: RuleSet, work: Work, lines: Sequence[bytes]) -> tuple[int, float]:
    """Matches, and what an event costs the naive engine (parsing not counted). Fails unless all are equal."""
    naive = NaiveEngine(ruleset)
    numbers = {rule.id: number for number, rule in enumerate(ruleset.rules)}
    events = [parse(line)[0] for line in lines]
    plain: list[tuple[int, ...]] = []
    took = cpu(lambda: plain.extend(tuple(numbers[rule.id] for rule in naive.fired(event)) for event in events))
    assert [work.engine.matcher.fired(event) for event in events] == plain, "events"
    for _ in range(2):
        at, found = 0, []
        for block in blocks(lines):
            found += [(at + number, rules) for number, rules in work.fired(block)]
            at += block.count(b"\n")
        assert found == [(number, rules) for number, rules in enumerate(plain) if rules], "lines"
    return sum(map(len, plain)), took / len(lines)


def states(name: str, work: Work, lines: Sequence[bytes]) -> None:
    half = len(lines) // 2
    first, second, every = blocks(lines[:half]), blocks(lines[half:]), blocks(lines)
    found: dict[str, list[float]] = {"first": [], "running": [], "seen": [], "us": [], "orjson": []}
    for _ in range(ROUNDS):
        work.engine.matcher.budget.forget()
        found["first"].append(ratio(lambda: work.scan(first), lines[:half]))
        found["running"].append(ratio(lambda: work.scan(second), lines[half:]))
        unit = cpu(lambda: decode(lines))
        took = cpu(lambda: work.scan(every))
        found["seen"].append(took / unit)
        found["us"].append(took / len(lines) * 1e6)
        found["orjson"].append(unit / len(lines) * 1e6)
    middle = {key: statistics.median(values) for key, values in found.items()}
    print(f"{name}: orjson.loads alone {middle['orjson']:.2f} us an event = 1")
    print(f"  first pass, empty caches (first half)        {middle['first']:.2f}")
    print(f"  running: new events after others (second)    {middle['running']:.2f}")
    print(f"  every value seen                             {middle['seen']:.2f}  ({middle['us']:.2f} us an event)")


def ratio(work: Callable[[], object], lines: Sequence[bytes]) -> float:
    before = cpu(lambda: decode(lines))
    took = cpu(work)
    return took / ((before + cpu(lambda: decode(lines))) / 2)


def memory(ruleset: RuleSet, lines: Sequence[bytes], folder: Path) -> str:
    """Ten times the sample with every path new: the worst case."""
    work = Work(ruleset, folder)
    process = psutil.Process()
    units, costs, sizes = 0.0, 0.0, [process.memory_info().rss / 1e6]
    for turn in range(10):
        fresh = [line.replace(b'"C:', b'"C:%x-%d' % (number, turn)) for number, line in enumerate(lines)]
        read = blocks(fresh)
        units += cpu(partial(decode, fresh))
        costs += cpu(partial(work.scan, read))
        del fresh, read
        sizes.append(process.memory_info().rss / 1e6)
    budget = work.engine.matcher.budget
    return (
        f"memory, with rules and the sample {sizes[0]:.0f} MB; after 1, 5 and 10 x {len(lines):,} events of which every "
        f"path is new: {sizes[1]:.0f}, {sizes[5]:.0f}, {sizes[10]:.0f} MB (two generations of caches of at most "
        f"{budget.limit_bytes / 1e6:.0f} MB, {budget.turns} turns); such events cost {costs / units:.2f}"
    )


def ready() -> None:
    """Process start to an engine that can be asked, with nothing kept and with everything kept."""
    rules = shared() / "sigma" / "rules" / "windows"
    code = (
        "import sys; from pathlib import Path; from detection.rules import load; from detection.engine import Engine; "
        "cache = Path(sys.argv[2]); Engine(load([Path(sys.argv[1])], cache=cache), (), cache)"
    )
    with tempfile.TemporaryDirectory() as folder:
        took = []
        for _ in range(1 + ROUNDS):
            before = psutil.Process().cpu_times()
            subprocess.run([sys.executable, "-c", code, str(rules), folder], check=True)
            after = psutil.Process().cpu_times()
            took.append(after.children_user + after.children_system - before.children_user - before.children_system)
    print(f"ready: {took[0]:.2f} s CPU with nothing kept, {statistics.median(took[1:]):.2f} s with rules kept")


def both(work: Callable[[int], object]) -> float:
    """Seconds by the clock for two processes at once, each doing half."""
    began = time.perf_counter()
    children = []
    for half in range(2):
        child = os.fork()
        if child == 0:
            work(half)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return time.perf_counter() - began


def wall(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def two(work: Work, lines: Sequence[bytes]) -> None:
    halves = [lines[0::2] * 5, lines[1::2] * 5]
    read = [blocks(half) for half in halves]
    ours, theirs = [], []
    for _ in range(ROUNDS):
        alone = wall(lambda: [decode(half) for half in halves])
        theirs.append(alone / both(lambda half: decode(halves[half])))
        alone = wall(lambda: [work.scan(half) for half in read])
        ours.append(alone / both(lambda half: work.scan(read[half])))
    print(
        f"two processes: {statistics.median(ours):.2f} times one; "
        f"orjson.loads alone {statistics.median(theirs):.2f} times"
    )


def peer(rules: Path, ruleset: RuleSet, work: Work, lines: Sequence[bytes]) -> None:
    fired = (rule for block in blocks(lines) for _, rules in work.fired(block) for rule in rules)
    ours = Counter(ruleset.rules[number].id for number in fired)
    events = [parse(line)[0] for line in lines]
    compare(Task(rules, ruleset, lines, events, ours, decode=lambda lines: cpu(lambda: decode(lines))))


def main() -> None:
    rules = shared() / "sigma" / "rules" / "windows"
    ruleset = load([rules])
    lines, recorded = sample(), evtx()
    with tempfile.TemporaryDirectory() as folder:
        settle()
        said = memory(ruleset, lines, Path(folder) / "memory")
        work = Work(ruleset, Path(folder))
        cold = cpu(lambda: work.scan(blocks(lines)))
        again = Work(ruleset, Path(folder))
        warm = cpu(lambda: again.scan(blocks(lines)))
        unit = cpu(lambda: decode(lines))
        matches, naive_s = check(ruleset, work, [*lines, *recorded])
        print(f"{len(ruleset.rules)} rules, {len(lines) + len(recorded):,} events: {matches} matches, rule by rule, event "
              "by event the same by bytes, by parsed events and by the naive engine")  # fmt: skip
        print(f"naive engine, events already parsed: {naive_s * 1e6:.0f} us an event")
        settle()
        states("OTRF sample, flat", work, lines)
        states("EVTX samples as JSON", work, recorded)
        print(f"{work.lines.gated} kinds of lines are mostly told at a glance at their bytes")
        print(f"a new process's whole first pass over the {len(lines):,}, all routes made: {cold:.2f} s with nothing kept, "
              f"{warm:.2f} s with searches kept; orjson {unit:.2f} s")  # fmt: skip
        two(work, lines)
        print(said)
        peer(rules, ruleset, work, lines)
    ready()


if __name__ == "__main__":
    main()
