"""What all writers of one cluster know of one another: the owning home, each writer's marks, and its ledger.

All of it stands in one small index. A writer alone writes its own documents, each whole, so nothing is ever merged.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from hashlib import blake2b
from typing import Final, NamedTuple, TypedDict, cast

from elasticsearch import ApiError, ConflictError, Elasticsearch, NotFoundError

from shouwang.errors import StoreError
from shouwang.eventstore.base import DayLedger
from shouwang.eventstore.elastic.bookings import Row
from shouwang.eventstore.elastic.connection import meaning, telling
from shouwang.eventstore.elastic.place import Place
from shouwang.eventstore.elastic.spool import Marks
from shouwang.eventstore.elastic.template import Names
from shouwang.model import Value
from shouwang.words import Words

Json = dict[str, Value]
OWNER: Final = "home"
_AT_ONCE: Final = 1_000

_NO_SHARD: Final = 503
_BEGINS_IN: Final = "10s"


class _Hit(TypedDict):
    _source: Json
    sort: list[Value]


class Writer(NamedTuple):
    """One that brings events into the cluster, as it was last told."""

    id: str
    host: str
    marks: Marks
    latest: Mapping[str, int]
    """Source -> receipt time of its newest record."""


class Owner(NamedTuple):
    """The home that correlates."""

    home: str
    host: str
    zone: str
    """Decides where a day begins, for all that write; empty: a version that did not tell."""


class Registry:
    def __init__(self, client: Elasticsearch, where: Place, names: Names) -> None:
        self._client = client
        self._where = where
        self._index = names.control

    # ------------------------------------------------------------------------------------------- the owner

    def owner(self) -> Owner | None:
        """``None``: nobody's yet."""
        with telling(self._where):
            try:
                held = self._client.get(index=self._index, id=OWNER)["_source"]
            except NotFoundError:
                return None
        return Owner(str(held["home"]), str(held.get("host", "")), str(held.get("zone", "")))

    def claim(self, mine: Owner, *, take_over: bool) -> None:
        """Be the one home that the cluster belongs to. Raises ``StoreError`` where another is."""
        document = {"kind": "owner", **mine._asdict()}
        with telling(self._where):
            try:
                self._client.create(index=self._index, id=OWNER, document=document, refresh=True)
                return
            except ConflictError:
                pass
            held = self._client.get(index=self._index, id=OWNER)
            owner = held["_source"]
            if all(owner.get(name) == value for name, value in document.items()):
                return
            if owner["home"] == mine.home:
                document["before"] = owner.get("before", "")
            elif take_over:
                document["before"] = owner["home"]
            else:
                raise of_another(self._where, str(owner["home"]), str(owner.get("host", "")))
            self._client.index(
                index=self._index,
                id=OWNER,
                document=document,
                if_seq_no=held["_seq_no"],
                if_primary_term=held["_primary_term"],
                refresh=True,
            )

    # ------------------------------------------------------------------------------------------ the writers

    def publish(self, writer: Writer, home: str, rows: Iterable[Row]) -> None:
        """What this writer has in the cluster by now, and the rows of its ledger that have changed."""
        lines: list[Json] = [
            {"index": {"_id": f"writer-{writer.id}"}},
            {
                "kind": "writer",
                "key": writer.id,
                "writer": writer.id,
                "home": home,
                "host": writer.host,
                "marks": {"events": writer.marks.events, "matches": writer.marks.matches},
                "latest": json.dumps(dict(writer.latest)),
            },
        ]
        for row in rows:
            key = _key(writer.id, row.ledger)
            lines += [{"index": {"_id": f"ledger-{key}"}}, _row_document(writer.id, key, row)]
        with telling(self._where):
            answer = self._client.bulk(index=self._index, operations=lines, filter_path=["errors", "items.index.error"])
        if answer["errors"]:
            error = next(each["index"]["error"] for each in answer["items"] if each)
            raise meaning(self._where, 503, f"{error.get('type')}: {error.get('reason')}")

    def writer(self, id: str) -> Writer | None:
        """As it was told last, even a moment ago."""
        with telling(self._where):
            try:
                found = self._client.get(index=self._index, id=f"writer-{id}")
            except NotFoundError:
                return None
        return _writer(found["_source"])

    def writers(self) -> list[Writer]:
        """May be a second old: then others' newest events are not seen yet."""
        return [_writer(source) for source in self._all("writer")]

    def rows(self) -> list[tuple[str, Row]]:
        """Of every writer, by its id."""
        return [(str(source["writer"]), _row(source)) for source in self._all("ledger")]

    def forget_day(self, day: str) -> None:
        """Its ledger, of all writers."""
        with telling(self._where):
            self._client.indices.refresh(index=self._index)
            gone = [f"ledger-{source['key']}" for source in self._all("ledger", {"term": {"day": day}})]
            for at in range(0, len(gone), _AT_ONCE):
                lines = [{"delete": {"_id": id}} for id in gone[at : at + _AT_ONCE]]
                self._client.bulk(index=self._index, operations=lines, refresh=True)

    def _all(self, kind: str, *more: Json) -> Iterator[Json]:
        after: Sequence[Value] | None = None
        while True:
            with telling(self._where):
                try:
                    hits = self._page(kind, more, after)
                except ApiError as error:
                    if error.status_code != _NO_SHARD or not self._begun():
                        raise
                    hits = self._page(kind, more, after)
            yield from (hit["_source"] for hit in hits)
            if len(hits) < _AT_ONCE:
                return
            after = hits[-1]["sort"]

    def _page(self, kind: str, more: Sequence[Json], after: Sequence[Value] | None) -> list[_Hit]:
        return cast(
            "list[_Hit]",
            self._client.search(
                index=self._index,
                ignore_unavailable=True,
                query={"bool": {"filter": [{"term": {"kind": kind}}, *more]}},
                sort=[{"key": "asc"}],
                size=_AT_ONCE,
                search_after=after,
                track_total_hits=False,
            )["hits"]["hits"],
        )

    def _begun(self) -> bool:
        """Waits a moment for the index: it may just be made. A role that may not ask does not wait."""
        try:
            self._client.cluster.health(index=self._index, wait_for_status="yellow", timeout=_BEGINS_IN)
        except ApiError:
            return False
        return True


