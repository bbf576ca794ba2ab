"""Records of a file -> chunks that carry the cursor behind them. The only place that moves a file's cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Final

from collectors.origin import Origin, Parser
from collectors.sniff import sniff
from collectors.sources.base import Chunk, Deliver
from collectors.sources.book import CursorBook
from collectors.sources.cursor import FileCursor
from collectors.sources.lines import Line
from collectors.sources.opening import shown
from collectors.sources.reading import marked, read_record
from collectors.sources.selfevent import NUL_SKIPPED, self_event
from collectors.sources.tail import RecordReader
from shouwang.clock import Clock
from shouwang.model import Event, Value

CHUNK_EVENTS: Final = 1000
_FALLBACK: Final = "text"
_NO_LINES: Final = frozenset(("evtx", "dead"))
"""Readers of whole files: nothing that grows line by line."""


@dataclass(frozen=True, slots=True)
class FileSettings:
    path: str
    """May hold ``*``, ``?``, ``[...]`` and ``**``. Packed files (``.gz``) that it matches are left alone."""
    parser: str = "auto"
    zone: tzinfo = UTC
    encoding: str = "utf-8"
    start_pattern: str = ""
    flush_s: float = 2.0
    """A record of several lines to which nothing was added for so long is complete."""
    grace_s: float = 30.0
    """A file rotated away is read on until it did not grow for so long."""
    poll_s: float = 0.25
    rescan_s: float = 1.0


class Delivery:
    def __init__(
        self,
        source: str,
        settings: FileSettings,
        *,
        parsers: Mapping[str, Parser],
        clock: Clock,
        deliver: Deliver,
        book: CursorBook,
    ) -> None:
        self._source = source
        self._settings = settings
        self._parsers = parsers
        self._clock = clock
        self._deliver = deliver
        self.book = book

    def give(
        self, reader: RecordReader, records: Sequence[Line], cursor: FileCursor, *, backlog: bool, nul_bytes: int = 0
    ) -> None:
        """Hand over the records; with the last of them the file stands at ``cursor``."""
        now_us = self._clock.now_us()
        extra: list[Event] = []
        if nul_bytes:
            fields: dict[str, Value] = {"log.file.path": shown(cursor.path), "shouwang.bytes": nul_bytes}
            extra.append(self_event(self._source, now_us, NUL_SKIPPED, f"{nul_bytes} NUL bytes skipped.", fields))
        kept = [record for record in records if record.raw.strip()]
        events = self._events(reader, kept, now_us, cursor.mtime_ns // 1000 if backlog else None)
        for start in range(0, len(events), CHUNK_EVENTS):
            part = events[start : start + CHUNK_EVENTS]
            if start + CHUNK_EVENTS < len(events):
                self._hand_over(part, replace(cursor, offset=kept[start + len(part) - 1].end, done=False))
            else:
                self._hand_over([*part, *extra], cursor)
        if not events and (extra or cursor.done):
            self._hand_over(extra, cursor)

    def begin(self, cursors: Sequence[FileCursor]) -> None:
        """Files were seen. If they are rotated away before anything of them is delivered, they are still found."""
        if cursors:
            self._deliver(Chunk((), {self.book.name(each.generation): each.encode() for each in cursors}))
            for each in cursors:
                self.book.delivered(each)

    def tell(self, action: str, message: str, fields: dict[str, Value], *, forget: FileCursor | None = None) -> None:
        """Something about the source itself; with it a cursor may go."""
        event = self_event(self._source, self._clock.now_us(), action, message, fields)
        self._deliver(Chunk([event], {self.book.name(forget.generation): b""} if forget else {}))
        if forget:
            self.book.forget(forget)

    def remove(self, names: Sequence[str]) -> None:
        if names:
            self._deliver(Chunk((), dict.fromkeys(names, b"")))

    def _hand_over(self, events: Sequence[Event], cursor: FileCursor) -> None:
        self._deliver(Chunk(events, {self.book.name(cursor.generation): cursor.encode()}))
        self.book.delivered(cursor)

    def _events(
        self, reader: RecordReader, records: Sequence[Line], now_us: int, backlog_us: int | None
    ) -> list[Event]:
        if not records:
            return []
        path, settings = reader.start.path, self._settings
        parser_name = self._parser(reader, path)
        parser = self._parsers[parser_name]
        origin = Origin(
            source=self._source,
            received_us=now_us,
            reference_us=backlog_us or now_us,
            zone=settings.zone,
            live=backlog_us is None,
            encoding="utf-8" if reader.splitter.transcodes else settings.encoding,
            context={"log.file.path": shown(path)},
        )
        return [read_record(parser, record.raw, marked(origin, record), parser_name) for record in records]

    def _parser(self, reader: RecordReader, path: str) -> str:
        if self._settings.parser != "auto":
            return self._settings.parser
        if not reader.parser:
            found = sniff(reader.mark.head, path.rpartition("/")[2])
            reader.parser = found if found in self._parsers and found not in _NO_LINES else _FALLBACK
        return reader.parser
