"""Gaps of correlations (late, evicted, faulted) -> the alerts an unbroken run would have made.

What a correlation could not evaluate as it came is in the event store all the same. Its matches are read again, page by
page, into a file; a worker evaluates them in the order of their events (``detection.correlation.recount``), where
nothing is late and little need be remembered; alerts are made what they should be (``detection.mending``), and the gap
is closed, in one transaction. So it may be killed at any point: what was not closed is done again, and comes to the
same. Twice for each gap: soon, so that no alert is missing for long; and when live evaluation can count nothing of it
any more, for the exact counts.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, cast

from detection.correlation.recount import Found
from detection.mending import Activity
from detection.ruleset import Correlation
from shouwang.clock import Clock
from shouwang.errors import ShouwangError, StoreError
from shouwang.eventstore.base import EventStore, Position
from shouwang.flows.refilling.asked import FARTHEST_US, Asked, asked
from shouwang.flows.refilling.work import found_of
from shouwang.matchspool import MatchSpool
from shouwang.model import Alert, Match, Value
from shouwang.statestore.gaps import SOON_US, Gap, Hindrance
from shouwang.statestore.store import StateStore, Transaction

log = logging.getLogger(__name__)

Json = dict[str, Value]
Run = Callable[[Json, Callable[[Json], None]], Json]
"""The worker's job: args, and what is told progress."""
LOOK_S: Final = 15.0
"""Between two looks for gaps."""
PAGE: Final = 1000
PAUSE_S: Final = 0.02
"""After each page: others want the store too."""
MOST_MATCHES: Final = 2_000_000
LONGEST_S: Final = 600.0
"""Of one worker."""
AHEAD_US: Final = 600_000_000
"""An event is received this long before it happens at most, by its own time."""
FIRST_US: Final = 300_000_000
LAST_US: Final = 6 * 3_600_000_000
"""Of the pauses between tries that came to nothing; each is twice the one before."""


class Mend(Protocol):
    """``Alerting.mend``."""

    def __call__(
        self,
        found: Sequence[Found],
        before: Mapping[str, Alert],
        exact: Callable[[Activity], bool],
        ended: Callable[[Transaction], None],
    ) -> object: ...


class _Ended(Exception):
    """The daemon ends, or it takes too long."""


