"""A whole file -> the store, once. Collectors meet detection here, for what is not live.

An import's cursor is named by the hash of the records it has consumed. So the same content adds nothing, whatever the
file is called or however it is packed; a file that grew adds the rest; an import that was cut off goes on.

A last line without a line end is stored: many files end so. Its cursor says that it may be half a line. When the file
comes again and the line has grown, the whole line is stored beside the half one, names its event
(``shouwang.completes``), and is counted in the result: an event that was stored is never changed.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any, BinaryIO, Final, TypeAlias

import orjson

from collectors.files import Damage, Record, records
from collectors.origin import Origin
from collectors.parsers.flags import flagged
from collectors.registry import FORMATS, PARSERS
from collectors.sources.reading import read_record
from detection.matching import Rules
from shouwang.assets import AssetRegister
from shouwang.clock import Clock
from shouwang.errors import UsageError
from shouwang.eventid import give_ids
from shouwang.eventstore.base import Batch, EventStore, PutResult, StoreAway
from shouwang.model import DEAD_DATASET, IMPORTED, Event, Value
from shouwang.words import Words

BATCH_EVENTS: Final = 1000
PATIENCE_S: Final = 30.0
"""How long a store that is away is asked again. What was stored until then stays; a later import goes on behind it."""
PAUSE_S: Final = 0.5
PREFIX: Final = "import:"
DIGEST_BYTES: Final = 20
MOST_NOTES: Final = 100


@dataclass(slots=True)
class ImportResult:
    records: int = 0
    """In the file, those known already included."""
    stored: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Reason -> records; dead letters are kept and counted here."""
    already: int = 0
    """Records that an earlier import brought."""
    completed: int = 0
    """1 when the last line that an earlier import stored was half of one that is now stored whole."""
    damaged: list[Words] = field(default_factory=list)
    """Places that gave no record; the first hundred."""


class Trail:
    """The hash of the records consumed so far, as the name of a cursor."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
        self._before = self._digest
        self.first = ""
        self.records = 0
        self.half_bytes = 0
        """Length of the last record, when it is unfinished."""

    def add(self, record: Record) -> None:
        self._before, self._digest = self._digest, self._with(record.raw)
        self.records += 1
        self.half_bytes = len(record.raw) if record.unfinished else 0
        if self.records == 1:
            self.first = self._digest.hexdigest()

    @property
    def key(self) -> str:
        return PREFIX + self._digest.hexdigest()

    def key_with(self, raw: bytes) -> str:
        """The key, if these bytes came next."""
        return PREFIX + self._with(raw).hexdigest()

    def cursors(self, last_id: bytes) -> dict[str, bytes]:
        """Where a later import goes on; ``last_id`` is the last record's event. Behind half a line in two ways: the
        line has grown, or another stands in its place."""
        if not self.half_bytes:
            return {self.key: self._said(self.records)}
        whole = {self.key: self._said(self.records, half_bytes=self.half_bytes, id=last_id.hex())}
        return whole | ({PREFIX + self._before.hexdigest(): self._said(self.records - 1)} if self.records > 1 else {})

    def _with(self, raw: bytes) -> hashlib.blake2b:
        digest = self._digest.copy()
        digest.update(b"%d:" % len(raw))
        digest.update(raw)
        return digest

    def _said(self, number: int, **more: int | str) -> bytes:
        return orjson.dumps({"records": number, "first": self.first, **more})


@dataclass(frozen=True, slots=True)
class Importer:
    """What an import needs beside the file."""

    store: EventStore
    engine: Rules
    """Of this import alone: an engine serves one thread."""
    clock: Clock
    zone: tzinfo
    """For times without a zone."""
    assets: AssetRegister
    encoding: str = "utf-8"
    progress: Callable[[int], None] = lambda _records: None
    """Told the number of records after each batch."""

    def run(self, file: BinaryIO, name: str, format: str, modified_us: int) -> ImportResult:
        """``name`` is shown as the file's path and never opened. The file must be seekable: it may be read twice."""
        if format not in FORMATS and format != "auto":
            known = ", ".join(FORMATS)
            raise UsageError(
                Words(f"没有格式 {format!r}。", f"There is no format {format!r}."),
                hint=Words(f"可选：auto, {known}。", f"Known: auto, {known}."),
            )
        going = _Going(self, name, modified_us, self._known(file, name, format))
        file.seek(0)
        for piece in records(file, format, name=name):
            if isinstance(piece, Damage):
                going.note(piece)
            else:
                going.take(piece)
        going.finish()
        return going.result

    def _known(self, file: BinaryIO, name: str, format: str) -> _Known:
        """The longest beginning of the file that was imported before."""
        held: _Held = {
            key: orjson.loads(value) for key, value in self.store.cursors().items() if key.startswith(PREFIX)
        }
        longest, most = _Known(), 0
        trail = Trail()
        file.seek(0)
        for piece in records(file, format, name=name):
            if isinstance(piece, Damage):
                continue
            if half := _half_of(piece, trail, held):
                longest = _Known(trail.records, half)
            trail.add(piece)
            if trail.records == 1:
                held = {key: said for key, said in held.items() if said["first"] == trail.first}
                most = max((said["records"] for said in held.values()), default=0)
            if trail.key in held:
                longest = _Known(trail.records)
            if trail.records >= most:
                break
        return longest