def _key(writer: str, row: DayLedger) -> str:
    source = blake2b(row.source.encode("utf-8"), digest_size=12).hexdigest()
    return f"{row.day.isoformat()}-{writer}-{source}"


def _row_document(writer: str, key: str, row: Row) -> Json:
    ledger = row.ledger
    return {
        "kind": "ledger",
        "key": key,
        "writer": writer,
        "day": ledger.day.isoformat(),
        "source": ledger.source,
        "received": ledger.received,
        "stored": ledger.stored,
        "dropped": json.dumps(dict(ledger.dropped)),
        "bytes": ledger.bytes,
        "digest": base64.b64encode(row.digest.to_bytes(32, "big")).decode("ascii"),
    }


def _row(source: Json) -> Row:
    return Row(
        DayLedger(
            day=date.fromisoformat(cast(str, source["day"])),
            source=cast(str, source["source"]),
            received=cast(int, source["received"]),
            stored=cast(int, source["stored"]),
            dropped=json.loads(cast(str, source["dropped"])),
            bytes=cast(int, source["bytes"]),
        ),
        int.from_bytes(base64.b64decode(cast(str, source["digest"])), "big"),
    )


def _writer(source: Json) -> Writer:
    marks = cast("dict[str, int]", source["marks"])
    return Writer(
        id=cast(str, source["writer"]),
        host=cast(str, source["host"]),
        marks=Marks(marks["events"], marks["matches"]),
        latest=json.loads(cast(str, source["latest"])),
    )


def of_another(where: Place, home: str, host: str) -> StoreError:
    return StoreError(
        Words(
            f"Elasticsearch（{where}）属于另一个数据目录（{home}，主机 {host}）。",
            f"Elasticsearch at {where} belongs to another home ({home}, on {host}).",
        ),
        hint=Words(
            "只能有一个守护进程关联和告警。若原主机不再使用：`shouwang up --take-over`；"
            "只采集日志：`shouwang collect`。",
            "One daemon correlates and alerts. If that one is gone for good: `shouwang up --take-over`; to bring logs "
            "only: `shouwang collect`.",
        ),
    )
