"""The last step of a move, with nothing running: the rest is moved, all days are compared, the settings name the new
store. Killed anywhere, the next start does it again.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final

from shouwang.clock import Clock
from shouwang.config import Config, load
from shouwang.errors import ShouwangError, StoreError
from shouwang.eventstore.base import Batch, Position, RetentionFloor
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.eventstore.mover import Difference, Movable, Mover, by_day, differences
from shouwang.flows.alerting import POSITION
from shouwang.flows.alerting.remembering import Behind
from shouwang.home import Home
from shouwang.huntfolder import HuntFolder
from shouwang.model import Value
from shouwang.moves import MOVE, Fault, Move, move_of
from shouwang.moving import refuses, unhandled
from shouwang.statestore.store import StateStore, Transaction
from shouwang.storesettings import with_store
from shouwang.storewiring import REHYDRATE, event_store, target_of
from shouwang.words import Words

log = logging.getLogger(__name__)

AGAIN_US: Final = 90_000_000
"""Until a switch that was put off is tried again."""
_DAY_US: Final = 86_400_000_000


def switch(home: Home, config: Config, clock: Clock) -> Config:
    """The settings that hold now: those given where there is nothing to switch, or it was put off. The caller holds
    the home's lock and has nothing open. Raises ``UsageError`` where the settings cannot be written."""
    if not home.state.exists() or home.drill:
        return config
    with StateStore(home.state) as state:
        move = move_of(state.memory.get(MOVE))
        if move is not None and move.stage == "ready":
            move = _tried(home, config, clock, state, move)
        if move is None or move.stage != "switched":
            return config
        _write_settings(home, move)
        with state.work() as tx:
            tx.memory.put(MOVE, replace(move, stage="done", done_us=clock.now_us()).dumped())
        log.info("events are kept in %s now; what was kept in %s stays there until it is removed", move.aim, move.left)
        return load(home.config)


def _tried(home: Home, config: Config, clock: Clock, state: StateStore, move: Move) -> Move:
    faults: list[Difference] = []
    try:
        if not (home.spool if config.store.url else home.events).exists():
            return move  # whoever opens the home says what is missing
        with (
            event_store(home, config, clock, state) as source,
            target_of(home, config, clock, state, move.aim) as target,
        ):
            faults = _finish(home, Switching(source, target, state, clock, config, move))
        if not faults:
            found = move_of(state.memory.get(MOVE))
            assert found is not None
            return found
        why = Words("有日期与台账不符", "days differ from the ledger")
    except ShouwangError as wrong:
        why = wrong.message
    log.warning("the switch to %s was put off: %s", move.aim, why)
    noted = tuple(Fault(each.day.isoformat(), each.source, each.what.zh, each.what.en) for each in faults)
    days = {day: mark for day, mark in move.days.items() if day not in {each.day for each in noted}}
    put_off = replace(move, stage="moving", why=why, faults=noted, days=days, not_before_us=clock.now_us() + AGAIN_US)
    with state.work() as tx:
        tx.memory.put(MOVE, put_off.dumped())
    return put_off


@dataclass(frozen=True, slots=True)
class Switching:
    """What one switch works with."""

    source: Movable
    target: Movable
    state: StateStore
    clock: Clock
    config: Config
    move: Move


def _finish(home: Home, now: Switching) -> list[Difference]:
    """What differs; empty: it is switched."""
    _refuse_collectors(now.source)
    cache = home.path / "cache"
    cache.mkdir(mode=0o700, exist_ok=True)
    back = Mover(now.target, now.source, REHYDRATE, refuses(now.source), now.config.site.zone, cache)
    back.drain()  # what waits on this host for the old store
    mover = Mover(now.source, now.target, REHYDRATE, refuses(now.target), now.config.site.zone, cache)
    place, number = Position(now.move.events), 1
    while number:
        place, number = mover.tail(place)
    handled = _move_matches(mover, now)
    found = _days_differing(mover, now)
    if found:
        return found
    held = now.source.cursors()
    gone = dict.fromkeys(now.target.cursors().keys() - held.keys(), b"")
    now.target.put(Batch(()), {**gone, **held})
    _renew_hunts(home)
    with now.state.work() as tx:
        _place(tx, now, handled)
        tx.memory.put(MOVE, replace(now.move, stage="switched", faults=(), why=None).dumped())
        days = len({row.day for row in now.target.running_days()})
        detail: dict[str, Value] = {
            "from": str(now.move.left),
            "to": str(now.move.aim),
            "days": days,
            "by": now.move.by,
        }
        tx.audit(act="store.migrated", target=str(now.move.aim), at_us=now.clock.now_us(), detail=detail)
    return []


