"""Alerts and incidents stand in the cluster too, for Kibana: never an older state, and caught up by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from shouwang.clock import SystemClock
from shouwang.errors import StoreError
from shouwang.flows.mirroring import Mirroring
from shouwang.model import Alert, AlertState, Incident
from shouwang.statestore.store import StateStore
from tests.elastic.node import Node
from tests.elastic.stores import store_at
from tests.elastic.tap import Tap
from tests.integration.daemon.conftest import wait_for
from tests.unit.state.samples import ALERT, INCIDENT

HOME = "1" * 32


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    with StateStore(tmp_path / "state.db") as opened:
        yield opened


@contextmanager
def mirrored(folder: Path, url: str, state: StateStore) -> Iterator[Mirroring]:
    with store_at(folder, url) as store:
        store.belong_to(HOME)
        store.claim()
        yield Mirroring(state, store.mirror(), SystemClock(), HOME)


def put(state: StateStore, *records: Alert | Incident) -> None:
    with state.work() as tx:
        for each in records:
            if isinstance(each, Alert):
                tx.alerts.put(each)
            else:
                tx.incidents.put(each)


def held(node: Node, kind: str, id: str) -> dict[str, object]:
    found = node.ask(f"/shouwang-{kind}/_doc/{HOME}-{id}")["_source"]
    return cast("dict[str, object]", found)


def number(node: Node, kind: str, **asked: object) -> object:
    node.ask(f"/shouwang-{kind}/_refresh", method="POST")
    return node.ask(f"/shouwang-{kind}/_count", {"query": asked or {"match_all": {}}}, "POST")["count"]


def all_of(mirroring: Mirroring) -> None:
    while mirroring.step():
        pass


def test_they_are_found_by_their_fields_and_follow_every_change(
    tmp_path: Path, state: StateStore, elastic: Node
) -> None:
    put(state, ALERT, INCIDENT)
    with mirrored(tmp_path, elastic.url, state) as mirroring:
        all_of(mirroring)
        assert number(elastic, "alerts", term={"source.ip": "203.0.113.0/24"}) == 1
        assert number(elastic, "alerts", term={"shouwang.severity": "high"}) == 1
        assert number(elastic, "incidents", term={"shouwang.alerts": INCIDENT.alert_ids[0]}) == 1
        put(state, replace(ALERT, state=AlertState.CLOSED, count=99))
        all_of(mirroring)
        assert number(elastic, "alerts") == 1
        assert number(elastic, "alerts", term={"shouwang.state": "closed"}) == 1
        assert mirroring.findings() == []


def test_a_restart_and_a_replay_of_old_changes_never_show_an_older_state(
    tmp_path: Path, state: StateStore, elastic: Node
) -> None:
    put(state, ALERT)
    with state.reading() as tables:
        old = [(each.number, each.record) for each in tables.changes.after(0, 10)]
    put(state, replace(ALERT, count=99))
    with mirrored(tmp_path, elastic.url, state) as mirroring:
        all_of(mirroring)
        with store_at(tmp_path, elastic.url, name="other.db") as store:
            assert store.mirror().put(HOME, old) == []
    assert cast("dict[str, object]", held(elastic, "alerts", "A-1")["shouwang"])["count"] == 99
    with mirrored(tmp_path, elastic.url, state) as again:
        assert not again.step(), "the position was kept"


def test_a_mirror_that_was_removed_is_made_again_whole(tmp_path: Path, state: StateStore, elastic: Node) -> None:
    put(state, ALERT, INCIDENT)
    with mirrored(tmp_path, elastic.url, state) as mirroring:
        all_of(mirroring)
    for kind in ("alerts", "incidents"):
        elastic.ask(f"/shouwang-{kind}", method="DELETE")
    with mirrored(tmp_path, elastic.url, state) as mirroring:
        all_of(mirroring)
        assert number(elastic, "alerts") == number(elastic, "incidents") == 1


def test_while_the_cluster_is_away_it_is_told_how_far_the_mirror_is_behind_and_it_catches_up(
    tmp_path: Path, state: StateStore, elastic: Node
) -> None:
    with Tap(elastic.port) as tap, mirrored(tmp_path, tap.url, state) as mirroring:
        stop = threading.Event()
        thread = threading.Thread(target=mirroring.run, args=(stop,))
        put(state, ALERT)
        all_of(mirroring)
        tap.cut()
        thread.start()
        try:
            put(state, replace(ALERT, count=13), INCIDENT)
            wait_for(lambda: any("is 2 behind" in str(each.what) for each in mirroring.findings()))
            tap.mend()
            wait_for(lambda: mirroring.findings() == [], 60)
            assert number(elastic, "incidents") == 1
            assert cast("dict[str, object]", held(elastic, "alerts", "A-1")["shouwang"])["count"] == 13
        finally:
            stop.set()
            thread.join(30)


def test_hostile_text_and_what_the_index_cannot_take_hold_nothing_up(
    tmp_path: Path, state: StateStore, elastic: Node
) -> None:
    odd = replace(
        ALERT,
        id="A-2",
        key="k2",
        entities={"source.ip": ("no address", "::1"), "process": ("x" * 70_000,), "a..b": ("1",), "": ("",)},
    )
    put(state, odd, INCIDENT)
    with mirrored(tmp_path, elastic.url, state) as mirroring:
        all_of(mirroring)
        assert number(elastic, "alerts") == number(elastic, "incidents") == 1
        assert mirroring.findings() == []


def test_a_home_that_was_taken_over_mirrors_no_more(tmp_path: Path, state: StateStore, elastic: Node) -> None:
    with mirrored(tmp_path, elastic.url, state) as mirroring:
        all_of(mirroring)
        with store_at(tmp_path, elastic.url, name="other.db") as other:
            other.belong_to("2" * 32)
            other.claim(take_over=True)
        put(state, ALERT)

        def refused() -> bool:
            try:
                mirroring.step()
            except StoreError as said:
                return "taken over" in str(said)
            put(state, ALERT)
            return False

        wait_for(refused)
