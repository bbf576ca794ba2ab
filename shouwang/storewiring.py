"""Which event store a home has, by its settings, and which one it moves to. Beside ``wiring``."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from collectors.rehydrate import rehydrate
from collectors.vocabulary import kinds
from shouwang.clock import Clock
from shouwang.config import Config
from shouwang.errors import StoreError
from shouwang.eventstore.base import Rehydrate
from shouwang.eventstore.elastic.place import place
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.flows.retention import holding
from shouwang.home import Home
from shouwang.moves import Aim
from shouwang.statestore.store import StateStore
from shouwang.words import Words

if TYPE_CHECKING:
    from shouwang.eventstore.elastic.store import ElasticStore

REHYDRATE: Final[Rehydrate] = rehydrate
"""For those who may not import the domains."""

HOME: Final = "home/id"
"""Name in the memory table: see ``shouwang.homeid``."""


def aim_of(config: Config) -> Aim:
    """What the settings say."""
    chosen = config.store
    return Aim(chosen.url, chosen.ca, chosen.credentials, chosen.prefix)


def event_store(
    home: Home, config: Config, clock: Clock, state: StateStore, aim: Aim | None = None
) -> EmbeddedStore | ElasticStore:
    """``aim``: another one than the settings name."""

    def held(day: date) -> str:
        with state.reading() as tables:
            return holding(tables.legal_holds.all(), day)

    chosen = aim or aim_of(config)
    if chosen.url:
        from shouwang.eventstore.elastic.store import ElasticStore  # noqa: PLC0415  # 60 MB that others do without

        return ElasticStore(
            home.spool,
            place(chosen.url, ca=chosen.ca, credentials=chosen.credentials, folder=home.path),
            zone=config.site.zone,
            rehydrate=rehydrate,
            kinds=kinds(),
            prefix=chosen.prefix,
            spool_bytes=config.store.spool_mb << 20,
            held=held,
            keep_days=config.store.keep_days,
            clock=clock,
        )
    return EmbeddedStore(
        home.events,
        zone=config.site.zone,
        rehydrate=rehydrate,
        held=held,
        keep_days=config.store.keep_days,
        reserve_bytes=config.store.reserve_mb << 20,
        clock=clock,
    )


def target_of(home: Home, config: Config, clock: Clock, state: StateStore, aim: Aim) -> EmbeddedStore | ElasticStore:
    """Open, and this home's. Raises ``StoreError`` where it is another's."""
    id = (state.memory.get(HOME) or b"").decode()
    store = event_store(home, config, clock, state, aim)
    try:
        if store.home_id not in ("", id):
            raise StoreError(
                Words(
                    f"{home.path} 中的旧存储属于另一个数据目录（{store.home_id}，此处为 {id}）。",
                    f"What {home.path} has of that store belongs to another home ({store.home_id}; this one is {id}).",
                ),
                hint=Words("请先移走它，再迁移。", "Move it away, then try again."),
            )
        if not store.home_id:
            store.belong_to(id)
        if not isinstance(store, EmbeddedStore):
            store.claim()
    except BaseException:  # whatever it was, goes on up; the store does not stay open
        store.close()
        raise
    return store
