"""Reading the journal: what is not sealed yet, in order of time, in order of arrival, and counts. SQL narrows,
``matches`` decides. ``reading`` puts the sealed part beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple, cast

import apsw

from shouwang.errors import UsageError
from shouwang.eventstore.base import Page, Position, Rehydrate
from shouwang.eventstore.embedded.narrowing import COLUMNS, Narrowing, narrow
from shouwang.eventstore.embedded.rows import (
    MATCH_COLUMNS,
    STORED_COLUMNS,
    Cell,
    Row,
    match_of,
    stored_of,
)
from shouwang.eventstore.embedded.segments.asks import Grouping, Place, start_of
from shouwang.eventstore.embedded.segments.manifest import last_seq, sealed_to
from shouwang.eventstore.tally import Tally
from shouwang.model import Event, Match, Value
from shouwang.query import Query, matches, value_of
from shouwang.words import Words

_UNEVEN_US: Final = 120_000_000
"""By how much receipt times of what is stored one after another may go back."""
_COLUMNS: Final = f"{STORED_COLUMNS}, seq"


class Conditions:
    """The WHERE of a query on what is not sealed, and its values."""

    def __init__(self, query: Query, db: apsw.Connection) -> None:
        self.query = query
        self._narrowing: Narrowing = narrow(query.node)
        self.values: dict[str, Cell] = {"sealed_to": sealed_to(db)}
        if query.ids:
            self.exact = True
            self.sql = "id IN (SELECT unhex(value) FROM json_each(:ids))"
            self.values["ids"] = "[" + ",".join(f'"{id.hex()}"' for id in query.ids) + "]"
        else:
            self.exact = self._narrowing.exact
            self.sql = f"time_us >= :from_us AND time_us < :to_us AND {self._narrowing.sql}"
            self.values |= self._narrowing.values
            self.values |= {"from_us": max(query.from_us, -(2**63)), "to_us": min(query.to_us, 2**63 - 1)}

    def run(self, db: apsw.Connection, select: str, more: str = "") -> apsw.Cursor:
        self._narrowing.prepare(db)
        return db.execute(f"SELECT {select} FROM event WHERE +seq > :sealed_to AND {self.sql} {more}", self.values)  # noqa: S608  # our own words and columns; values are bound


# ------------------------------------------------------------------------------------------- by time


class PageStart(NamedTuple):
    """Where a page begins, and in what order."""

    newest_first: bool
    snapshot: int
    """No event with a greater ``seq``."""
    after: Place | None


def start(db: apsw.Connection, after: Position | None, *, newest_first: bool) -> PageStart:
    if after is None:
        return PageStart(newest_first, last_seq(db), None)
    snapshot, time_us, id = _page_end(after, newest_first)
    return PageStart(newest_first, snapshot, Place(time_us, id))


def read(db: apsw.Connection, rehydrate: Rehydrate, query: Query, begin: PageStart, limit: int) -> list[Event]:
    where = Conditions(query, db)
    sign, direction = ("<", "DESC") if begin.newest_first else (">", "ASC")
    more = "AND seq <= :snapshot"
    where.values["snapshot"] = begin.snapshot
    if begin.after is not None:
        more += f" AND (time_us, id) {sign} (:at_us, :at_id)"
        where.values |= {"at_us": begin.after.time_us, "at_id": begin.after.id}
    items: list[Event] = []
    rows = where.run(db, STORED_COLUMNS, f"{more} ORDER BY time_us {direction}, id {direction}")
    try:
        for row in rows:
            event = rehydrate(stored_of(row))
            if matches(query, event):
                items.append(event)
                if len(items) == limit:
                    break
    finally:
        rows.close(True)
    return items


def position(begin: PageStart, event: Event) -> Position:
    """Behind the event."""
    return Position(f"{'n' if begin.newest_first else 'o'}:{begin.snapshot}:{event.time_us}:{event.id.hex()}")


_BEGIN: Final = Words("请从第一页开始。", "Begin from the first page.")


def _page_end(position: Position, newest_first: bool) -> tuple[int, int, bytes]:
    try:
        order, snapshot, time_us, id = position.token.split(":")
        if order != ("n" if newest_first else "o"):
            raise UsageError(
                Words("翻页位置属于另一种时间顺序。", "This page position belongs to the other order of time."),
                hint=_BEGIN,
            )
        return int(snapshot), int(time_us), bytes.fromhex(id)
    except ValueError:
        raise _no_position(position) from None


def _no_position(position: Position) -> UsageError:
    said = Words(f"{position.token!r} 不是本库的翻页位置。", f"{position.token!r} is no position of this store.")
    return UsageError(said, hint=_BEGIN)


# ---------------------------------------------------------------------------------------- by arrival


def arrivals(db: apsw.Connection, after: int, limit: int) -> list[Row]:
    """Rows of ``STORED_COLUMNS`` and ``seq``."""
    return db.execute(
        f"SELECT {_COLUMNS} FROM event WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608  # our own words and columns; values are bound
        (max(after, sealed_to(db)), limit),
    ).fetchall()


def tail_matches(db: apsw.Connection, after: Position | None, limit: int) -> Page[Match]:
    last = arrival(after)
    rows = db.execute(
        f"SELECT {MATCH_COLUMNS}, seq FROM match WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608  # our own words and columns; values are bound
        (last, limit),
    ).fetchall()
    return Page([match_of(row[:-1]) for row in rows], arrived(cast(int, rows[-1][-1]) if rows else last))


def end(db: apsw.Connection, table: str) -> Position:
    return arrived(last_seq(db, table))


def since(db: apsw.Connection, table: str, received_us: int) -> Position:
    """Receipt times rise with the numbers but for what several sources delivered at once: hence the margin."""
    low, high = sealed_to(db) if table == "event" else 0, last_seq(db, table)
    sql = f"SELECT received_us FROM {table} WHERE seq > ? ORDER BY seq LIMIT 1"  # noqa: S608  # a constant
    while low < high:
        middle = (low + high) // 2
        found = db.execute(sql, (middle,)).get
        if found is not None and cast(int, found) < received_us - _UNEVEN_US:
            low = middle + 1
        else:
            high = middle
    return arrived(low)


def arrived(seq: int) -> Position:
    """Behind the event with this number, or the match."""
    return Position(f"a:{seq}")


def arrival(position: Position | None) -> int:
    if position is None:
        return 0
    kind, _, number = position.token.partition(":")
    if kind != "a" or not number.isdecimal():
        raise _no_position(position)
    return int(number)


# ----------------------------------------------------------------------------------------- how many


def numbers(db: apsw.Connection, rehydrate: Rehydrate, query: Query, grouping: Grouping) -> list[tuple[Value, int]]:
    """(value, how many) with ``by``, all of them; (start, how many) by bucket; else (``None``, how many)."""
    where = Conditions(query, db)
    by, bucket, _ = grouping
    if not where.exact or (by is not None and by not in COLUMNS):
        return _numbers_slowly(_asked(db, rehydrate, where), grouping)
    if by is not None:
        column, as_value = COLUMNS[by]
        tally = Tally()
        for cell, number in where.run(db, f"{column}, count(*)", f"GROUP BY {column}"):
            tally.add(as_value(cell), number)
        return tally.numbers()
    if bucket is not None:
        width, offset = bucket
        start = f"time_us - ((time_us + {offset}) % {width} + {width}) % {width}"
        return cast("list[tuple[Value, int]]", where.run(db, f"{start}, count(*)", "GROUP BY 1").fetchall())
    return [(None, cast(int, where.run(db, "count(*)").get))]


def _numbers_slowly(events: Iterator[Event], grouping: Grouping) -> list[tuple[Value, int]]:
    by, bucket, _ = grouping
    tally, found = Tally(), Counter[int | None]()
    for event in events:
        if by is not None:
            tally.add(value_of(event, by), 1)
        else:
            found[start_of(event, bucket) if bucket else None] += 1
    return tally.numbers() if by is not None else list(found.items())


def _asked(db: apsw.Connection, rehydrate: Rehydrate, where: Conditions) -> Iterator[Event]:
    for row in where.run(db, STORED_COLUMNS):
        event = rehydrate(stored_of(row))
        if where.exact or matches(where.query, event):
            yield event