def _refuse_collectors(source: Movable) -> None:
    """They would go on to write where nobody looks."""
    if isinstance(source, EmbeddedStore):
        return
    alive = [each.host for each in getattr(source, "collectors", list)() if not each.ended]
    if alive:
        raise StoreError(
            Words(f"采集端仍在写入集群：{', '.join(alive)}。", f"Collectors still write into it: {', '.join(alive)}."),
            hint=Words("请先停止它们（shouwang collect）。", "Stop them first (shouwang collect)."),
        )


def _move_matches(mover: Mover, now: Switching) -> Position | None:
    """All; gives the place in the target up to which alerting has handled them. ``None``: it has handled none yet."""
    place = Position(now.move.matches) if now.move.matches else None
    handled: Position | None = None
    waiting = unhandled(now.source, now.state)
    more = True
    while more:
        place, more = mover.matches(place, waiting)
    mover.drain()
    if now.state.memory.get(POSITION) is not None:
        handled = now.target.end("matches")
    more = True
    while more:
        place, more = mover.matches(place, ())
    mover.drain()
    return handled


def _days_differing(mover: Mover, now: Switching) -> list[Difference]:
    """By the ledgers. Days that the old store has let go of meanwhile go here too."""
    mover.drain()
    here, there = by_day(now.source.running_days()), by_day(now.target.running_days())
    for gone in sorted(there.keys() - here.keys()):
        try:
            now.target.drop_day(gone, now_us=now.clock.now_us())
        except RetentionFloor as refused:
            said = Words(f"只在新存储中有：{refused.message.zh}", f"it is in the new store alone: {refused.message.en}")
            return [Difference(gone, "", said)]
    unlike = [day for day, rows in sorted(here.items()) if differences(day, rows, there.get(day, {}))]
    return [each for day in unlike for each in mover.compare(day)]


def _place(tx: Transaction, now: Switching, handled: Position | None) -> None:
    """Alerting, and correlations that stand behind it: their places are said in the words of the new store."""
    if handled is not None:
        tx.memory.put(POSITION, handled.token.encode())
    for name in tx.correlations.names():
        kept = tx.correlations.get(name)
        if kept is None or not kept.behind:
            continue
        behind = Behind.read(kept.behind)
        from_us = max((behind.clock_us or now.clock.now_us()) - _DAY_US, 0)
        token = now.target.since("matches", from_us).token
        tx.correlations.put(name, behind=str(Behind(behind.reason, behind.clock_us, token)))


def _renew_hunts(home: Home) -> None:
    """One that goes on looks at all that is there then: numbers of arrival are others."""
    for path in home.hunts.glob("*") if home.hunts.is_dir() else ():
        try:
            folder = HuntFolder(path)
            state = folder.state()
            if state.last and not state.done:
                state.last = 0
                folder.keep(state)
        except (StoreError, OSError):
            log.warning("the hunt %s is not whole and was left alone", path.name)


def _write_settings(home: Home, move: Move) -> None:
    settings: Mapping[str, str] = {name: value for name, value in asdict(move.aim).items() if name != "prefix"}
    if load(home.config).store.prefix != move.aim.prefix:
        settings = asdict(move.aim)
    text = with_store(home.config.read_text(encoding="utf-8"), settings)
    draft = home.config.with_name(f".{home.config.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            draft.chmod(0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(home.config)
    except OSError as wrong:
        draft.unlink(missing_ok=True)
        raise StoreError(
            Words(f"无法写入 {home.config}：{wrong.strerror}。", f"Cannot write {home.config}: {wrong.strerror}."),
            hint=Words("磁盘是否已满或只读？", "Is the disk full, or read-only?"),
        ) from wrong
