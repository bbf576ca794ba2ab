"""What waited for the cluster goes there in few requests, and is counted as if it had gone one by one."""

from __future__ import annotations

import time
from pathlib import Path

from collectors.vocabulary import kinds
from shouwang.eventstore.base import Batch
from shouwang.eventstore.elastic.journal import Journal
from shouwang.eventstore.elastic.place import place
from shouwang.eventstore.elastic.spool import Spool
from shouwang.eventstore.elastic.store import ElasticStore
from shouwang.eventstore.elastic.template import Names
from tests.contract.eventstore import ZONE
from tests.contract.records import numbered, rehydrate
from tests.elastic.node import Node

NAMES = Names("shouwang")
BATCHES = 60


def waiting(folder: Path, *, number_of: int, again: bool = False) -> None:
    """Batches of two events, put while the cluster was away; ``again``: the last of them once more."""
    spool = Spool(folder / "spool.db", 1 << 30)
    journal = Journal(spool, NAMES, kinds(), ZONE)
    batches = [Batch([numbered(2 * at), numbered(2 * at + 1)]) for at in range(number_of)]
    for at, batch in enumerate([*batches, *batches[-1:]] if again else batches):
        journal.add(batch, {"file": str(at).encode()})
    spool.close()


def sent(folder: Path, node: Node) -> tuple[int, int]:
    """By the ledger: received and stored."""
    with ElasticStore(folder / "spool.db", place(node.url), zone=ZONE, rehydrate=rehydrate, kinds=kinds()) as store:
        end = time.monotonic() + 60
        while store._spool.waiting and time.monotonic() < end:
            time.sleep(0.05)
        ((received, stored),) = ((each.received, each.stored) for each in store.days())
        return received, stored


def requests(node: Node) -> int:
    """That brought events."""
    found = node.ask(f"/{NAMES.events}/_stats/bulk?filter_path=_all.primaries.bulk.total_operations")
    number = found["_all"]["primaries"]["bulk"]["total_operations"]  # type: ignore[index]
    assert isinstance(number, int)
    return number


def test_a_backlog_goes_in_few_requests(elastic: Node, tmp_path: Path) -> None:
    waiting(tmp_path, number_of=BATCHES)
    assert sent(tmp_path, elastic) == (2 * BATCHES, 2 * BATCHES)
    assert requests(elastic) <= 3


def test_what_is_there_already_counts_once(elastic: Node, tmp_path: Path) -> None:
    waiting(tmp_path, number_of=BATCHES, again=True)
    assert sent(tmp_path, elastic) == (2 * BATCHES, 2 * BATCHES)
    elastic.ask(f"/{NAMES.events}/_refresh", method="POST")
    assert elastic.ask(f"/{NAMES.events}/_count")["count"] == 2 * BATCHES
