"""What is kept of a hunt: a folder in the home. The daemon lists and shows it; a worker fills it.

plan.json        what was asked; written once
state.json       how far it is, replaced as a whole; ``bytes`` says how much of the matches belongs to it
matches.jsonl    one match a line, in order of time, event id and rule
correlated.jsonl one alert a line, as the correlations of the hunted rules make it; at the end
given/           the rule files that were handed over, in rules/, and the pipelines for them, in pipelines/
end.json         how its last run ended; absent while it runs
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from shouwang.errors import LockedError, StoreError, UsageError
from shouwang.filelock import taken
from shouwang.model import Value
from shouwang.words import Words

Json = dict[str, Value]
PAGE_BYTES: Final = 16 << 20
ORPHAN_S: Final = 10.0
"""A worker whose daemon has gone ends within this."""


@dataclass(frozen=True, slots=True)
class Plan:
    id: str
    by: str
    """OS user name."""
    asked: list[str]
    """Rules and sets as they were named."""
    ids: list[str]
    """Of loaded rules and correlations."""
    given: bool
    """Whether rule files were handed over."""
    intel: list[str]
    """Names of sets of indicators."""
    from_us: int
    to_us: int
    made_us: int
    """When it was asked for; indicators count that are valid then."""
    zone: str
    """In which times are written."""
    narrowing: bool = True
    rules: Json = field(default_factory=dict)
    """Where ``ids`` are loaded from, as the worker is told it; empty: the rules in force."""


@dataclass(slots=True)
class Fired:
    """What one rule, or set, did."""

    title: Value
    """As ``shouwang.bilingual`` writes it."""
    level: str
    count: int = 0


@dataclass(slots=True)
class State:
    """Of one moment; a run goes on from it."""

    last: int = 0
    """The number of the newest event that is looked at."""
    total: int = 0
    """Events of the stretch."""
    passed: int = 0
    """Of these done with."""
    read: int = 0
    """Of these read: what the store could tell apart was not."""
    matches: int = 0
    bytes: int = 0
    """Of matches.jsonl; what stands behind them was written by a run that was killed."""
    place: tuple[int, str] | None = None
    """Time and id of the last event passed."""
    fingerprint: str = ""
    """Of the rules and sets that are hunted with."""
    rules: int = 0
    correlations: int = 0
    silenced: list[str] = field(default_factory=list)
    """Rules for which a correlation speaks."""
    correlated: int | None = None
    """Alerts that the correlations made; ``None`` before the end."""
    evicted: int = 0
    """Events that the correlations had to forget, while they could still have counted, for want of room."""
    took_s: float = 0
    full: bool = False
    """It has ended early: too many matches, or no room."""
    done: bool = False
    refused: list[Value] = field(default_factory=list)
    """Rules that cannot be used, as ``shouwang.bilingual`` writes it; the first hundred."""
    faults: dict[str, int] = field(default_factory=dict)
    fired: dict[str, Fired] = field(default_factory=dict)


class Lines(NamedTuple):
    items: list[Json]
    next: int
    """The byte that the next page starts at."""


class HuntFolder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.matches = path / "matches.jsonl"
        self.correlated = path / "correlated.jsonl"
        self.given = path / "given"
        self.rules = self.given / "rules"
        self.pipelines = self.given / "pipelines"

    def make(self, plan: Plan) -> None:
        self.path.mkdir(mode=0o700, parents=True)
        self._write("plan.json", asdict(plan))

    def plan(self) -> Plan:
        """Raises ``StoreError``."""
        try:
            return Plan(**(self._read("plan.json") or {}))  # type: ignore[arg-type]  # what ``make`` wrote
        except TypeError as wrong:
            raise self._not_whole() from wrong

    def state(self) -> State:
        """Where it was kept last; of the beginning when it never was. Raises ``StoreError``."""
        try:
            state = State(**(self._read("state.json") or {}))  # type: ignore[arg-type]  # what ``keep`` wrote
            state.place = tuple(state.place) if state.place else None  # type: ignore[assignment]  # JSON has lists
            state.fired = {rule: Fired(**said) for rule, said in state.fired.items()}  # type: ignore[arg-type]  # as read
        except TypeError as wrong:
            raise self._not_whole() from wrong
        return state

    def keep(self, state: State) -> None:
        self._write("state.json", asdict(state))

    def end(self) -> Json | None:
        return self._read("end.json")

    def note_end(self, outcome: str, *, why: str, kind: str, at_us: int) -> None:
        """``kind``: of the error, where it failed."""
        self._write("end.json", {"outcome": outcome, "why": why, "kind": kind, "at_us": at_us})

    def forget_end(self) -> None:
        (self.path / "end.json").unlink(missing_ok=True)

    def lines(self, file: Path, after: int, limit: int) -> Lines:
        """Whole lines only: the last may just be being written. Raises ``UsageError`` for what is no line's start."""
        items: list[Json] = []
        until = after + PAGE_BYTES
        try:
            with file.open("rb") as opened:
                opened.seek(after)
                for line in opened:
                    if len(items) == limit or after > until or not line.endswith(b"\n"):
                        break
                    items.append(json.loads(line))
                    after += len(line)
        except FileNotFoundError:
            pass
        except ValueError:
            raise UsageError(
                Words("这里没有一行开始。", "No line starts there."),
                hint=Words("请用上一页的 next。", "Give the next of the page before."),
            ) from None
        return Lines(items, after)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One worker at a time. Raises ``LockedError``."""
        held = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            until = time.monotonic() + ORPHAN_S
            while not taken(held):
                if time.monotonic() > until:
                    raise LockedError(
                        Words(f"狩猎 {self.path.name} 正在另一进程中进行。", f"Another process does {self.path.name}.")
                    )
                time.sleep(0.05)
            yield
        finally:
            os.close(held)

    def _not_whole(self) -> StoreError:
        name = self.path.name
        return StoreError(
            Words(f"狩猎 {name} 的记录不完整。", f"What is kept of the hunt {name} is not whole."),
            hint=Words("请重新开始一次。", "Start it anew."),
        )

    def _read(self, name: str) -> Json | None:
        try:
            found = json.loads((self.path / name).read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _write(self, name: str, said: Json) -> None:
        """In one step, and on the disk."""
        new = self.path / f".{name}.new"
        with new.open("wb") as file:
            file.write(json.dumps(said).encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path / name)
