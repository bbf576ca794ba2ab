"""The Elasticsearch store keeps the contract, on a real server: plain, and with TLS, an API key and our least role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectors.vocabulary import kinds
from shouwang.eventstore.base import EventStore
from shouwang.eventstore.elastic.place import Place, place_of, plain
from shouwang.eventstore.elastic.role import ROLES
from shouwang.eventstore.elastic.store import ElasticStore
from shouwang.eventstore.elastic.template import Names
from tests.contract.eventstore import ZONE, EventStoreContract, Open
from tests.contract.eventstore_search import SearchContract
from tests.contract.records import rehydrate
from tests.elastic.node import Node
from tests.elastic.secured import Secured

SERVER = "server.json"


def open_store(folder: Path) -> ElasticStore:
    """On the server that is named in the folder: another process finds it there."""
    where = place_of(json.loads((folder / SERVER).read_text(encoding="utf-8")))
    return ElasticStore(folder / "spool.db", where, zone=ZONE, rehydrate=rehydrate, kinds=kinds())


@contextmanager
def opening(folder: Path, where: Place) -> Iterator[Open]:
    (folder / SERVER).write_text(json.dumps(plain(where)), encoding="utf-8")
    opened: list[ElasticStore] = []

    def again() -> EventStore:
        opened.append(open_store(folder))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


class Plain:
    @pytest.fixture
    def reopen(self, tmp_path: Path, elastic: Node) -> Iterator[Open]:
        with opening(tmp_path, Place((elastic.url,))) as again:
            yield again


class OverTls:
    @pytest.fixture
    def reopen(self, tmp_path: Path, elastic_tls: Secured) -> Iterator[Open]:
        key = tmp_path / "elastic.toml"
        key.write_text(f'api_key = "{elastic_tls.api_key(ROLES["daemon"](Names("shouwang")))}"')
        key.chmod(0o600)
        with opening(tmp_path, Place((elastic_tls.url,), elastic_tls.authority.certificate, key)) as again:
            yield again


class TestElasticStore(Plain, EventStoreContract):
    opener = "tests.contract.test_eventstore_elastic:open_store"


class TestElasticSearch(Plain, SearchContract):
    pass


class TestSecuredElasticStore(OverTls, EventStoreContract):
    opener = "tests.contract.test_eventstore_elastic:open_store"


class TestSecuredElasticSearch(OverTls, SearchContract):
    pass
