"""The printed roles are enough for what we do, and not for more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from zoneinfo import ZoneInfo

import pytest

from collectors.vocabulary import kinds
from shouwang.attendance import Attendance
from shouwang.eventstore.base import Batch, StoreAway
from shouwang.eventstore.elastic.journal import Journal
from shouwang.eventstore.elastic.place import place
from shouwang.eventstore.elastic.role import ROLES
from shouwang.eventstore.elastic.spool import Spool
from shouwang.eventstore.elastic.store import ElasticStore
from shouwang.eventstore.elastic.template import Names
from shouwang.query import All, Query
from tests.contract.records import NOON_US, id_of, numbered, rehydrate
from tests.elastic.secured import Secured
from tests.unit.state.samples import ALERT, INCIDENT

NAMES = Names("shouwang")
HALF_A_YEAR_US = 200 * 86_400_000_000


@contextmanager
def opened(server: Secured, folder: Path, role: str, *, collects: bool = False) -> Iterator[ElasticStore]:
    folder.mkdir()
    key = folder / "elastic.toml"
    key.write_text(f'api_key = "{server.api_key(ROLES[role](NAMES))}"')
    key.chmod(0o600)
    with reopened(server, folder, collects=collects) as store:
        store.belong_to(role)
        yield store


@contextmanager
def reopened(server: Secured, folder: Path, *, collects: bool = False) -> Iterator[ElasticStore]:
    where = place(server.url, ca=str(server.authority.certificate), credentials=str(folder / "elastic.toml"))
    with ElasticStore(
        folder / "spool.db",
        where,
        zone=ZoneInfo("Asia/Shanghai"),
        rehydrate=rehydrate,
        kinds=kinds(),
        collects=collects,
    ) as store:
        yield store


def refused(server: Secured, key: str, path: str, body: object = None, method: str = "") -> bool:
    try:
        server.ask(path, body, method, authorization=f"ApiKey {key}")
    except HTTPError as error:
        return error.code == 403
    return False


def sent(store: ElasticStore) -> int:
    """What waits on this host when nothing more moves."""
    store._sender.settle()
    return store._spool.waiting


def test_the_daemons_role_is_enough_to_write_read_count_and_let_days_go(elastic_tls: Secured, tmp_path: Path) -> None:
    with opened(elastic_tls, tmp_path / "d", "daemon") as store:
        store.claim()
        assert store.put(Batch([numbered(n) for n in range(5)], received_us=NOON_US), {"file": b"5"}).stored == 5
        page = store.read(Query(All()), newest_first=True, after=None, limit=10)
        assert len(page.items) == 5
        assert [each.count for each in store.count(Query(All()), by=None, bucket_s=None, top=0)] == [5]
        assert store.health() == []
        later = NOON_US + HALF_A_YEAR_US
        store.maintain(later, 10)
        (day,) = {each.day for each in store.days()}
        store.drop_day(day, now_us=later)
        assert store.days() == []
        assert store.health() == []


def test_the_daemons_role_changes_no_event_and_nothing_of_others(elastic_tls: Secured, tmp_path: Path) -> None:
    elastic_tls.ask("/others/_doc/1", {"a": 1})
    with opened(elastic_tls, tmp_path / "d", "daemon") as store:
        store.put(Batch([numbered(n) for n in range(1)], received_us=NOON_US), {})
    event = f"/{NAMES.index('events', '2026-11-24')}/_doc/{id_of(0).hex()}"
    elastic_tls.ask(event)
    key = elastic_tls.api_key(ROLES["daemon"](NAMES))
    assert refused(elastic_tls, key, event, {"forged": True})
    assert refused(elastic_tls, key, event, method="DELETE")
    assert refused(elastic_tls, key, "/others/_doc/1")
    assert refused(elastic_tls, key, "/others", method="DELETE")
    assert refused(elastic_tls, key, "/_security/user/me", {"password": "longenough", "roles": ["superuser"]})


def test_a_collector_adds_and_can_neither_read_change_nor_remove(elastic_tls: Secured, tmp_path: Path) -> None:
    with opened(elastic_tls, tmp_path / "d", "daemon") as store:
        store.claim()
    with opened(elastic_tls, tmp_path / "c", "collector") as collector:
        collector.put(Batch([numbered(n) for n in range(3)], received_us=NOON_US), {"file": b"3"})
        assert sent(collector) == 0
        assert [each.stored for each in collector.days()] == [3]
    index = NAMES.index("events", "2026-11-24")
    event = f"/{index}/_doc/{id_of(0).hex()}"
    elastic_tls.ask(event)
    key = elastic_tls.api_key(ROLES["collector"](NAMES))
    assert refused(elastic_tls, key, event)
    assert refused(elastic_tls, key, f"/{NAMES.events}/_search")
    assert refused(elastic_tls, key, event, {"forged": True})
    assert refused(elastic_tls, key, event, method="DELETE")
    assert refused(elastic_tls, key, f"/{index}", method="DELETE")
    assert refused(elastic_tls, key, f"/{NAMES.control}", method="DELETE")
    assert refused(elastic_tls, key, f"/_index_template/{NAMES.events}", {"index_patterns": ["x"]})


def test_what_a_collector_sends_again_counts_once(elastic_tls: Secured, tmp_path: Path) -> None:
    with opened(elastic_tls, tmp_path / "d", "daemon") as store:
        store.claim()
    with opened(elastic_tls, tmp_path / "c", "collector") as collector:
        for _ in range(2):
            collector.put(Batch([numbered(n) for n in range(3)], received_us=NOON_US), {"file": b"3"})
        assert sent(collector) == 0
        assert [(each.received, each.stored) for each in collector.days()] == [(3, 3)]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_what_the_server_takes(elastic_tls: Secured, role: str) -> None:
    elastic_tls.role(f"shouwang-{role}", json.loads(json.dumps(ROLES[role](NAMES))))


def test_a_batch_of_a_collector_that_arrived_without_its_answer_counts(elastic_tls: Secured, tmp_path: Path) -> None:
    with opened(elastic_tls, tmp_path / "d", "daemon") as store:
        store.claim()
    with opened(elastic_tls, tmp_path / "c", "collector") as collector:
        collector.put(Batch([numbered(0)], received_us=NOON_US), {"file": b"1"})
        assert sent(collector) == 0
    index = NAMES.index("events", "2026-11-24")
    spool = Spool(tmp_path / "c" / "spool.db", 1 << 30)  # added, sent, killed before it was booked
    journal = Journal(spool, NAMES, kinds(), ZoneInfo("Asia/Shanghai"))
    journal.add(Batch([numbered(1)], received_us=NOON_US), {"file": b"2"})
    entry = spool.oldest()
    assert entry is not None
    for item in entry.payload.items:
        elastic_tls.ask(f"/{index}/_create/{item.id}", json.loads(item.body))
    spool.close()
    with reopened(elastic_tls, tmp_path / "c") as collector:
        assert sent(collector) == 0
        assert [(each.received, each.stored) for each in collector.days()] == [(2, 2)]


def test_what_collect_and_the_mirror_do_needs_no_more_than_the_roles(elastic_tls: Secured, tmp_path: Path) -> None:
    said = Attendance("2" * 32, "web01", "1", "abc", 1, 0, 1, 2, False, 0, 0, False, 3)
    with opened(elastic_tls, tmp_path / "d", "daemon") as store:
        store.claim()
        mirror = store.mirror()
        assert mirror.ready() == mirror.ready() != ""
        assert mirror.put("1" * 32, [(1, ALERT), (2, INCIDENT)]) == []
        with opened(elastic_tls, tmp_path / "c", "collector", collects=True) as collector:
            collector.join()
            collector.put(Batch([numbered(1)], received_us=NOON_US), {"file": b"1"})
            assert sent(collector) == 0
            assert collector.health() == []
            collector.tell(said)
            with pytest.raises(StoreAway, match="refuses us"):
                collector.mirror().put("1" * 32, [(3, ALERT)])
        elastic_tls.ask("/shouwang-control/_refresh", method="POST")
        assert store.collectors() == [said]
