"""What stands in a segment's footer beside the rows: whose it is, and the state of the store at its end. Pure.

A *seal* is a stretch of ``seq`` that became segments at once: one file a receipt day, all with the same ``Seal``.
Where the stretch ends at a mark, the seal has the source cursors and ledger days as they stood there: a store whose
``events.db`` is lost goes on from its newest whole seal.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import Final

from shouwang.errors import StoreError
from shouwang.words import Words

SCHEMA: Final = 1
"""Of a segment file: its columns and this footer."""
KEY: Final = b"shouwang"
HOURLY: Final = "hourly"
DAILY: Final = "daily"


@dataclass(frozen=True, slots=True)
class SourceSum:
    """What a file holds of one source."""

    rows: int
    bytes: int
    """Of the records."""
    digest: str
    """As ``DayLedger.digest``, over these rows."""
    latest_us: int
    """Receipt time of the newest."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One row of the table ``ledger`` with its drops."""

    day: str
    source: str
    received: int
    stored: int
    bytes: int
    digest: str
    drops: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class State:
    """Of the store when the event ``seq`` was its newest."""

    seq: int
    match_seq: int
    cursors: Mapping[str, bytes]
    ledger: Sequence[LedgerRow]
    """The days that changed since the mark before, or more."""


@dataclass(frozen=True, slots=True)
class Seal:
    after_seq: int
    to_seq: int
    """It holds all events with ``after_seq < seq <= to_seq``."""
    parts: Sequence[str]
    """The files it became, as in the manifest, and those of the seals since the mark before, which have no state."""
    state: State | None
    """``None`` where the stretch ends before its mark: it was too large for one seal."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Least and greatest of the rows, inclusive."""

    from_seq: int
    to_seq: int
    min_time_us: int
    max_time_us: int
    min_received_us: int
    max_received_us: int
    min_id: bytes
    max_id: bytes


@dataclass(frozen=True, slots=True)
class Footer:
    home: str
    kind: str
    day: str
    rows: int
    matched: int
    """How many of them have matches."""
    bounds: Bounds
    seal: Seal
    """Of a daily file: the newest of those that it took in, and the ledger days of all of them."""
    sources: Mapping[str, SourceSum]
    supersedes: Sequence[str] = field(default=())
    """Files whose rows are all in this one."""
    schema: int = SCHEMA


def dumps(footer: Footer) -> bytes:
    return json.dumps({"schema": footer.schema, **_plain(footer)}, separators=(",", ":")).encode("ascii")


def loads(data: bytes, name: str) -> Footer:
    """Raises ``StoreError`` for what a newer version wrote, and for what is none."""
    try:
        held = json.loads(data)
        schema = int(held["schema"])
        if schema <= SCHEMA:
            return _footer(held)
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise StoreError(
            Words(f"{name} 不是守望的日志分段（{wrong!r}）。", f"{name} is no segment of Shouwang ({wrong!r}).")
        ) from wrong
    raise newer(name, schema)


class NewerSegment(StoreError):
    """A file that a newer version wrote."""


def newer(name: str, schema: int) -> NewerSegment:
    return NewerSegment(
        Words(
            f"日志分段 {name} 的结构版本为 {schema}，本版本最高支持 {SCHEMA}。",
            f"The segment {name} has schema {schema}; this version of Shouwang reads up to schema {SCHEMA}.",
        ),
        hint=Words(
            f"请安装能读写分段结构 {schema} 的版本（即写入它的版本或更新的版本）。",
            f"Install the version that wrote it or a newer one: it must know segment schema {schema}.",
        ),
    )


def _plain(footer: Footer) -> dict[str, object]:
    seal = footer.seal
    return {
        "home": footer.home,
        "kind": footer.kind,
        "day": footer.day,
        "rows": footer.rows,
        "matched": footer.matched,
        "bounds": [each.hex() if isinstance(each, bytes) else each for each in astuple(footer.bounds)],
        "seal": {
            "after_seq": seal.after_seq,
            "to_seq": seal.to_seq,
            "parts": list(seal.parts),
            "state": None if seal.state is None else plain_state(seal.state),
        },
        "sources": {
            name: [each.rows, each.bytes, each.digest, each.latest_us] for name, each in footer.sources.items()
        },
        "supersedes": list(footer.supersedes),
    }


def plain_state(state: State) -> dict[str, object]:
    """For JSON."""
    return {
        "seq": state.seq,
        "match_seq": state.match_seq,
        "cursors": {name: base64.b64encode(value).decode("ascii") for name, value in state.cursors.items()},
        "ledger": [
            [row.day, row.source, row.received, row.stored, row.bytes, row.digest, dict(row.drops)]
            for row in state.ledger
        ],
    }


def state_of(held: Mapping[str, object]) -> State:
    """Of ``plain_state``. Raises ``KeyError``, ``TypeError``, ``ValueError``."""
    cursors, ledger = held["cursors"], held["ledger"]
    if not isinstance(cursors, dict) or not isinstance(ledger, list):
        raise TypeError("cursors, ledger")
    return State(
        seq=_int(held["seq"]),
        match_seq=_int(held["match_seq"]),
        cursors={str(name): base64.b64decode(value, validate=True) for name, value in cursors.items()},
        ledger=[_ledger_row(row) for row in ledger],
    )


def _ledger_row(row: Sequence[object]) -> LedgerRow:
    day, source, received, stored, size, digest, drops = row
    if not isinstance(drops, dict):
        raise TypeError("drops")
    counted = {str(reason): _int(number) for reason, number in drops.items()}
    bytes.fromhex(str(digest))
    return LedgerRow(str(day), str(source), _int(received), _int(stored), _int(size), str(digest), counted)


def _footer(held: Mapping[str, object]) -> Footer:
    seal, sources, supersedes = held["seal"], held["sources"], held["supersedes"]
    if not isinstance(seal, dict) or not isinstance(sources, dict) or not isinstance(supersedes, list):
        raise TypeError("seal, sources, supersedes")
    state = seal["state"]
    return Footer(
        home=str(held["home"]),
        kind=str(held["kind"]),
        day=str(held["day"]),
        rows=_int(held["rows"]),
        matched=_int(held["matched"]),
        bounds=_bounds(held["bounds"]),
        seal=Seal(
            _int(seal["after_seq"]),
            _int(seal["to_seq"]),
            [str(part) for part in seal["parts"]],
            None if state is None else state_of(state),
        ),
        sources={str(name): _sum(each) for name, each in sources.items()},
        supersedes=[str(path) for path in supersedes],
        schema=_int(held["schema"]),
    )


def _bounds(held: object) -> Bounds:
    if not isinstance(held, list) or len(held) != 8:
        raise TypeError("bounds")
    from_seq, to_seq, min_time, max_time, min_received, max_received = map(_int, held[:6])
    min_id, max_id = (bytes.fromhex(each) for each in held[6:])
    return Bounds(from_seq, to_seq, min_time, max_time, min_received, max_received, min_id, max_id)


def _sum(held: Sequence[object]) -> SourceSum:
    rows, size, digest, latest_us = held
    bytes.fromhex(str(digest))
    return SourceSum(_int(rows), _int(size), str(digest), _int(latest_us))


def _int(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no whole number")
    return value
