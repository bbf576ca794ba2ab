"""The Elasticsearch store keeps the contract, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.vocabulary import kinds
from shouwang.eventstore.base import EventStore
from shouwang.eventstore.elastic.place import place
from shouwang.eventstore.elastic.store import ElasticStore
from tests.contract.eventstore import ZONE, EventStoreContract, Open
from tests.contract.eventstore_search import SearchContract
from tests.contract.records import rehydrate
from tests.elastic.node import Node

URL = "url"


def open_store(folder: Path) -> ElasticStore:
    """On the server that is named in the folder: another process finds it there."""
    where = place((folder / URL).read_text(encoding="utf-8"))
    return ElasticStore(folder / "spool.db", where, zone=ZONE, rehydrate=rehydrate, kinds=kinds())


class Elastic:
    @pytest.fixture
    def reopen(self, tmp_path: Path, elastic: Node) -> Iterator[Open]:
        (tmp_path / URL).write_text(elastic.url, encoding="utf-8")
        opened: list[ElasticStore] = []

        def again() -> EventStore:
            opened.append(open_store(tmp_path))
            return opened[-1]

        yield again
        for store in opened:
            store.close()


class TestElasticStore(Elastic, EventStoreContract):
    opener = "tests.contract.test_eventstore_elastic:open_store"


class TestElasticSearch(Elastic, SearchContract):
    pass
