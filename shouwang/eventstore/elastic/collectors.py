"""A small document for each collector, in the control index: how it does."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict
from typing import Final, cast

import msgspec
import orjson
from elasticsearch import Elasticsearch

from shouwang.attendance import Attendance
from shouwang.eventstore.base import StoreAway
from shouwang.eventstore.elastic.connection import telling
from shouwang.eventstore.elastic.place import Place
from shouwang.eventstore.elastic.template import Names
from shouwang.model import Value

Json = dict[str, Value]
FRESH_S: Final = 5.0
MOST: Final = 1000
LONGEST: Final = 100_000


class Collectors:
    """Any thread may call."""

    def __init__(self, client: Elasticsearch, where: Place, names: Names) -> None:
        self._client = client
        self._where = where
        self._index = names.control
        self._lock = threading.Lock()
        self._last: tuple[float, list[Attendance]] | None = None

    def tell(self, said: Attendance) -> None:
        """Raises ``StoreAway``."""
        with telling(self._where):
            self._client.index(index=self._index, id=f"collector-{said.id}", document=_document(said))

    def all(self) -> list[Attendance]:
        """By host. As they were at most ``FRESH_S`` ago; while the cluster is away, as they were last."""
        with self._lock:
            last = self._last
            if last is None or time.monotonic() - last[0] > FRESH_S:
                try:
                    found = self._asked()
                except StoreAway:
                    found = last[1] if last else []
                self._last = last = time.monotonic(), found
            return last[1]

    def _asked(self) -> list[Attendance]:
        with telling(self._where):
            hits = self._client.search(
                index=self._index,
                ignore_unavailable=True,
                query={"term": {"kind": "collector"}},
                size=MOST,
                sort=[{"key": "asc"}],
                track_total_hits=False,
            )["hits"]["hits"]
        found = [each for hit in hits if (each := _read(cast(Json, hit["_source"]))) is not None]
        return sorted(found, key=lambda each: (each.host, each.id))


def _document(said: Attendance) -> Json:
    return {"kind": "collector", "key": said.id, "home": said.id, "said": orjson.dumps(asdict(said)).decode()}


def _read(document: Json) -> Attendance | None:
    """``None`` for what another version wrote, or somebody else."""
    said = str(document.get("said", ""))
    try:
        return msgspec.json.decode(said, type=Attendance) if len(said) <= LONGEST else None
    except msgspec.MsgspecError:
        return None
