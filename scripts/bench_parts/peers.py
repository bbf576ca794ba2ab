"""rsigma, another engine for Sigma rules, over the same lines and rules, where its program is on the path.

What it costs is CPU of its process, its children included, less that of a run that loads the rules and is given no
event. Matches are compared with ours rule by rule: it says of which rule a match is, not of which line.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from detection.rules import RuleSet
from shouwang.model import Event

ROUNDS = 5
NAMED = 12
"""Rules that are named where the numbers of matches differ."""
Count = Counter[str]


@dataclass(frozen=True)
class Task:
    """What both engines do."""

    rules: Path
    ruleset: RuleSet
    lines: Sequence[bytes]
    events: Sequence[Event]
    """The same, parsed."""
    ours: Count
    """Rule id -> our matches."""
    decode: Callable[[Sequence[bytes]], float]
    """CPU seconds of ``orjson.loads`` alone."""


def compare(task: Task) -> None:
    program = shutil.which("rsigma")
    if program is None:
        print("rsigma: not installed here, not compared")
        return
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    with tempfile.TemporaryDirectory() as name:
        file, nothing = Path(name) / "events.jsonl", Path(name) / "nothing.jsonl"
        nothing.write_bytes(b"")
        sources = [rule.logsource for rule in task.ruleset.rules]
        written = Counter(part for source in sources for part in (source.category, source.service) if part)
        told = [_told(line, event, written) for line, event in zip(task.lines, task.events, strict=True)]
        ways: tuple[tuple[str, Sequence[bytes], tuple[str, ...]], ...] = (
            ("every rule asked of every event", task.lines, ()),
            ("each event given one log source of ours beforehand", told, ("--logsource-routing",)),
        )
        for what, given, options in ways:
            command = f"{program} engine eval --quiet --input-format json".split()
            command += ["--rules", str(task.rules), *options, "--event"]
            file.write_bytes(b"\n".join(given) + b"\n")
            _row(f"{version}, {what}", [*command, f"@{file}"], [*command, f"@{nothing}"], task)


def _row(what: str, matching: Sequence[str], loading: Sequence[str], task: Task) -> None:
    found: dict[str, list[float]] = {"load": [], "units": []}
    theirs: Count = Counter()
    for _ in range(ROUNDS):
        before = task.decode(task.lines)
        load_s, _ = _asked(loading)
        took_s, said = _asked(matching)
        unit = (before + task.decode(task.lines)) / 2
        if load_s is None or took_s is None:
            print(f"{what}: cannot be asked so: {said.decode(errors='replace').strip()[-200:]}")
            return
        found["load"].append(load_s)
        found["units"].append((took_s - load_s) / unit)
        theirs = Counter(str(orjson.loads(line)["rule_id"]) for line in said.splitlines())
    units, load = statistics.median(found["units"]), statistics.median(found["load"])
    print(f"{what}: {units:.2f}; rules loaded in {load:.2f} s; {theirs.total()} matches, ours {task.ours.total()}")
    _differences(theirs, task)


def _differences(theirs: Count, task: Task) -> None:
    titles, ours = {rule.id: rule.title for rule in task.ruleset.rules}, task.ours
    apart = sorted(id for id in theirs.keys() | ours.keys() if theirs[id] != ours[id])
    fewer = [id for id in apart if theirs[id] < ours[id]]
    print(
        f"  rules with as many matches as ours {len(ours.keys() | theirs.keys()) - len(apart)},"
        f" with fewer {len(fewer)}, with more {len(apart) - len(fewer)}"
    )
    for id in apart if len(apart) <= NAMED else ():
        print(f"    {titles.get(id, id)}: {theirs[id]}, ours {ours[id]}")


def _told(line: bytes, event: Event, written: Count) -> bytes:
    """With the fields that it routes by. It takes one of each an event: of several the one that most rules name."""
    sources = event.shape.logsources
    named = {"product": "windows"}
    for part in ("category", "service"):
        values = {value for source in sources if (value := getattr(source, part))}
        if values:
            named[part] = max(sorted(values), key=lambda value: written[value])
    return orjson.dumps(named)[:-1] + b"," + line.lstrip()[1:]


def _asked(command: Sequence[str]) -> tuple[float | None, bytes]:
    """CPU seconds and what it printed; or what it complained of."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        return None, done.stderr
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout
