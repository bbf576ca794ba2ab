"""Whose the cluster is: one home correlates, others bring events."""

from __future__ import annotations

import socket
import time
from datetime import tzinfo
from typing import Final

from shouwang.errors import StoreError
from shouwang.eventstore.base import StoreAway
from shouwang.eventstore.elastic import findings
from shouwang.eventstore.elastic.place import Place
from shouwang.eventstore.elastic.registry import Owner, Registry
from shouwang.eventstore.elastic.setup import Setup
from shouwang.eventstore.elastic.spool import Spool
from shouwang.model import Finding
from shouwang.words import Words

FRESH_S: Final = 5.0


class Belonging:
    """Any thread may call."""

    def __init__(self, spool: Spool, registry: Registry, setup: Setup, where: Place, zone: tzinfo) -> None:
        self._spool = spool
        self._registry = registry
        self._setup = setup
        self._where = where
        self._zone = str(zone)
        self._last = (-FRESH_S, "")

    def claim(self, home: str, *, take_over: bool) -> None:
        """See ``ElasticStore.claim``."""
        try:
            self._setup.ready()
            self._registry.claim(Owner(home, socket.gethostname(), self._zone), take_over=take_over)
        except StoreAway:
            if self._spool.recall("owner") != home:
                raise
            return
        self._spool.remember("owner", home)
        self._last = (-FRESH_S, "")

    def join(self) -> None:
        """See ``ElasticStore.join``."""
        try:
            owner = self._registry.owner()
            if owner is None:
                raise _of_nobody(self._where)
            if owner.zone not in ("", self._zone):
                raise _of_another_zone(self._where, owner.zone, self._zone)
            self._setup.ready()
        except StoreAway:
            if not self._spool.recall("joined"):
                raise
            return
        self._spool.remember("joined", owner.home)

    def usurper(self) -> str:
        """The home that has taken the cluster since; empty: none. As it was at most ``FRESH_S`` ago."""
        mine = self._spool.recall("owner")
        if not mine:
            return ""
        at, found = self._last
        if time.monotonic() - at > FRESH_S:
            try:
                owner = self._registry.owner()
            except StoreAway:
                return found
            found = owner.home if owner is not None and owner.home != mine else ""
            self._last = time.monotonic(), found
        return found

    def refuse_usurped(self) -> None:
        """Raises ``StoreError``: two that correlate would alert on everything twice."""
        if usurper := self.usurper():
            told = findings.taken_over(usurper)
            raise StoreError(told.what, hint=told.hint)

    def findings(self) -> list[Finding]:
        usurper = self.usurper()
        return [findings.taken_over(usurper)] if usurper else []


def _of_nobody(where: Place) -> StoreError:
    return StoreError(
        Words(
            f"Elasticsearch（{where}）还没有所属的值守守护进程。",
            f"Elasticsearch at {where} belongs to no home yet: nobody would correlate what is collected.",
        ),
        hint=Words(
            "请先在值守主机上以同一地址和 store.prefix 启动：`shouwang up --store URL`。",
            "First start the daemon on its host, with the same address and store.prefix: `shouwang up --store URL`.",
        ),
    )


def _of_another_zone(where: Place, theirs: str, ours: str) -> StoreError:
    return StoreError(
        Words(
            f"Elasticsearch（{where}）按时区 {theirs} 分日，此处为 {ours}。",
            f"Days on Elasticsearch at {where} are those of {theirs}; here site.timezone is {ours}.",
        ),
        hint=Words(f"请设 site.timezone = {theirs!r}。", f"Set site.timezone to {theirs!r}."),
    )
