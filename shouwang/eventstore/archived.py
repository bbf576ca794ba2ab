"""One stored event as a line of an archive, and which lines are refused. Pure. The manifest: ``shouwang.archive``.

A line of ``DAY.jsonl.zst`` is one object: ``id`` (hex), ``time_us``, ``received_us``, ``source``, ``parser``,
``asset_id``, ``context``, and the record as received: ``raw`` where it is UTF-8, else ``raw_base64``. ``@timestamp`` is
for other programs and not read. The columns of ``DAY.parquet`` bear the same names (``archiveparquet``).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from hashlib import blake2b
from typing import Final

import orjson

from shouwang.eventstore.base import Stored
from shouwang.model import Value
from shouwang.timespan import day_of, rfc3339
from shouwang.visible import well_formed
from shouwang.words import Words

MOST_LINE_BYTES: Final = 96 << 20
"""The longest record that a store takes, as base64, with its context."""
MOST_RAW_BYTES: Final = 64 << 20
MOST_CONTEXT_BYTES: Final = 1 << 20
MOST_NAME: Final = 4096
_KEYS: Final = frozenset(
    ("@timestamp", "id", "time_us", "received_us", "source", "parser", "asset_id", "context", "raw", "raw_base64")
)
_MODULUS: Final = 1 << 256
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


class NotAnEvent(ValueError):
    """Why a row of an archive is none; the words are in ``args[0]``."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(Words(zh, en))

    @property
    def why(self) -> Words:
        found = self.args[0]
        assert isinstance(found, Words)
        return found


@dataclass(slots=True)
class Sum:
    """Of the events of one source."""

    events: int = 0
    bytes: int = 0
    digest: int = 0

    def add(self, stored: Stored) -> None:
        self.events += 1
        self.bytes += len(stored.raw)
        self.digest += int.from_bytes(blake2b(stored.id + stored.raw, digest_size=32).digest(), "big")

    def plain(self) -> dict[str, Value]:
        return {
            "events": self.events,
            "bytes": self.bytes,
            "digest": (self.digest % _MODULUS).to_bytes(32, "big").hex(),
        }


class Sums:
    """By source: what the ledger's digests are compared with."""

    def __init__(self) -> None:
        self._by_source: dict[str, Sum] = {}
        self.events = self.bytes = 0

    def add(self, stored: Stored) -> None:
        self._by_source.setdefault(stored.source, Sum()).add(stored)
        self.events += 1
        self.bytes += len(stored.raw)

    def plain(self) -> dict[str, Value]:
        return {source: one.plain() for source, one in sorted(self._by_source.items())}


def line_of(stored: Stored) -> bytes:
    """With its line end."""
    try:
        record: dict[str, Value] = {"raw": stored.raw.decode("utf-8")}
    except UnicodeDecodeError:
        record = {"raw_base64": base64.b64encode(stored.raw).decode("ascii")}
    said = {
        "@timestamp": rfc3339(stored.time_us, UTC),
        "id": stored.id.hex(),
        "time_us": stored.time_us,
        "received_us": stored.received_us,
        "source": stored.source,
        "parser": stored.parser,
        "asset_id": stored.asset_id,
        "context": dict(stored.context),
        **record,
    }
    try:
        return orjson.dumps(said) + b"\n"
    except TypeError:  # what JSON allows and orjson does not: numbers past 64 bits, lone surrogates
        return json.dumps(said, separators=(",", ":")).encode("ascii") + b"\n"


def context_text(context: Mapping[str, Value]) -> str:
    try:
        return orjson.dumps(dict(context)).decode("utf-8")
    except TypeError:
        return json.dumps(dict(context), separators=(",", ":"))


def context_of(text: str) -> dict[str, Value]:
    """Raises ``NotAnEvent``."""
    return _object(text.encode("utf-8"))


def _object(data: bytes) -> dict[str, Value]:
    try:
        found: Value = orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            found = None
    if not isinstance(found, dict):
        raise NotAnEvent("不是 JSON 对象", "it is no JSON object")
    return found


def stored_of(line: bytes) -> Stored:
    """Raises ``NotAnEvent``."""
    found = _object(line)
    if strange := found.keys() - _KEYS:
        raise NotAnEvent(f"含有未知的 {min(strange)!r:.80}", f"it has an unknown {min(strange)!r:.80}")
    context = found.get("context", {})
    if not isinstance(context, dict):
        raise NotAnEvent("context 不是对象", "its context is no object")
    return Stored(
        _id(found.get("id")),
        _number(found, "time_us"),
        _number(found, "received_us"),
        _text(found, "source"),
        _text(found, "parser"),
        _raw(found),
        context,
        _text(found, "asset_id", empty=True),
    )


@dataclass(frozen=True, slots=True)
class Bounds:
    """What every row of a day's file must keep."""

    day: date
    zone: tzinfo
    now_us: int
    parsers: frozenset[str]

    def check(self, stored: Stored) -> Stored:
        """Raises ``NotAnEvent``. The id must bear the receipt time: a store looks for it by that."""
        if not 0 <= stored.received_us <= self.now_us:
            raise NotAnEvent("received_us 早于 1970 年或晚于现在", "its received_us is before 1970 or after now")
        if day_of(stored.received_us, self.zone) != self.day:
            raise NotAnEvent(f"不是 {self.day} 接收的", f"it was not received on {self.day}")
        if int.from_bytes(stored.id[:6], "big") != stored.received_us // 1000:
            raise NotAnEvent("id 与接收时间不符", "its id does not bear its time of receipt")
        if len(context_text(stored.context)) > MOST_CONTEXT_BYTES or len(stored.source) > MOST_NAME:
            raise NotAnEvent("context 或 source 过长", "its context or source is too long")
        if stored.parser not in self.parsers:
            raise NotAnEvent(f"本版本没有解析器 {stored.parser!r:.80}", f"no parser {stored.parser!r:.80} is here")
        return stored


def _id(given: object) -> bytes:
    try:
        id = bytes.fromhex(given) if isinstance(given, str) and len(given) == 32 else b""
    except ValueError:
        id = b""
    if len(id) != 16:
        raise NotAnEvent("id 不是 32 个十六进制数字", "its id is not 32 hexadecimal digits")
    return id


def _number(found: Mapping[str, object], name: str) -> int:
    value = found.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not _SMALLEST <= value <= _LARGEST:
        raise NotAnEvent(f"{name} 不是 64 位整数", f"its {name} is no integer of 64 bits")
    return value


def _text(found: Mapping[str, object], name: str, *, empty: bool = False) -> str:
    value = found.get(name)
    if not isinstance(value, str) or len(value) > MOST_NAME or not (value or empty) or well_formed(value) != value:
        raise NotAnEvent(f"{name} 不是文本或过长", f"its {name} is no text, or too long")
    return value


def _raw(found: Mapping[str, object]) -> bytes:
    text, coded = found.get("raw"), found.get("raw_base64")
    raw: bytes | None = None
    if isinstance(text, str) and coded is None:
        raw = text.encode("utf-8", "surrogatepass")
    elif isinstance(coded, str) and text is None:
        try:
            raw = base64.b64decode(coded, validate=True)
        except (binascii.Error, ValueError):
            raw = None
    if raw is None or len(raw) > MOST_RAW_BYTES:
        raise NotAnEvent(
            "raw 与 raw_base64 须有且只有一个，且不过长", "it must have raw or raw_base64, not both, and not too long"
        )
    return raw