_Held: TypeAlias = dict[str, dict[str, Any]]  # as the cursors of this module were written


@dataclass(frozen=True, slots=True)
class _Known:
    records: int = 0
    half: str = ""
    """Id of the event that was made of the beginning of the next record."""


def _half_of(record: Record, trail: Trail, held: _Held) -> str:
    """The event that an earlier import made when only a part of this record stood in the file; the longest part."""
    parts = {
        said["half_bytes"] for said in held.values() if said["records"] == trail.records + 1 and "half_bytes" in said
    }
    for size in sorted(parts, reverse=True):
        if size < len(record.raw) and (said := held.get(trail.key_with(record.raw[:size]))):
            return str(said.get("id", ""))
    return ""


class _Going:
    """One import under way."""

    def __init__(self, needs: Importer, name: str, modified_us: int, known: _Known) -> None:
        self._needs = needs
        self._trail = Trail()
        self._events: list[Event] = []
        self._lost: Counter[str] = Counter()
        self._kept: dict[str, bytes] = {}
        self._half = known.half
        self.result = ImportResult(already=known.records, completed=int(bool(known.half)))
        self._origin = Origin(
            source=f"{IMPORTED}{name}",
            received_us=0,
            reference_us=modified_us,
            zone=needs.zone,
            live=False,
            encoding=needs.encoding,
            context={"log.file.path": name} | ({"log.encoding": needs.encoding} if needs.encoding != "utf-8" else {}),
        )

    def take(self, record: Record) -> None:
        if len(self._events) >= BATCH_EVENTS:
            self._put()
        self._trail.add(record)
        self.result.records += 1
        if self.result.records > self.result.already:
            self._events.append(self._event(record))

    def note(self, damage: Damage) -> None:
        """Damage within what was imported before was booked then."""
        if len(self.result.damaged) < MOST_NOTES:
            after, why = damage.after, damage.reason
            said = Words(f"第 {after} 条记录之后：{why.zh}", f"after record {after}: {why.en}") if after else why
            self.result.damaged.append(said)
        if damage.after > self.result.already or not self.result.already:
            self._lost["damaged"] += 1

    def finish(self) -> None:
        if self._events or (self._lost and self.result.records):
            self._put()

    def _event(self, record: Record) -> Event:
        context: dict[str, Value] = dict(self._origin.context)
        if record.flags:
            context = flagged(context, record.flags)
        if record.length_bytes:
            context["log.length_bytes"] = record.length_bytes
        if self._half:
            context["shouwang.completes"], self._half = self._half, ""
        origin = replace(self._origin, received_us=self._needs.clock.now_us(), context=context)
        return read_record(PARSERS[record.parser], record.raw, origin, record.parser)

    def _put(self) -> None:
        """The cursors of this import's earlier batches go; what an earlier import left stays."""
        events, needs = self._events, self._needs
        for event, event_id in zip(events, give_ids(event.received_us for event in events), strict=True):
            event.id = event_id
            event.asset_id = needs.assets.id_of(event)
        cursors = self._trail.cursors(events[-1].id if events else b"")
        drops = {(self._origin.source, reason): number for reason, number in self._lost.items()}
        batch = Batch(events, needs.engine.match(events), drops, needs.clock.now_us())
        refused = _patiently(needs.store, batch, dict.fromkeys(self._kept, b"") | cursors).refused
        self._kept = cursors
        dead = Counter(str(event.get("error.code")) for event in events if event.shape.dataset == DEAD_DATASET)
        gone = dead + self._lost + Counter(reason for _, reason in refused)
        self.result.dropped.update(gone)
        self.result.stored += len(events) - dead.total() - len(refused)
        self._events, self._lost = [], Counter()
        needs.progress(self.result.records)


def _patiently(store: EventStore, batch: Batch, cursors: Mapping[str, bytes]) -> PutResult:
    """Raises ``StoreAway`` when patience ends."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return store.put(batch, cursors)
        except StoreAway:
            if time.monotonic() >= until:
                raise
            time.sleep(PAUSE_S)
