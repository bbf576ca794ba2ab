"""What is wrong with the cluster is said, with what to do; of a cluster that is well nothing is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from collectors.vocabulary import kinds
from shouwang.clock import SystemClock
from shouwang.eventstore.base import Batch
from shouwang.eventstore.elastic.connection import connect
from shouwang.eventstore.elastic.health import ClusterHealth
from shouwang.eventstore.elastic.place import Place, place
from shouwang.eventstore.elastic.store import ElasticStore
from shouwang.eventstore.elastic.template import Names, event_mappings, match_mappings
from shouwang.model import Finding, Level
from tests.contract.eventstore import ZONE
from tests.contract.records import numbered, rehydrate
from tests.elastic.node import Node
from tests.elastic.secured import Secured

NAMES = Names("shouwang")
INDEX = NAMES.index("events", "2026-11-24")


def looked(where: Place, *, ahead_s: int = 0) -> list[Finding]:
    """``ahead_s``: how far our clock is wrong."""
    with connect(where) as client:
        mappings = {"events": event_mappings(kinds()), "matches": match_mappings()}
        health = ClusterHealth(client, where, NAMES, mappings)
        return health.findings(SystemClock().now_us() + ahead_s * 1_000_000)


@pytest.fixture
def filled(elastic: Node, tmp_path: Path) -> Node:
    with ElasticStore(
        tmp_path / "spool.db", place(elastic.url), zone=ZONE, rehydrate=rehydrate, kinds=kinds()
    ) as store:
        store.put(Batch([numbered(1)]), {})
        store._sender.settle()
    return elastic


def settings(node: Node, **changed: object) -> None:
    node.ask("/_cluster/settings", {"persistent": {f"cluster.{name}": value for name, value in changed.items()}})


DISK = "routing.allocation.disk"


def test_of_a_cluster_that_is_well_nothing_is_said(elastic: Node, filled: Node) -> None:
    assert looked(place(filled.url)) == []


def test_of_a_cluster_that_is_away_the_sender_speaks() -> None:
    assert looked(place("http://127.0.0.1:1")) == []


@pytest.mark.parametrize(
    ("marks", "level", "said"),
    [
        (("1b", "1b", "999tb"), Level.DEGRADED, "past the low watermark: it gets no more shards"),
        (("1b", "999tb", "999tb"), Level.DEGRADED, "past the high watermark: its shards are moved away"),
        (("999tb", "999tb", "999tb"), Level.BROKEN, "past the flood_stage watermark: its indices take nothing"),
        (("1b", "1b", "1b"), None, ""),
    ],
)
def test_a_disk_past_a_watermark_is_named_with_what_to_free(
    filled: Node, marks: tuple[str, str, str], level: Level | None, said: str
) -> None:
    levels = dict(zip(("flood_stage", "high", "low"), marks, strict=True))
    changed: dict[str, object] = {f"{DISK}.watermark.{stage}": mark for stage, mark in levels.items()}
    settings(filled, **changed, **{f"{DISK}.threshold_enabled": True})
    found = [each for each in looked(place(filled.url)) if "watermark" in each.what.en]
    assert [each.level for each in found] == ([] if level is None else [level])
    for each in found:
        assert said in each.what.en
        assert "node-1" in each.what.zh
        assert "GB" in each.hint.en


def test_the_limit_of_shards_is_told_before_a_day_cannot_begin(filled: Node) -> None:
    settings(filled, max_shards_per_node=2)
    (found,) = looked(place(filled.url))
    assert found.level is Level.BROKEN
    held = int(filled.ask("/_cluster/health")["active_shards"])  # type: ignore[call-overload]  # a number; its own too
    assert found.what.en == f"The cluster has {held} of 2 shards; at the limit no new day can begin."
    assert "cluster.max_shards_per_node" in found.hint.en


def test_a_missing_copy_is_told(filled: Node) -> None:
    filled.ask(f"/{INDEX}/_settings", {"index": {"auto_expand_replicas": False, "number_of_replicas": 1}})
    (found,) = looked(place(filled.url))
    assert found.level is Level.DEGRADED
    assert "yellow: 1 copies are missing" in found.what.en


def test_an_index_that_takes_nothing_is_named(filled: Node) -> None:
    filled.ask(f"/{INDEX}/_settings", {"index.blocks.read_only_allow_delete": True})
    (found,) = looked(place(filled.url))
    assert found.level is Level.BROKEN
    assert INDEX in found.what.en


def test_a_foreign_template_above_ours_is_told_before_its_day(filled: Node) -> None:
    foreign = {"properties": {"source": {"properties": {"ip": {"type": "keyword"}}}}}
    filled.ask(
        "/_index_template/x", {"index_patterns": ["shouwang-*"], "priority": 900, "template": {"mappings": foreign}}
    )
    found = looked(place(filled.url))
    assert ["index template shouwang-events was changed" in each.what.en for each in found] == [True, False]
    assert "shouwang-matches" in found[1].what.en
    assert "higher priority" in found[0].hint.en


def test_a_removed_template_is_told(filled: Node) -> None:
    filled.ask(f"/_index_template/{NAMES.events}", method="DELETE")
    (found,) = looked(place(filled.url))
    assert "shouwang-events was changed" in found.what.en


def test_a_day_with_other_fields_than_ours_is_told(filled: Node) -> None:
    other = {
        "mappings": {"properties": {"source": {"properties": {"ip": {"type": "keyword"}}}}},
        "settings": {"number_of_replicas": 0},
    }
    filled.ask(
        "/_index_template/x", {"index_patterns": ["shouwang-events-2026.11.25"], "priority": 900, "template": other}
    )
    filled.ask("/shouwang-events-2026.11.25", {})
    filled.ask("/_index_template/x", method="DELETE")
    (found,) = looked(place(filled.url))
    assert "shouwang-events-2026.11.25 has not the template's fields" in found.what.en


@pytest.mark.parametrize(("ahead_s", "said"), [(3600, "behind this host's"), (-3600, "ahead of this host's")])
def test_a_clock_that_goes_wrong_is_told(filled: Node, ahead_s: int, said: str) -> None:
    (found,) = looked(place(filled.url), ahead_s=ahead_s)
    assert said in found.what.en
    assert "NTP" in found.hint.en


def test_a_role_that_may_not_look_is_told_once(elastic_tls: Secured, tmp_path: Path) -> None:
    path = tmp_path / "elastic.toml"
    path.write_text(f'api_key = "{elastic_tls.api_key({"cluster": ["none"]})}"')
    path.chmod(0o600)
    (found,) = looked(Place((elastic_tls.url,), elastic_tls.authority.certificate, path))
    assert "may not look at" in found.what.en
    assert "shouwang store role" in found.hint.en


def test_it_answers_soon(filled: Node) -> None:
    began = time.monotonic()
    looked(place(filled.url))
    assert time.monotonic() - began < 10
