"""A home's events for tests of moving: several days, sources, dead letters, odd bytes, drops, matches."""

from __future__ import annotations

from datetime import date
from typing import Final

from shouwang.eventstore.base import Batch, EventStore
from shouwang.model import Event
from tests.contract.records import DAY_US, NOON_US, event_of, id_of, match_on, numbered

DAYS: Final = [date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26)]
NOW_US: Final = NOON_US + 3 * DAY_US
"""All of ``DAYS`` are over."""


def odd(number: int, received_us: int) -> Event:
    id = id_of(number, received_us)
    match number % 4:
        case 0:
            raw = b"\xff\x00 no text %d" % number
            return event_of("line", raw, id=id, received_us=received_us, source="file:/x", context={"n": 2**70})
        case 1:
            return event_of("dead", b"bad-time", id=id, received_us=received_us, source="file:/x")
        case 2:
            return event_of("line", "登录 失败 %d".encode() % number, id=id, received_us=received_us, asset_id="portal")
        case _:
            user = f"u{number % 7}"
            return numbered(number, time_us=received_us - number, received_us=received_us, user_name=user)


def fill(store: EventStore, number: int, first: int = 0) -> None:
    """``number`` events over the days, a hundredth of them matched; the batch is a thousand."""
    for day in range(len(DAYS)):
        mine = range(first + day * number // len(DAYS), first + (day + 1) * number // len(DAYS))
        for start in range(mine.start, mine.stop, 1000):
            received_us = NOON_US + day * DAY_US + start * 1000
            events = [odd(n, received_us) for n in range(start, min(start + 1000, mine.stop))]
            drops = {("udp", "too-long"): 2, ("file:/x", "bad-utf8"): 1}
            cursors = {"file:/x": b"%d" % start}
            store.put(Batch(events, [match_on(e) for e in events[::100]], drops, received_us), cursors)
