"""Stored events -> matches, in a worker: the same engine as live, over what the store cannot tell apart.

Killed anywhere, the next run goes on from the state that was kept last: what was written behind it is cut off, and
found again.
"""

from __future__ import annotations

import os
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from zoneinfo import ZoneInfo

from collectors.logsources import where
from collectors.rehydrate import rehydrate
from collectors.vocabulary import kinds
from detection.correlation.replay import alerts_of, silenced
from detection.engine import Engine
from detection.hunt import Worthwhile, meaning, narrowing
from detection.intel.index import Index
from detection.intel.lookout import Lookout
from detection.intel.naming import title as set_title
from detection.matching import Matcher
from shouwang.bilingual import said
from shouwang.errors import UsageError
from shouwang.eventstore.embedded.history import STORED_FIELDS, History, Part, Stretch
from shouwang.eventstore.embedded.segments.asks import Place
from shouwang.flows.hunting import wanted
from shouwang.huntfolder import Fired, HuntFolder, Plan
from shouwang.huntlines import line, match_line, match_of
from shouwang.model import Match, Value
from shouwang.query import All
from shouwang.rulearchive import unpack
from shouwang.timespan import rfc3339
from shouwang.words import Words, words

if TYPE_CHECKING:
    from shouwang.eventstore.elastic.history import ElasticHistory

Json = dict[str, Value]
Say = Callable[[Json], None]
KEEP_S: Final = 1.0
SAY_S: Final = 0.3
MOST_BYTES: Final = 2 << 30
"""Of matches. A hunt that finds more asks for too much."""
LEAST_FREE_BYTES: Final = 1 << 30
"""Left to intake on the home's disk."""
MOST_REFUSED: Final = 100


def work(args: Json, files: Sequence[int], say: Say) -> Json:
    """The worker's job ``hunt``. ``files``: on the first run, the archive of the rules handed over, if there are any.

    args: ``folder`` (of the hunt), ``events`` (the database), ``elastic`` (in its place: see ``ElasticHistory``),
    ``rules``, ``pipelines``, ``placeholders``, ``disabled``, ``cache`` (of the home), ``intel`` (folder), ``entities``
    (fields that matches carry), ``most_bytes``.
    """
    folder = HuntFolder(Path(str(args["folder"])))
    with folder.alone():
        plan = folder.plan()
        if files:
            unpack(files[0], folder.given)
        hunt = _Hunt(folder, plan, args, say)
        with _history(args) as history:
            hunt.run(history)
    return {"done": True}


def _history(args: Json) -> History | ElasticHistory:
    where = args.get("elastic")
    if isinstance(where, dict):
        from shouwang.eventstore.elastic.history import ElasticHistory  # noqa: PLC0415  # a client that others do without

        return ElasticHistory(where, rehydrate, kinds())
    return History(Path(str(args["events"])), rehydrate)


class _EveryField:
    """Elasticsearch can be asked for all that an event has."""

    def __contains__(self, _name: object) -> bool:
        return True


def parts(
    history: History | ElasticHistory, stretch: Stretch, asking: Worthwhile, place: Place | None
) -> Iterator[Part]:
    """What follows ``place``, to the end."""
    while True:
        part = history.part(stretch, asking.wanted(), place)
        asking.saw(part.passed, len(part.events), more=part.more)
        yield part
        if part.end:
            return
        place = part.place


@dataclass(frozen=True, slots=True)
class _Sets:
    sets: Mapping[str, Index]


