"""A set of indicators as one file: made once, then mapped into memory and asked; a million need no more than that file.

Layout: magic, length of the head, head (JSON), then three parts: keys (8 bytes each, sorted, little-endian), places (8
bytes each, offsets into the records), records (JSON a line). A key is a hash of kind and value; the record that stands
at its place is compared before anything is called a hit, so equal hashes harm nobody.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import BinaryIO, Final, Self

import orjson

from detection.intel.head import Head
from detection.intel.indicator import Indicator, Kind
from detection.intel.leftout import LeftOut
from shouwang.words import Words

MAGIC: Final = b"shouwang-intel-1\n"
_LENGTH: Final = struct.Struct("<I")
_PAIR: Final = struct.Struct(">QQ")
MOST: Final = 5_000_000
MOST_EXAMPLES: Final = 5
"""Places named for each reason of what was left out."""


class DamagedIndex(ValueError):
    """The file is no index, or not whole."""

    def __init__(self, why: Words) -> None:
        super().__init__(why.en)
        self.why = why


class TooMany(ValueError):
    """More indicators than a set may hold."""


def key_of(kind: Kind, value: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{kind.value}:{value}".encode(), digest_size=8).digest(), "big")


# ------------------------------------------------------------------------------------------ making


def build(items: Iterable[Indicator | LeftOut], head: Head, to: Path) -> Head:
    """Write the index; ``head`` comes back with its counts. Raises ``TooMany`` and what the reader raises.

    ``to`` must not exist: it is the caller's to put in place when all is well.
    """
    left: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    pairs: list[bytes] = []
    records = to.with_name(to.name + ".records")
    try:
        with records.open("x+b") as file:
            at = 0
            for item in items:
                if isinstance(item, LeftOut):
                    left[item.reason] += 1
                    if len(named := examples.setdefault(item.reason, [])) < MOST_EXAMPLES:
                        named.append(item.where)
                    continue
                if len(pairs) == MOST:
                    raise TooMany
                pairs.append(_PAIR.pack(key_of(item.kind, item.value), at))
                at += file.write(_record(item))
            file.flush()
            pairs.sort()
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if at else nullcontext(b"") as held:
                whole = replace(head, left_out=dict(left), examples=examples)
                return _write(whole, _distinct(pairs, held), held, to)
    finally:
        records.unlink(missing_ok=True)


def _record(item: Indicator) -> bytes:
    parts = (item.kind, item.value, item.source, item.confidence, item.valid_from_us, item.valid_until_us, item.note)
    return orjson.dumps(parts, option=orjson.OPT_APPEND_NEWLINE)


def _read(held: mmap.mmap | bytes, at: int) -> Indicator:
    end = held.find(b"\n", at)
    kind, *rest = orjson.loads(held[at:end])
    return Indicator(Kind(kind), *rest)


@dataclass(slots=True)
class _Distinct:
    keys: array[int]
    places: array[int]
    counts: Counter[str]
    prefixes: dict[str, set[int]]
    replaced: int


def _distinct(pairs: list[bytes], held: mmap.mmap | bytes) -> _Distinct:
    """Of equal indicators the one that is valid longest, then the surest, then the last."""
    found = _Distinct(array("Q"), array("Q"), Counter(), {}, 0)
    run: dict[tuple[Kind, str], tuple[Indicator, int]] = {}
    before = -1
    for packed in pairs:
        key, at = _PAIR.unpack(packed)
        if key != before:
            _settle(found, before, run)
            run, before = {}, key
        item = _read(held, at)
        other = run.get((item.kind, item.value))
        found.replaced += other is not None
        if other is None or _rank(item) >= _rank(other[0]):
            run[item.kind, item.value] = item, at
    _settle(found, before, run)
    return found


def _rank(item: Indicator) -> tuple[bool, int, int]:
    return item.valid_until_us == 0, item.valid_until_us, item.confidence or 0


def _settle(found: _Distinct, key: int, run: Mapping[tuple[Kind, str], tuple[Indicator, int]]) -> None:
    for (kind, value), (_, at) in run.items():
        found.keys.append(key)
        found.places.append(at)
        found.counts[kind.value] += 1
        if kind is Kind.NETWORK:
            network = ip_network(value)
            found.prefixes.setdefault(str(network.version), set()).add(network.prefixlen)


def _write(head: Head, found: _Distinct, held: mmap.mmap | bytes, to: Path) -> Head:
    whole = replace(
        head,
        counts=dict(sorted(found.counts.items())),
        prefixes={version: sorted(lengths) for version, lengths in sorted(found.prefixes.items())},
        replaced=found.replaced,
        records_bytes=len(held),
    )
    said = orjson.dumps(asdict(whole))
    said += b" " * (-(len(MAGIC) + _LENGTH.size + len(said)) % 8)
    with to.open("xb") as file:
        file.write(MAGIC + _LENGTH.pack(len(said)) + said)
        for part in (found.keys, found.places):
            file.write(part.tobytes())
        file.write(held)
        file.flush()
        os.fsync(file.fileno())
    return whole


# ------------------------------------------------------------------------------------------ asking


class Index:
    """An index file, mapped. Any number of threads may ask."""

    def __init__(self, file: BinaryIO) -> None:
        """Raises ``DamagedIndex``. The file may be closed afterwards."""
        try:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:
            raise DamagedIndex(Words("为空", "empty")) from None
        self.head, start = _head_of(self._map)
        count = self.head.total
        records = start + 16 * count
        if records + self.head.records_bytes != len(self._map):
            raise DamagedIndex(Words("不完整", "cut off"))
        whole = memoryview(self._map)
        self._keys = whole[start : start + 8 * count].cast("Q")
        self._places = whole[start + 8 * count : records].cast("Q")
        self._records = records

    @classmethod
    def at(cls, path: Path) -> Self:
        with path.open("rb") as file:
            return cls(file)

    def find(self, kind: Kind, value: str) -> Indicator | None:
        """The indicator of exactly this value; expired or not."""
        key = key_of(kind, value)
        keys, size = self._keys, len(self._keys)
        at = bisect_left(keys, key)
        while at < size and keys[at] == key:
            item = _read(self._map, self._records + self._places[at])
            if item.value == value and item.kind is kind:
                return item
            at += 1
        return None

    def networks_of(self, text: str) -> Iterator[Indicator]:
        """The networks that hold the address, the narrowest first."""
        address = ip_address(text)
        for length in reversed(self.head.prefixes.get(str(address.version), ())):
            network = ip_network(f"{address}/{length}", strict=False)
            if (found := self.find(Kind.NETWORK, str(network))) is not None:
                yield found

    def all_of(self, kind: Kind, text: str) -> Iterator[Indicator]:
        """Those under which a candidate of an event is found; ``NETWORK`` asks for the networks of an address."""
        if kind is Kind.NETWORK:
            yield from self.networks_of(text)
        elif (found := self.find(kind, text)) is not None:
            yield found

    def items(self) -> Iterator[Indicator]:
        for place in self._places:
            yield _read(self._map, self._records + place)


def _head_of(held: mmap.mmap) -> tuple[Head, int]:
    start = len(MAGIC) + _LENGTH.size
    if held[: len(MAGIC)] != MAGIC or len(held) < start:
        raise DamagedIndex(Words("不是此版本的情报集文件", "no index of this version"))
    (length,) = _LENGTH.unpack(held[len(MAGIC) : start])
    try:
        return Head(**orjson.loads(held[start : start + length])), start + length
    except (orjson.JSONDecodeError, TypeError):
        raise DamagedIndex(Words("文件头无法读取", "its head cannot be read")) from None
