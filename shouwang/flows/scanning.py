"""Files -> matches, without a home: nothing is stored or remembered. Joins ``collectors`` and ``detection``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from errno import EACCES, ENOENT, ENOTDIR, EPERM
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Final, NamedTuple, TypeAlias

from collectors.files import Block, Damage, Record, pieces
from collectors.origin import Origin
from collectors.parsers.layouts import layout_of
from collectors.registry import PARSERS
from detection.engine import Engine
from detection.fast.lines import Lines
from detection.ruleset import Rule
from shouwang.logfolder import logs_under
from shouwang.model import DEAD_DATASET, Event
from shouwang.model.layout import Layout
from shouwang.scantally import MOST_NOTES, Note, Tally
from shouwang.words import NOTHING, Words

STDIN: Final = Path("-")
"""Stands for the standard input."""
_IN_CHINESE: Final = {ENOENT: "文件不存在", EACCES: "无权读取", EPERM: "无权读取", ENOTDIR: "路径中有一段不是目录"}
_QUICK: Final = frozenset(("json", "evtx"))
"""Parsers that promise layouts."""
_WARMING_FILES: Final = 8
_WARMING_BLOCKS: Final = 2


@dataclass(frozen=True, slots=True)
class Found:
    """One rule fired on one record."""

    rule: Rule
    event: Event
    path: Path
    record: int
    """1-based, within the file."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the files are to be read."""

    format: str
    """A parser's name, or ``auto``."""
    zone: tzinfo
    """For times without a zone."""
    encoding: str
    now_us: int


class Share(NamedTuple):
    """One of several processes that read the same files, each for its part of them."""

    number: int
    """From 0."""
    of: int


Place: TypeAlias = tuple[int, int]
ALONE: Final = Share(0, 1)


