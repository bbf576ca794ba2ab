"""Reading: pages in order of time, pages in order of arrival, counts. SQL narrows, ``matches`` decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, cast

import apsw

from shouwang.errors import UsageError
from shouwang.eventstore.base import Count, Page, Position, Rehydrate
from shouwang.eventstore.embedded.narrowing import COLUMNS, Narrowing, narrow
from shouwang.eventstore.embedded.rows import (
    MATCH_COLUMNS,
    STORED_COLUMNS,
    Cell,
    match_of,
    stored_of,
)
from shouwang.eventstore.tally import Tally
from shouwang.model import Event, Match
from shouwang.query import Query, matches, value_of
from shouwang.words import Words

_UNEVEN_US: Final = 120_000_000
"""By how much receipt times of what is stored one after another may go back."""
_COLUMNS: Final = f"{STORED_COLUMNS}, seq"


class Conditions:
    """The WHERE of a query, and its values."""

    def __init__(self, query: Query) -> None:
        self.query = query
        self._narrowing: Narrowing = narrow(query.node)
        self.values: dict[str, Cell] = {}
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
        return db.execute(f"SELECT {select} FROM event WHERE {self.sql} {more}", self.values)  # noqa: S608  # our own words and columns; values are bound


# ------------------------------------------------------------------------------------------- by time


def read(
    db: apsw.Connection, rehydrate: Rehydrate, query: Query, *, newest_first: bool, after: Position | None, limit: int
) -> Page[Event]:
    where = Conditions(query)
    sign, direction = ("<", "DESC") if newest_first else (">", "ASC")
    more = "AND seq <= :snapshot"
    if after is None:
        snapshot = _last(db, "event")
    else:
        snapshot, at_us, id = _page_end(after, newest_first)
        more += f" AND (time_us, id) {sign} (:at_us, :at_id)"
        where.values |= {"at_us": at_us, "at_id": id}
    where.values["snapshot"] = snapshot
    items: list[Event] = []
    rows = where.run(db, STORED_COLUMNS, f"{more} ORDER BY time_us {direction}, id {direction}")
    try:
        for row in rows:
            event = rehydrate(stored_of(row))
            if not matches(query, event):
                continue
            if len(items) == limit:
                return Page(items, _position(snapshot, items[-1], newest_first) if items else after)
            items.append(event)
    finally:
        rows.close(True)
    return Page(items, None)


def _position(snapshot: int, event: Event, newest_first: bool) -> Position:
    return Position(f"{'n' if newest_first else 'o'}:{snapshot}:{event.time_us}:{event.id.hex()}")


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


def tail_events(db: apsw.Connection, rehydrate: Rehydrate, after: Position | None, limit: int) -> Page[Event]:
    last = _arrival(after)
    rows = db.execute(f"SELECT {_COLUMNS} FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (last, limit)).fetchall()  # noqa: S608  # our own words and columns; values are bound
    return Page([rehydrate(stored_of(row[:-1])) for row in rows], Position(f"a:{rows[-1][-1] if rows else last}"))


def tail_matches(db: apsw.Connection, after: Position | None, limit: int) -> Page[Match]:
    last = _arrival(after)
    rows = db.execute(
        f"SELECT {MATCH_COLUMNS}, seq FROM match WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608  # our own words and columns; values are bound
        (last, limit),
    ).fetchall()
    return Page([match_of(row[:-1]) for row in rows], Position(f"a:{rows[-1][-1] if rows else last}"))


def end(db: apsw.Connection, table: str) -> Position:
    return Position(f"a:{_last(db, table)}")


def since(db: apsw.Connection, table: str, received_us: int) -> Position:
    """Receipt times rise with the numbers but for what several sources delivered at once: hence the margin."""
    low, high = 0, _last(db, table)
    sql = f"SELECT received_us FROM {table} WHERE seq > ? ORDER BY seq LIMIT 1"  # noqa: S608  # a constant
    while low < high:
        middle = (low + high) // 2
        found = db.execute(sql, (middle,)).get
        if found is not None and cast(int, found) < received_us - _UNEVEN_US:
            low = middle + 1
        else:
            high = middle
    return Position(f"a:{low}")


def _last(db: apsw.Connection, table: str) -> int:
    """The highest number ever given, those of dropped days included."""
    return cast(int, db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).get or 0)


def _arrival(position: Position | None) -> int:
    if position is None:
        return 0
    kind, _, number = position.token.partition(":")
    if kind != "a" or not number.isdecimal():
        raise _no_position(position)
    return int(number)


# ----------------------------------------------------------------------------------------- how many


class Grouping(NamedTuple):
    by: str | None
    bucket: tuple[int, int] | None
    """Width and offset in microseconds; buckets start at multiples of the width, less the offset."""
    top: int


def count(db: apsw.Connection, rehydrate: Rehydrate, query: Query, grouping: Grouping) -> list[Count]:
    where = Conditions(query)
    by, bucket, top = grouping
    if not where.exact or (by is not None and by not in COLUMNS):
        return _count_slowly(_asked(db, rehydrate, where), grouping)
    if by is not None:
        column, as_value = COLUMNS[by]
        tally = Tally()
        for cell, number in where.run(db, f"{column}, count(*)", f"GROUP BY {column}"):
            tally.add(as_value(cell), number)
        return tally.most(top)
    if bucket is not None:
        width, offset = bucket
        start = f"time_us - ((time_us + {offset}) % {width} + {width}) % {width}"
        rows = where.run(db, f"{start}, count(*)", "GROUP BY 1 ORDER BY 1").fetchall()
        return [Count(cast(int, key), cast(int, number)) for key, number in rows]
    return [Count(None, cast(int, where.run(db, "count(*)").get))]


def _count_slowly(events: Iterator[Event], grouping: Grouping) -> list[Count]:
    by, bucket, top = grouping
    total = 0
    tally, buckets = Tally(), dict[int, int]()
    for event in events:
        total += 1
        if by is not None:
            tally.add(value_of(event, by), 1)
        elif bucket is not None:
            start = event.time_us - (event.time_us + bucket[1]) % bucket[0]
            buckets[start] = buckets.get(start, 0) + 1
    if by is not None:
        return tally.most(top)
    if bucket is not None:
        return [Count(start, number) for start, number in sorted(buckets.items())]
    return [Count(None, total)]


def _asked(db: apsw.Connection, rehydrate: Rehydrate, where: Conditions) -> Iterator[Event]:
    for row in where.run(db, STORED_COLUMNS):
        event = rehydrate(stored_of(row))
        if where.exact or matches(where.query, event):
            yield event