class _Hunt:
    """One run."""

    def __init__(self, folder: HuntFolder, plan: Plan, args: Json, say: Say) -> None:
        self._folder = folder
        self._plan = plan
        self._say = say
        self._zone = ZoneInfo(plan.zone)
        self._most_bytes = int(str(args.get("most_bytes") or MOST_BYTES))
        entities = [str(name) for name in wanted.listed(args["entities"])]
        self._ruleset = wanted.ruleset(folder, plan, args)
        sets = wanted.sets(plan, Path(str(args["intel"])))
        self._engine = Engine(self._ruleset, entities)
        self._matcher = Matcher(self._engine, Lookout(_Sets(sets), entities, looking_back_us=plan.made_us))
        self._titles = self._ruleset.titles()
        open_to_all = bool(sets) or not plan.narrowing
        stored = _EveryField() if args.get("elastic") else STORED_FIELDS
        self._asking = Worthwhile(All() if open_to_all else narrowing(self._ruleset.rules, where, stored))
        self._state = folder.state()
        fingerprint = meaning(self._ruleset) + "".join(f"/{index.head.digest}" for index in sets.values())
        if self._state.fingerprint not in ("", fingerprint):
            raise UsageError(
                Words("规则或情报集在此期间已变，无法继续。", "The rules or sets have changed since: it cannot go on."),
                hint=Words("请重新开始一次狩猎。", "Start a new hunt."),
            )
        self._state.fingerprint = fingerprint
        self._state.rules, self._state.correlations = len(self._ruleset.rules), len(self._ruleset.correlations)
        self._state.silenced = sorted(silenced(self._ruleset.correlations))
        self._state.refused = [said(wanted.named(each, folder)) for each in self._ruleset.refused[:MOST_REFUSED]]
        self._faults_before = dict(self._state.faults)
        self._began_s, self._took_before_s = time.monotonic(), self._state.took_s

    def run(self, history: History | ElasticHistory) -> None:
        state, plan = self._state, self._plan
        if not state.last:
            stretch = history.stretch(plan.from_us, plan.to_us)
            state.last, state.total = stretch.last, history.size(stretch)
        stretch = Stretch(plan.from_us, plan.to_us, state.last)
        with _opened(self._folder.matches, state.bytes) as out:
            self._keep(out)
            kept_s = said_s = time.monotonic()
            for part in self._parts(history, stretch):
                self._take(part, out)
                now_s = time.monotonic()
                if now_s - kept_s > KEEP_S or part.end:
                    self._keep(out)
                    kept_s = now_s
                    if state.full:
                        break
                if now_s - said_s > SAY_S:
                    out.flush()
                    self._tell()
                    said_s = now_s
        if self._ruleset.correlations:
            self._correlate()
        state.done = True
        self._folder.keep(state)
        self._tell()

    def _correlate(self) -> None:
        """Over all matches at once, and anew when a run was killed in it."""
        found, self._state.evicted = alerts_of(self._matches(), self._ruleset.correlations, self._titles)
        new = self._folder.correlated.with_suffix(".new")
        with new.open("wb") as out:
            for alert, group, event_ids in found:
                out.write(
                    line(
                        {
                            "rule_id": alert.rule_id,
                            "title": said(alert.title),
                            "level": alert.severity.name.lower(),
                            "group": list(group),
                            "count": alert.count,
                            "at_least": alert.at_least,
                            "first": rfc3339(alert.first_us, self._zone),
                            "last": rfc3339(alert.last_us, self._zone),
                            "entities": {name: list(values) for name, values in alert.entities.items()},
                            "first_us": alert.first_us,
                            "event_ids": [event_id.hex() for event_id in event_ids],
                            "tags": list(alert.tags),
                        }
                    )
                )
        new.replace(self._folder.correlated)
        self._state.correlated = len(found)

    def _matches(self) -> Iterator[Match]:
        after, said_s = 0, time.monotonic()
        while page := self._folder.lines(self._folder.matches, after, 1000):
            if not page.items:
                return
            yield from map(match_of, page.items)
            after = page.next
            if time.monotonic() - said_s > SAY_S:
                self._tell()
                said_s = time.monotonic()

    def _parts(self, history: History | ElasticHistory, stretch: Stretch) -> Iterator[Part]:
        state = self._state
        place = Place(state.place[0], bytes.fromhex(state.place[1])) if state.place else None
        if place is None or place.time_us < stretch.to_us:
            yield from parts(history, stretch, self._asking, place)

    def _take(self, part: Part, out: BinaryIO) -> None:
        state = self._state
        found: dict[bytes, list[Match]] = defaultdict(list)
        for match in self._matcher.match(part.events):
            found[match.event_id].append(match)
        for event in part.events:
            for match in found.get(event.id, ()):
                line = match_line(match, event, self._zone)
                out.write(line)
                state.bytes += len(line)
                state.matches += 1
                self._count(match)
        state.read += len(part.events)
        state.passed += part.passed
        state.place = (part.place.time_us, part.place.id.hex())

    def _count(self, match: Match) -> None:
        fired = self._state.fired.get(match.rule_id)
        if fired is None:
            title = self._titles.get(match.rule_id) or set_title(match.rule_id) or words(match.title)
            fired = self._state.fired[match.rule_id] = Fired(said(title), match.severity.name.lower())
        fired.count += 1

    def _keep(self, out: BinaryIO) -> None:
        """The matches first: the state speaks of what is on the disk."""
        state = self._state
        out.flush()
        os.fsync(out.fileno())
        state.took_s = self._took_before_s + time.monotonic() - self._began_s
        faults = {rule: self._faults_before.get(rule, 0) + count for rule, count in self._matcher.faults.items()}
        state.faults = self._faults_before | faults
        free_bytes = shutil.disk_usage(self._folder.path).free
        state.full = state.bytes > self._most_bytes or free_bytes < LEAST_FREE_BYTES
        self._folder.keep(state)

    def _tell(self) -> None:
        state = self._state
        self._say(
            {
                "passed": state.passed,
                "total": state.total,
                "read": state.read,
                "matches": state.matches,
                "took_s": self._took_before_s + time.monotonic() - self._began_s,
            }
        )


def _opened(path: Path, size_bytes: int) -> BinaryIO:
    """At its end, without what a run that was killed wrote behind the state it kept."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    os.ftruncate(descriptor, size_bytes)
    os.lseek(descriptor, size_bytes, os.SEEK_SET)
    return os.fdopen(descriptor, "wb")
