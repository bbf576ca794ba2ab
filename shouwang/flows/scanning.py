"""Files -> matches, without a home: nothing is stored or remembered. Joins ``collectors`` and ``detection``."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from errno import EACCES, ENOENT, ENOTDIR, EPERM
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Final

from collectors.files import Damage, records
from collectors.origin import Origin
from collectors.registry import PARSERS
from detection.engine import Engine
from detection.ruleset import Rule
from shouwang.logfolder import logs_under
from shouwang.model import DEAD_DATASET, Event
from shouwang.words import NOTHING, Words

STDIN: Final = Path("-")
"""Stands for the standard input."""
_IN_CHINESE: Final = {ENOENT: "文件不存在", EACCES: "无权读取", EPERM: "无权读取", ENOTDIR: "路径中有一段不是目录"}
MOST_NOTES = 100
"""Damaged places listed by name; the rest is only counted."""


@dataclass(frozen=True, slots=True)
class Found:
    """One rule fired on one record."""

    rule: Rule
    event: Event
    path: Path
    record: int
    """1-based, within the file."""


@dataclass(frozen=True, slots=True)
class Note:
    """A file, or a part of one, that could not be read."""

    path: Path
    reason: Words


@dataclass(slots=True)
class Tally:
    """What a scan has seen so far."""

    files: int = 0
    events: int = 0
    matches: int = 0
    unreadable: list[Note] = field(default_factory=list)
    """Paths that gave nothing at all."""
    passed_over: list[Note] = field(default_factory=list)
    """Files of a folder that are no logs."""
    damaged: list[Note] = field(default_factory=list)
    """Parts of files; the first ``MOST_NOTES``."""
    damages: int = 0
    dead: Counter[str] = field(default_factory=Counter)
    """Why -> records that no parser could read."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Dataset -> events of no logsource: no rule can see them."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the files are to be read."""

    format: str
    """A parser's name, or ``auto``."""
    zone: tzinfo
    """For times without a zone."""
    encoding: str
    now_us: int


class Scan:
    """One run over files and folders. ``tally`` grows as ``run`` is read."""

    def __init__(self, engine: Engine, reading: Reading, stdin: BinaryIO | None = None) -> None:
        self.engine = engine
        self.reading = reading
        self.tally = Tally()
        self._stdin = stdin
        """What ``STDIN`` among the paths reads."""

    def run(self, paths: Sequence[Path]) -> Iterator[Found]:
        """The matches, file by file in order of name, as they are found; memory does not grow with the files."""
        seen: set[tuple[int, int]] = set()
        for file in self._files(paths):
            if file == STDIN and self._stdin is not None:
                yield from self._file(file, self._stdin, self.reading.now_us)
                continue
            try:
                stat = file.stat()
            except OSError as error:
                self.tally.unreadable.append(Note(file, _refused(error)))
                continue
            if not S_ISREG(stat.st_mode):
                self.tally.unreadable.append(Note(file, Words("不是普通文件", "no regular file")))
                continue
            if (stat.st_dev, stat.st_ino) in seen:
                continue
            seen.add((stat.st_dev, stat.st_ino))
            yield from self._file(file, file, stat.st_mtime_ns // 1000)

    def _files(self, paths: Sequence[Path]) -> Iterator[Path]:
        for path in paths:
            if path.is_dir():
                listed = logs_under(path)
                self.tally.passed_over += [Note(file, why) for file, why in listed.passed_over]
                yield from listed.logs
            else:
                yield path

    def _file(self, path: Path, source: Path | BinaryIO, modified_us: int) -> Iterator[Found]:
        tally = self.tally
        origin = Origin(
            source=f"file:{path}",
            received_us=self.reading.now_us,
            reference_us=modified_us,
            zone=self.reading.zone,
            live=False,
            encoding=self.reading.encoding,
            context={"log.file.path": str(path)},
        )
        events, damages, notes = tally.events, tally.damages, len(tally.damaged)
        broken = NOTHING
        try:
            for piece in records(source, self.reading.format, name=path.name):
                if isinstance(piece, Damage):
                    broken = broken or piece.reason
                    self._damage(path, piece)
                    continue
                event = PARSERS[piece.parser](piece.raw, origin)
                self._count(event)
                if piece.flags:
                    event.context = {**event.context, "tags": list(piece.flags)}
                event.id = record_id(piece.number, piece.raw)
                for rule in self.engine.fired(event):
                    tally.matches += 1
                    yield Found(rule, event, path, piece.number)
        except OSError as error:
            tally.unreadable.append(Note(path, _refused(error)))
            return
        tally.files += 1
        if broken and tally.events == events:
            tally.unreadable.append(Note(path, broken))
            tally.damages = damages
            del tally.damaged[notes:]

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