class Scan:
    """One run over files and folders. ``tally`` grows as ``run`` is read."""

    def __init__(self, engine: Engine, reading: Reading, stdin: BinaryIO | None = None) -> None:
        """``stdin``: what ``STDIN`` among the paths reads."""
        self.engine = engine
        self.reading = reading
        self.tally = Tally()
        self.place: Place = (0, 0)
        """The numbers of the file and of its piece that is read: they order what several processes find."""
        self.beat: Callable[[Place], None] | None = None
        """Called with each place, whatever is found there."""
        self._stdin = stdin
        self._share = ALONE
        self._origin = Origin("", 0, 0, reading.zone, live=False)
        self._quick: dict[str, Lines | None] = {}

    def warm(self, paths: Sequence[Path]) -> None:
        """Meets the first lines of some files, so that processes forked from this one know their kinds."""
        for _, source, _ in islice(self._sources(paths), _WARMING_FILES):
            if not isinstance(source, Path):
                continue
            for piece in islice(pieces(source, self.reading.format), _WARMING_BLOCKS):
                lines = self._lines(piece.parser) if isinstance(piece, Block) and not piece.flags else None
                if lines is not None and isinstance(piece, Block):
                    lines.wanted(piece.data)
        self.tally = Tally()

    def run(self, paths: Sequence[Path], share: Share | None = None) -> Iterator[Found]:
        """The matches, file by file in order of name, as they are found; memory does not grow with the files."""
        self._share = share or ALONE
        for number, (file, source, modified_us) in enumerate(self._sources(paths)):
            self.place = (number, 0)
            yield from self._file(file, source, modified_us, mine=number % self._share.of == self._share.number)

    def _sources(self, paths: Sequence[Path]) -> Iterator[tuple[Path, Path | BinaryIO, int]]:
        """What to read, and when it was last changed."""
        seen: set[tuple[int, int]] = set()
        for file in self._files(paths):
            if file == STDIN and self._stdin is not None:
                yield file, self._stdin, self.reading.now_us
                continue
            try:
                stat = file.stat()
            except OSError as error:
                self._note(self.tally.unreadable, file, _refused(error))
                continue
            if not S_ISREG(stat.st_mode):
                self._note(self.tally.unreadable, file, Words("不是普通文件", "no regular file"))
                continue
            if (stat.st_dev, stat.st_ino) not in seen:
                seen.add((stat.st_dev, stat.st_ino))
                yield file, file, stat.st_mtime_ns // 1000

    def _files(self, paths: Sequence[Path]) -> Iterator[Path]:
        for path in paths:
            if path.is_dir():
                listed = logs_under(path)
                for file, why in listed.passed_over:
                    self._note(self.tally.passed_over, file, why)
                yield from listed.logs
            else:
                yield path

    def _note(self, notes: list[Note], path: Path, reason: Words) -> None:
        """What all processes see is told by the first."""
        if self._share.number == 0:
            notes.append(Note(path, reason))

    def _file(self, path: Path, source: Path | BinaryIO, modified_us: int, *, mine: bool) -> Iterator[Found]:
        """``mine``: this process tells about the file, and reads all of it that is not in blocks."""
        tally = self.tally
        self._origin = Origin(
            source=f"file:{path}",
            received_us=self.reading.now_us,
            reference_us=modified_us,
            zone=self.reading.zone,
            live=False,
            encoding=self.reading.encoding,
            context={"log.file.path": str(path)},
        )
        damages, notes = tally.damages, len(tally.damaged)
        broken, empty = NOTHING, True
        try:
            for number, piece in enumerate(pieces(source, self.reading.format, name=path.name)):
                self.place = (self.place[0], number)
                if self.beat is not None:
                    self.beat(self.place)
                if isinstance(piece, Block):
                    empty = False
                    if number % self._share.of == self._share.number:
                        yield from self._block(piece, path)
                elif not mine:
                    if isinstance(piece, Record) and piece.parser == "evtx":
                        return
                elif isinstance(piece, Damage):
                    broken = broken or piece.reason
                    self._damage(path, piece)
                else:
                    empty = False
                    yield from self._record(piece, path)
        except OSError as error:
            if mine:
                tally.unreadable.append(Note(path, _refused(error)))
            return
        tally.files += mine
        if mine and broken and empty:
            tally.unreadable.append(Note(path, broken))
            tally.damages = damages
            del tally.damaged[notes:]

    def _block(self, block: Block, path: Path) -> Iterator[Found]:
        lines = None if block.flags else self._lines(block.parser)
        if lines is None:
            for record in block.records():
                yield from self._record(record, path)
            return
        done, wanted = lines.wanted(block.data)
        self.tally.events += done
        for line in wanted:
            if line.raw:
                record = Record(block.first + line.number, line.raw, 0, block.parser)
                fired = None if line.fires is None or line.fires.doubtful else line.fires.sure
                yield from self._found(record, path, line.event, fired)

    def _record(self, record: Record, path: Path) -> Iterator[Found]:
        lines = None if record.flags or b"\n" in record.raw else self._lines(record.parser)
        if lines is None:
            yield from self._found(record, path, None, None)
            return
        done, wanted = lines.wanted(record.raw)
        self.tally.events += done
        for line in wanted:
            fired = None if line.fires is None or line.fires.doubtful else line.fires.sure
            yield from self._found(record, path, line.event, fired)

    def _found(self, record: Record, path: Path, event: Event | None, fired: tuple[int, ...] | None) -> Iterator[Found]:
        """``event`` when it was parsed, ``fired`` when it is known already."""
        if event is None:
            event = PARSERS[record.parser](record.raw, self._origin)
        self._count(event)
        if record.flags:
            event.context = {**event.context, "tags": list(record.flags)}
        event.id = record_id(record.number, record.raw)
        rules = self.engine.fired(event) if fired is None else [self.engine.ruleset.rules[number] for number in fired]
        for rule in rules:
            self.tally.matches += 1
            yield Found(rule, event, path, record.number)

    def _lines(self, parser: str) -> Lines | None:
        """What matches such lines from their bytes."""
        if parser not in _QUICK or self.reading.encoding != "utf-8":
            return None
        if parser not in self._quick:

            def parse(raw: bytes) -> tuple[Event, Layout | None]:
                event = PARSERS[parser](raw, self._origin)
                return event, layout_of(event)

            self._quick[parser] = self.engine.lines(parse, frozenset(("log.file.path",)))
        return self._quick[parser]

    def _count(self, event: Event) -> None:
        self.tally.events += 1
        if event.shape.dataset == DEAD_DATASET:
            self.tally.dead[str(event.doc.get("error.code", "unknown"))] += 1
        elif not event.shape.logsources:
            self.tally.unknown[event.shape.dataset] += 1

    def _damage(self, path: Path, damage: Damage) -> None:
        self.tally.damages += 1
        if len(self.tally.damaged) < MOST_NOTES:
            after, why = damage.after, damage.reason
            self.tally.damaged.append(
                Note(path, Words(f"第 {after} 条记录之后：{why.zh}", f"after record {after}: {why.en}"))
            )


def _refused(error: OSError) -> Words:
    said = error.strerror or str(error)
    return Words(_IN_CHINESE.get(error.errno or 0, said), said)


def record_id(number: int, raw: bytes) -> bytes:
    """The same record at the same place of any copy of a file has the same id, scan after scan."""
    return hashlib.blake2b(raw, digest_size=16, salt=number.to_bytes(16, "big")).digest()
