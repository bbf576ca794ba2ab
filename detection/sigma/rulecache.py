"""Rules that were read once, kept in a file, so that the next start does not read thousands of YAML files again.

A cache is data about other files and never more: what is damaged, foreign or of another version is passed over and
written anew. It is read only where nobody but the user who runs this can write.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from detection import ownfile
from detection.sigma.content import Content
from detection.sigma.packing import packed, unpacked
from detection.sigma.rulefiles import RuleFile, Stamp

_MAGIC = b"shouwang rules 1\n"
_CHECK_BYTES = 32
_MOST_BYTES = 512 << 20
_SETTLED_NS = 2_000_000_000
"""A file changed less than this before it was read may change again under the same stamp: its content is compared."""
_KEPT = 8
"""Caches in one folder; those not written for longest go."""
_SUFFIX = ".rules"


class Entry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    path: str
    stamp: Stamp
    content: msgspec.Raw
    digest: bytes
    """Of the file's bytes where the stamp alone is not enough; else empty."""


class Shelved(msgspec.Struct, array_like=True, frozen=True):
    key: str
    entries: list[Entry]


class RuleCache:
    """The cache of one set of paths."""

    def __init__(self, folder: Path, paths: Sequence[Path], key: str) -> None:
        """``key``: all that the result depends on beside the rule files themselves."""
        asked = "\0".join(os.path.abspath(path) for path in paths)  # noqa: PTH100  # resolve() would follow links
        name = hashlib.blake2b(os.fsencode(asked), digest_size=12).hexdigest()
        self.path = folder / (name + _SUFFIX)
        self._key = key
        self._began_ns = time.time_ns()
        self._known = _read(self.path, key)
        self._next: list[Entry] = []
        self._changed = False

    def content(self, file: RuleFile) -> Content | None:
        """What the file holds, if it is as it was when it was read."""
        known = self._known.get(file.path)
        if known is None or known.stamp != file.stamp:
            return None
        if known.digest and known.digest != _digest(file.path):
            return None
        try:
            content = unpacked(msgspec.msgpack.decode(known.content), file.path)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return None
        if known.digest and self._settled(known.stamp):
            known = Entry(known.path, known.stamp, known.content, b"")
            self._changed = True
        self._next.append(known)
        return content

    def digest(self, file: RuleFile) -> bytes:
        """To be asked for before the file is read, and given to ``keep``."""
        return b"" if file.stamp is None or self._settled(file.stamp) else _digest(file.path)

    def keep(self, file: RuleFile, content: Content, digest: bytes) -> None:
        plain = packed(content)
        if plain is None or file.stamp is None or not (digest or self._settled(file.stamp)):
            return
        with suppress(OverflowError, ValueError):  # a number over 64 bits; a path or a text that is no UTF-8
            msgspec.msgpack.encode(file.path)
            self._next.append(Entry(file.path, file.stamp, msgspec.Raw(msgspec.msgpack.encode(plain)), digest))
            self._changed = True

    def save(self) -> None:
        """When something changed. A cache that cannot be written costs time and nothing else."""
        if not self._changed and len(self._next) == len(self._known):
            return
        payload = msgspec.msgpack.encode(Shelved(self._key, self._next))
        with suppress(OSError):
            ownfile.write(self.path, _MAGIC + _check(payload) + payload)
            ownfile.prune(self.path.parent, _SUFFIX, _KEPT)

    def _settled(self, stamp: Stamp) -> bool:
        return max(stamp.mtime_ns, stamp.ctime_ns) + _SETTLED_NS < self._began_ns


def _check(payload: bytes | memoryview) -> bytes:
    return hashlib.blake2b(payload, digest_size=_CHECK_BYTES).digest()


def _digest(path: str) -> bytes:
    """Empty when the file cannot be read."""
    try:
        return hashlib.blake2b(Path(path).read_bytes(), digest_size=16).digest()
    except OSError:
        return b""


def _read(path: Path, key: str) -> dict[str, Entry]:
    """Nothing, when the file is missing, damaged, of another key, or could be somebody else's work."""
    try:
        data = ownfile.read(path, _MOST_BYTES)
    except OSError:
        return {}
    start = len(_MAGIC) + _CHECK_BYTES
    payload = memoryview(data)[start:]
    if not data.startswith(_MAGIC) or data[len(_MAGIC) : start] != _check(payload):
        return {}
    try:
        found = msgspec.msgpack.decode(payload, type=Shelved)
    except (msgspec.MsgspecError, ValueError):
        return {}
    return {entry.path: entry for entry in found.entries} if found.key == key else {}
