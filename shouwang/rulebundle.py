"""An archive of rules from elsewhere -> a folder of rule files. The archive is hostile: nothing in it is believed.

zip, tar, tar.gz. Only rule files come out; links, devices and other files are passed over; a path that leads out of the
folder, a name that stands twice and whatever is larger than rules can be refuse the whole.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, NamedTuple

from shouwang.errors import UsageError
from shouwang.words import Words

SUFFIXES: Final = (".yml", ".yaml")
MOST_FILES: Final = 50_000
"""Rule files; and ten times as many entries of any kind."""
MOST_BYTES: Final = 256 << 20
"""Of all rule files, unpacked."""
LARGEST_BYTES: Final = 4 << 20
"""Of one."""
MOST_READ_BYTES: Final = 2 << 30
"""Of the whole archive, unpacked on the way."""
_DEEPEST: Final = 20
_LONGEST_NAME: Final = 400
_BROKEN: Final = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, gzip.BadGzipFile),
    *(EOFError, OSError, ValueError, RuntimeError, NotImplementedError, KeyError),
)


class _Refused(Exception):
    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = Words(zh, en)


class Unpacked(NamedTuple):
    files: int
    left_out: int
    """Rule files beside the folders rules, rules-...: a collection's tests and the like."""


def unpack(descriptor: int, to: Path) -> Unpacked:
    """``to`` must not exist, and does not when this raises ``UsageError``."""
    to.mkdir(mode=0o700)
    try:
        with os.fdopen(os.dup(descriptor), "rb") as file:
            file.seek(0)
            number = _write_all(_entries(file), to)
        left_out = _keep_rules_only(to)
        if not number:
            raise _Refused("其中没有规则文件", "there is no rule file in it")
    except _Refused as refused:
        shutil.rmtree(to, ignore_errors=True)
        raise _usage(refused.words) from None
    except _BROKEN as wrong:
        shutil.rmtree(to, ignore_errors=True)
        raise _usage(Words(f"已损坏或格式不符（{wrong}）", f"it is damaged or no archive ({wrong})")) from wrong
    return Unpacked(number - left_out, left_out)


def _usage(why: Words) -> UsageError:
    return UsageError(
        Words(f"规则包不可用：{why.zh}。", f"The archive cannot be used: {why.en}."),
        hint=Words("可用 zip、tar、tar.gz，或目录。", "zip, tar, tar.gz or a folder can be given."),
    )


def _write_all(entries: Iterator[tuple[str, bytes]], to: Path) -> int:
    number = total = 0
    for name, data in entries:
        number, total = number + 1, total + len(data)
        if number > MOST_FILES or total > MOST_BYTES:
            raise _Refused("过大", "it is too large")
        place = to.joinpath(*_parts(name))
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with place.open("xb") as file:  # a name that stands twice is refused
            file.write(data)
    return number


def _parts(name: str) -> tuple[str, ...]:
    parts = PurePosixPath(name).parts
    strange = "\\" in name or not name.isprintable() or name.startswith("/") or len(name) > _LONGEST_NAME
    if not parts or strange or ".." in parts or len(parts) > _DEEPEST:
        raise _Refused(f"其中有路径 {name[:100]!r}", f"it holds the path {name[:100]!r}")
    return parts


def _entries(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    head = file.read(4)
    file.seek(0)
    if head.startswith(b"PK"):
        return _of_zip(file)
    plain: BinaryIO = gzip.GzipFile(fileobj=file) if head.startswith(b"\x1f\x8b") else file  # type: ignore[assignment]
    return _of_tar(plain)


def _of_zip(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        if len(infos) > MOST_FILES * 10:
            raise _Refused("条目过多", "it has too many entries")
        for info in infos:
            kind = stat.S_IFMT(info.external_attr >> 16)
            if info.is_dir() or kind not in {0, stat.S_IFREG}:
                _parts(info.filename)
                continue
            if _is_rule(info.filename):
                with archive.open(info) as opened:
                    yield info.filename, _read(opened, info.filename)


def _of_tar(plain: BinaryIO) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=_Bounded(plain), mode="r|") as archive:
        for number, entry in enumerate(archive):
            if number > MOST_FILES * 10:
                raise _Refused("条目过多", "it has too many entries")
            opened = archive.extractfile(entry) if entry.isreg() else None
            if opened is None:
                if not (entry.isdir() and entry.name in {".", "./"}):
                    _parts(entry.name)
            elif _is_rule(entry.name):
                yield entry.name, _read(opened, entry.name)


def _is_rule(name: str) -> bool:
    """Other files are not looked at; where they would lie is all the same."""
    return name.endswith(SUFFIXES)


def _read(opened: object, name: str) -> bytes:
    data: bytes = opened.read(LARGEST_BYTES + 1)  # type: ignore[attr-defined]  # a reader of either library
    if len(data) > LARGEST_BYTES:
        raise _Refused(f"{name[:100]!r} 过大", f"{name[:100]!r} is too large for a rule file")
    return data


class _Bounded(io.RawIOBase):
    """Reads so much and no more: a bomb ends here."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self._left_bytes = MOST_READ_BYTES

    def read(self, size: int = -1, /) -> bytes:
        data = self._inner.read(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise _Refused("解压后过大", "it is too large unpacked")
        return data


def _keep_rules_only(folder: Path) -> int:
    """A collection's one folder at the top goes; of a collection with folders rules, rules-... only these stay.

    How many files went.
    """
    while len(inside := list(folder.iterdir())) == 1 and inside[0].is_dir() and not inside[0].name.startswith("rules-"):
        (only,) = inside
        moved = folder.with_name(f".{folder.name}.{only.name[:40]}")
        only.rename(moved)
        folder.rmdir()
        moved.rename(folder)
    named = [each for each in folder.iterdir() if each.is_dir() and each.name.split("-")[0] == "rules"]
    others = [each for each in folder.iterdir() if each not in named] if named else []
    gone = 0
    for each in others:
        if each.is_dir():
            gone += sum(file.is_file() for file in each.rglob("*"))
            shutil.rmtree(each)
        else:
            gone += 1
            each.unlink()
    return gone