class Refilling:
    """Used by one thread; ``take`` and ``end`` may be called by any."""

    def __init__(
        self,
        events: EventStore,
        state: StateStore,
        clock: Clock,
        correlations: Sequence[Correlation],
        *,
        lateness_us: int,
        position: str,
        folder: Path,
        mend: Mend,
        run: Run,
    ) -> None:
        """``position``: name in the memory table of where alerting stands. ``folder``: of its own; emptied."""
        self._events = events
        self._state = state
        self._clock = clock
        self._correlations = correlations
        self._lateness_us = lateness_us
        self._position = position
        self._folder = folder
        self._mend = mend
        self._work = run
        self._wake = threading.Event()

    def take(self, correlations: Sequence[Correlation]) -> None:
        """Others are in force."""
        self._correlations = correlations

    def end(self) -> None:
        """``run`` looks whether it shall stop."""
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self.once(stop)
            except StoreError as away:
                log.warning("filling gaps waits for a store: %s", away)
            self._wake.wait(LOOK_S)

    def once(self, stop: threading.Event) -> int:
        """How many gaps were looked at."""
        correlations = self._correlations
        tried = 0
        for gap in self._state.gaps.due({each.id for each in correlations}, self._clock.now_us()):
            if stop.is_set():
                break
            tried += self._try(gap, correlations, stop)
        return tried

    def _try(self, gap: Gap, correlations: Sequence[Correlation], stop: threading.Event) -> bool:
        now_us = self._clock.now_us()
        with self._state.reading() as tables:
            position = tables.memory.get(self._position)
            asks = asked(tables, gap, correlations, self._lateness_us, now_us)
            behind = any((kept := tables.correlations.get(name)) and kept.behind for name in asks.scope.told)
        if position is None or behind:
            return False
        try:
            if asks.about[0] < now_us - FARTHEST_US:
                self._put_off(gap, Hindrance.FAR)
            else:
                self._evaluate(asks, Position(position.decode()), correlations, stop)
        except _Ended:
            if not stop.is_set():
                self._put_off(gap, Hindrance.ROOM)
        except StoreError:
            raise
        except ShouwangError as died:
            log.warning("a gap of %s could not be evaluated again: %s", gap.name, died)
            self._put_off(gap, Hindrance.ROOM)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        return True

    def _evaluate(
        self, asks: Asked, upto: Position, correlations: Sequence[Correlation], stop: threading.Event
    ) -> None:
        stored = self._events.tail("matches", None, 1).items
        if not stored or stored[0].received_us > asks.gap.from_us + SOON_US:
            self._put_off(asks.gap, Hindrance.GONE)
            return
        whole = stored[0].received_us >= asks.from_us - AHEAD_US
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700, parents=True)
        place = self._folder / "matches.db"
        with MatchSpool(place) as spool:
            self._read(asks, upto, spool, stop)
        until_s = time.monotonic() + LONGEST_S

        def told(_progress: Json) -> None:
            if stop.is_set() or time.monotonic() > until_s:
                raise _Ended

        said = self._work({**asks.plain(whole=whole), "matches": str(place)}, told)
        if correlations is self._correlations:  # else they were replaced meanwhile: it is done again
            self._apply(asks, said)

    def _read(self, asks: Asked, upto: Position, spool: MatchSpool, stop: threading.Event) -> None:
        """What alerting has handled, of the rules that count, from where it matters on."""
        after, rules = self._events.since("matches", asks.from_us - AHEAD_US), asks.rules
        first_beyond: Match | None = None
        while True:
            page = self._events.tail("matches", after, PAGE)
            if first_beyond is None:  # asked after the page was read: what came since cannot be in it
                first_beyond = next(iter(self._events.tail("matches", upto, 1).items), None)
            items = list(page.items)
            beyond = first_beyond is not None and first_beyond in items
            if beyond:
                del items[items.index(cast(Match, first_beyond)) :]
            spool.add(each for each in items if each.rule_id in rules and each.time_us >= asks.from_us)
            if beyond or page.next is None or page.next in (after, upto) or len(page.items) < PAGE:
                return
            if spool.size > MOST_MATCHES or stop.wait(PAUSE_S):
                raise _Ended
            after = page.next

    def _apply(self, asks: Asked, said: Json) -> None:
        """Alerts as they should be, and what becomes of the gap."""
        found = [found_of(each) for each in cast("list[dict[str, Any]]", said["found"])]
        clean = not (said["blind"] or said["faults"] or said["crowded"])
        unripe = False

        def exact(activity: Activity) -> bool:
            nonlocal unripe
            unripe |= not asks.is_ripe(activity)
            return clean and asks.is_ripe(activity) and not any(each.alert.at_least for each in activity.found)

        def ended(tx: Transaction) -> None:
            now_us = self._clock.now_us()
            if said["blind"]:
                tx.gaps.put_off(asks.gap, Hindrance.WINDOWS, 0)
            elif said["faults"]:
                tx.gaps.put_off(asks.gap, Hindrance.FAULT, now_us + _pause_us(asks.gap))
            elif said["crowded"]:
                tx.gaps.put_off(asks.gap, Hindrance.ROOM, now_us + _pause_us(asks.gap))
            elif asks.settles_us or unripe:
                tx.gaps.put_off(asks.gap, Hindrance.WAITS, now_us + (asks.settles_us or LAST_US // 6) + SOON_US)
            elif not tx.gaps.close(asks.gap, now_us):
                tx.gaps.put_off(asks.gap, Hindrance.NONE, now_us + SOON_US)

        self._mend([each for each in found if each.alert.first_us >= asks.since_us], asks.before, exact, ended)

    def _put_off(self, gap: Gap, why: Hindrance) -> None:
        with self._state.work() as tx:
            tx.gaps.put_off(gap, why, self._clock.now_us() + _pause_us(gap))


def _pause_us(gap: Gap) -> int:
    return min(FIRST_US << min(gap.tries, 16), LAST_US)
