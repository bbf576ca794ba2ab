"""What rotation made of a log: its former files beside it, by name, and their content, packed or plain."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast

import zstandard

from collectors.sources.cursor import FileCursor, Mark
from collectors.sources.opening import CannotOpen, Opened, content_fits, open_log
from collectors.zstd import ZstdReader

BLOCK_BYTES: Final = 256 * 1024
BROKEN: Final = (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError)
"""What reading a damaged file raises."""

_LOOKS: Final = 20
_PACKED: Final = (".gz", ".zst", ".bz2", ".xz")
_MAGIC: Final = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz"}
_NUMBER: Final = re.compile(r"\.(\d{1,6})")
_DATE: Final = re.compile(r"[-.](\d{8}|\d{4}-\d\d-\d\d)([-T._]?\d{1,12})?")


class Unpacked(Protocol):
    """``read1``, not ``read``: what comes before a damaged place is still given."""

    def read1(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Former:
    """One former file of a log."""

    path: str
    status: os.stat_result
    number: int = 0
    """``.1`` is the youngest; 0 when its name has no number."""
    date: str = ""

    @property
    def inode(self) -> int:
        return self.status.st_ino

    @property
    def mtime_ns(self) -> int:
        return self.status.st_mtime_ns

    @property
    def identity(self) -> tuple[str, int]:
        return self.path, self.inode

    def open(self) -> Opened | None:
        """``None`` when rotation meanwhile took this file from under its name, or it cannot be opened."""
        try:
            opened = open_log(self.path)
        except CannotOpen:
            return None
        if opened.status.st_ino == self.inode:
            return opened
        os.close(opened.fd)
        return None

    def younger_than(self, other: Former) -> bool:
        if self.number and other.number:
            return self.number < other.number
        if self.date and other.date:
            return self.date > other.date
        return self.mtime_ns > other.mtime_ns


def formers(path: str) -> list[Former]:
    """``name.1``, ``name-20261124``, ``stem-20261124.log``, each plain or packed; oldest first.

    Rotation may rename them during the look, so two looks must agree. A file beside its own packed form, which may be
    written right now, is one content: the plain one.
    """
    found = _formers(path)
    for _ in range(_LOOKS):
        before, found = found, _formers(path)
        if [each.identity for each in before] == [each.identity for each in found]:
            break
    plain = {each.path: each for each in found if not is_packed(each.path)}
    return [each for each in found if not _is_packing(each, plain.get(_bare(each.path)))]


def _formers(path: str) -> list[Former]:
    log = Path(path)
    found: list[Former] = []
    try:
        entries = [entry for entry in os.scandir(log.parent) if entry.name != log.name]
    except OSError:
        return found
    for entry in entries:
        part = _between(entry.name, log)
        number, date = _NUMBER.fullmatch(part), _DATE.fullmatch(part)
        if not (number or date):
            continue
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        when = (date[1].replace("-", "") + (date[2] or "").strip("-T._")) if date else ""
        found.append(Former(entry.path, status, int(number[1]) if number else 0, when))
    return sorted(found, key=lambda each: (-each.number, each.date, each.mtime_ns))


def is_packed(path: str) -> bool:
    return path.endswith(_PACKED)


def originals(path: str) -> list[str]:
    """The logs out of which rotation may have made a file of this name."""
    name = Path(path).name
    found = [each for pattern in (_NUMBER, _DATE) for each in pattern.finditer(name)]
    return [str(Path(path).with_name(name[: each.start()] + name[each.end() :])) for each in found if each.start()]


def _between(name: str, log: Path) -> str:
    """What rotation put into the name; empty when it is not of this log."""
    bare = _bare(name)
    if bare.startswith(log.name):
        return bare[len(log.name) :]
    if log.suffix and bare.startswith(log.stem) and bare.endswith(log.suffix):
        return bare[len(log.stem) : -len(log.suffix)]
    return ""


def _bare(name: str) -> str:
    return next((name.removesuffix(suffix) for suffix in _PACKED if name.endswith(suffix)), name)


def _is_packing(packed: Former, plain: Former | None) -> bool:
    """Whether it is made out of the plain one beside it. So long as nothing can be read of it, that is likely."""
    if plain is None or plain is packed or not (opened := plain.open()):
        return False
    with ExitStack() as stack:
        stack.callback(os.close, opened.fd)
        unpacking = packed.open()
        if unpacking is None:
            return True
        stack.callback(os.close, unpacking.fd)
        try:
            start = next(blocks(unpacking), b"")
        except BROKEN:
            return True
        return start == os.pread(opened.fd, len(start), 0)


def blocks(opened: Opened) -> Iterator[bytes]:
    """The content, unpacked. The descriptor stays open. Raises ``BROKEN``."""
    os.lseek(opened.fd, 0, os.SEEK_SET)
    with ExitStack() as stack:
        stream: BinaryIO = stack.enter_context(os.fdopen(opened.fd, "rb", closefd=False))
        unpacked = _unpack(stream, os.pread(opened.fd, 6, 0))
        while block := unpacked.read1(BLOCK_BYTES):
            yield block


def _packing(magic: bytes) -> str:
    return next((name for start, name in _MAGIC.items() if magic.startswith(start)), "")


def _unpack(stream: BinaryIO, magic: bytes) -> Unpacked:
    match _packing(magic):
        case "gzip":
            return gzip.GzipFile(fileobj=stream)
        case "zstd":
            return ZstdReader(stream)
        case "bzip2":
            return bz2.BZ2File(stream)
        case "xz":
            return lzma.LZMAFile(stream)
        case _:
            return cast(Unpacked, stream)


def holds(former: Former, cursor: FileCursor) -> bool:
    """Whether the file begins with all that was read at the cursor's, and so is that one, renamed, packed or copied."""
    opened = former.open()
    if opened is None:
        return False
    with ExitStack() as stack:
        stack.callback(os.close, opened.fd)
        if not _packing(os.pread(opened.fd, 6, 0)):
            return content_fits(opened, cursor)
        return cursor in covered(opened, [cursor])


def covered(opened: Opened, cursors: Iterable[FileCursor]) -> list[FileCursor]:
    """Those of which all that was read stands at the beginning of this content; the one that read most is last."""
    mark, found = Mark(0), []
    waiting = sorted(cursors, key=lambda each: each.seen)
    try:
        for block in blocks(opened):
            rest = block
            while waiting and (rest or waiting[0].seen == mark.position):
                take = waiting[0].seen - mark.position
                mark.add(rest[:take])
                rest = rest[take:]
                if mark.position == waiting[0].seen:
                    found += [waiting[0]] if mark.fits(waiting[0]) else []
                    del waiting[0]
            waiting = [each for each in waiting if mark.may_fit(each)]
            if not waiting:
                break
    except BROKEN:
        pass
    return found + [each for each in waiting if mark.fits(each)]
