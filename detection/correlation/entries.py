"""What a correlation remembers of one event, and how it is kept over a restart. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import orjson

from detection.hits import Member

GroupKey: TypeAlias = tuple[str, ...]
"""Values of the group-by fields, without case."""
Item: TypeAlias = tuple[str, ...]
"""Of ``value_count``: one value, or one of each field. Of the others: field, place in its list, numeral."""


class Entry:
    """One event in one group."""

    __slots__ = (
        "again",
        "at_us",
        "counted",
        "ended",
        "event_id",
        "items",
        "key",
        "lossy",
        "member",
        "number",
        "rules",
        "time_us",
    )

    def __init__(self, time_us: int, event_id: bytes, at_us: int, member: Member | None) -> None:
        self.time_us = time_us
        self.event_id = event_id
        self.at_us = at_us
        """When it came, by the watch's clock (``watchtime``)."""
        self.member = member
        """``None`` once it was handed over and no correlation reads this one's outcome."""
        self.rules = 0
        """Which of the correlation's rules matched it, one bit each in their order."""
        self.items: tuple[Item, ...] = ()
        self.counted = False
        """It was handed over."""
        self.ended = False
        """A stretch that ends with it was found to fulfil the condition."""
        self.lossy = False
        """It came when events of its group may have been let go for want of room."""
        self.again = False
        """The same event may come again much later: it is in several groups of what this correlation reads."""
        self.number = 0
        """Of its row; in order of arrival within the correlation."""
        self.key: GroupKey = ()

    @property
    def order(self) -> tuple[int, bytes]:
        return self.time_us, self.event_id

    def absorb(self, other: Entry) -> bool:
        """The same event by another rule: whether that adds anything."""
        items = self.items if self.items == other.items else tuple(sorted({*self.items, *other.items}))
        if not other.rules & ~self.rules and items == self.items:
            return False
        self.rules |= other.rules
        self.items = items
        return True

    def row(self) -> bytes:
        member = self.member
        return orjson.dumps(
            (
                self.key,
                self.time_us,
                self.event_id.hex(),
                self.at_us,
                hex(self.rules),
                self.items,
                8 * self.again + 4 * self.lossy + 2 * self.ended + self.counted,
                None if member is None else (member.received_us, member.entities),
            )
        )


def entry_of(number: int, row: Sequence[Any]) -> Entry:
    """Of a decoded row."""
    key, time_us, event_id, at_us, rules, items, flags, kept = row
    found = tuple(map(tuple, items))
    raw_id = bytes.fromhex(event_id)
    member = None
    if kept is not None:
        received_us, entities = kept
        member = Member(raw_id, time_us, received_us, {name: tuple(values) for name, values in entities.items()})
    entry = Entry(time_us, raw_id, at_us, member)
    entry.rules, entry.items = int(rules, 16), found
    entry.number, entry.key = number, tuple(key)
    entry.counted, entry.ended, entry.lossy = bool(flags & 1), bool(flags & 2), bool(flags & 4)
    entry.again = bool(flags & 8)
    return entry


def by_order(entry: Entry) -> tuple[int, bytes]:
    return entry.order


def by_time(entry: Entry) -> int:
    return entry.time_us
