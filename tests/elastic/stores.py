"""Stores on the tests' server, and waiting for what they promise."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from collectors.vocabulary import kinds
from shouwang.eventstore.base import Rehydrate
from shouwang.eventstore.elastic.place import Place
from shouwang.eventstore.elastic.store import SPOOL_BYTES, ElasticStore
from tests.contract.eventstore import ZONE
from tests.contract.records import rehydrate

LONGEST_S = 60.0


def store_at(
    folder: Path, url: str, *, name: str = "spool.db", spool_bytes: int = SPOOL_BYTES, by: Rehydrate = rehydrate
) -> ElasticStore:
    return ElasticStore(folder / name, Place((url,)), zone=ZONE, rehydrate=by, kinds=kinds(), spool_bytes=spool_bytes)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST_S
    while not holds():
        assert time.monotonic() < end, "it did not come to hold in time"
        time.sleep(0.02)
