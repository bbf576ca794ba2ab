"""Reading: pages by time and by arrival. The server narrows, ``shouwang.query.matches`` decides."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, Required, TypedDict, cast

from elasticsearch import ApiError, BadRequestError, Elasticsearch, NotFoundError

from shouwang.errors import StoreError
from shouwang.eventstore.base import Page, Position, Rehydrate
from shouwang.eventstore.elastic import snapshot
from shouwang.eventstore.elastic.asks import EVERYTHING, Ask
from shouwang.eventstore.elastic.connection import telling
from shouwang.eventstore.elastic.documents import NOT_READ, READ, match_of, stored_of
from shouwang.eventstore.elastic.narrowing import Narrowing, in_time, narrow
from shouwang.eventstore.elastic.place import Place
from shouwang.eventstore.elastic.snapshot import Kind, Vector
from shouwang.eventstore.elastic.template import Names
from shouwang.model import Event, Match, Value
from shouwang.query import Query, matches
from shouwang.words import Words

log = logging.getLogger(__name__)
Json = dict[str, Value]

AT_ONCE: Final = 500
"""Documents in one answer; with the longest records 125 MB."""
KEEP_ALIVE: Final = "2m"
MOST_PITS: Final = 8
LOOSE: Final[Ask] = {"term": {"shouwang.loose": True}}
"""Events that every narrowing lets through."""


class _Found(TypedDict):
    _id: str
    _source: Json
    sort: list[Value]


class _Hits(TypedDict):
    hits: list[_Found]
    total: dict[str, int]


class _Bucket(TypedDict):
    key: str
    first: dict[str, float]


class Answer(TypedDict, total=False):
    """What a search gives, as far as it is read here."""

    hits: Required[_Hits]
    aggregations: dict[str, Json]


class Hit(NamedTuple):
    id: str
    source: Json
    sort: Sequence[Value]


class Search:
    """Any thread may call. Raises ``StoreError``, ``StoreAway``."""

    def __init__(
        self, client: Elasticsearch, where: Place, names: Names, *, kinds: Mapping[str, str], rehydrate: Rehydrate
    ) -> None:
        self.client = client
        self.where = where
        self.names = names
        self.kinds = kinds
        self._rehydrate = rehydrate
        self._lock = threading.Lock()
        self._pits: OrderedDict[str, str] = OrderedDict()

    # ------------------------------------------------------------------------------------------ by time

    def read(self, query: Query, vector: Vector, place: tuple[int, str] | None, page: Paging) -> Page[Event]:
        """After ``place``, which is time and id, up to the vector's marks."""
        items: list[Event] = []
        sign = "n" if page.newest_first else "o"
        for event in self.events(query, vector, place, page):
            if not matches(query, event):
                continue
            if len(items) == page.limit:
                last = items[-1]
                return Page(items, Position(f"{sign}:{snapshot.to_text(vector)}:{last.time_us}:{last.id.hex()}"))
            items.append(event)
        self._close_pit(snapshot.to_text(vector))
        return Page(items, None)

    def events(self, query: Query, vector: Vector, place: tuple[int, str] | None, page: Paging) -> Iterator[Event]:
        """All that the server lets through."""
        if not vector:
            return
        direction = "desc" if page.newest_first else "asc"
        order: list[Value] = [{"shouwang.time_us": direction}, {"event.id": direction}]
        size = min(page.limit + 1, AT_ONCE)
        many = place is not None
        after: Sequence[Value] | None = None if place is None else [*place]
        narrowing = narrow(query, self.kinds)
        while True:
            hits = self._hits(query, narrowing, vector, {"sort": order, "size": size}, after, many=many)
            for hit in hits:
                yield self._rehydrate(stored_of(hit.id, hit.source))
            if len(hits) < size:
                return
            after, many, size = hits[-1].sort, True, AT_ONCE

    def _hits(
        self,
        query: Query,
        narrowing: Narrowing,
        vector: Vector,
        how: Json,
        after: Sequence[Value] | None,
        *,
        many: bool,
    ) -> list[Hit]:
        body: Json = {**how, "_source": {"includes": [*READ], "excludes": [*NOT_READ]}, "track_total_hits": False}
        if after is not None:
            body["search_after"] = [*after]
        text = snapshot.to_text(vector)
        with telling(self.where):
            try:
                return self._ask(body | {"query": whole(query, narrowing.ask, vector)}, text if many else "")
            except BadRequestError as error:
                if narrowing.ask == EVERYTHING:
                    raise
                log.warning("The server could not narrow a search, all is read instead: %s", error)
                return self._ask(body | {"query": whole(query, EVERYTHING, vector)}, text if many else "")

    def _ask(self, body: Json, text: str) -> list[Hit]:
        """In one view of the data (PIT) where ``text`` names the snapshot. One that the server has given up, is made
        anew: the marks still bound it."""
        for _ in range(2):
            pit = self._pit(text) if text else ""
            more: Json = {"pit": {"id": pit, "keep_alive": KEEP_ALIVE}} if pit else {}
            try:
                answer = self.client.search(body=body | more) if pit else self.ask("events", body)
            except NotFoundError:
                if not pit:
                    raise
                self._forget(text)
                continue
            return [Hit(hit["_id"], hit["_source"], hit["sort"]) for hit in answer["hits"]["hits"]]
        raise StoreError(
            Words(
                "集群两次丢失了正在翻页的检索快照。",
                "The cluster lost the snapshot that a search was paging through, twice.",
            ),
            hint=Words("请从第一页重新检索。", "Search again from the first page."),
        )

    def _pit(self, text: str) -> str:
        with self._lock:
            if text in self._pits:
                self._pits.move_to_end(text)
                return self._pits[text]
        opened = self.client.open_point_in_time(index=self.names.events, keep_alive=KEEP_ALIVE, ignore_unavailable=True)
        with self._lock:
            self._pits[text] = pit = str(opened["id"])
            gone = [self._pits.popitem(last=False)[1] for _ in range(len(self._pits) - MOST_PITS)]
        for each in gone:
            self._close(each)
        return pit

    def _forget(self, text: str) -> None:
        with self._lock:
            self._pits.pop(text, None)

    def _close_pit(self, text: str) -> None:
        with self._lock:
            pit = self._pits.pop(text, "")
        if pit:
            self._close(pit)

    def _close(self, pit: str) -> None:
        with suppress(ApiError, StoreError), telling(self.where):
            self.client.close_point_in_time(id=pit)

    def close(self) -> None:
        for text in [*self._pits]:
            self._close_pit(text)

    def ask(self, kind: Kind, body: Json) -> Answer:
        """A search over all days there are. Raises what the client raises: inside ``telling``."""
        index = self.names.alias(kind)
        return cast(
            Answer, self.client.search(index=index, body=body, ignore_unavailable=True, allow_no_indices=True).body
        )

    # --------------------------------------------------------------------------------------- by arrival

    def tail_events(self, passed: Vector, vector: Vector, limit: int) -> Page[Event]:
        found = [*self._tail("events", passed, vector, limit, {"includes": [*READ], "excludes": [*NOT_READ]})]
        events = [self._rehydrate(stored_of(hit.id, hit.source)) for hit in found]
        return Page(events, _reached(found, passed, vector, limit))

    def tail_matches(self, passed: Vector, vector: Vector, limit: int) -> Page[Match]:
        found = [*self._tail("matches", passed, vector, limit, True)]
        return Page([match_of(hit.source) for hit in found], _reached(found, passed, vector, limit))

    def _tail(self, kind: Kind, passed: Vector, vector: Vector, limit: int, source: Value) -> Iterator[Hit]:
        if all(mark <= passed.get(writer, 0) for writer, mark in vector.items()):
            return
        at: list[Value] | None = None
        left = limit
        while left:
            size = min(left, AT_ONCE)
            body: Json = {
                "query": snapshot.after(passed, vector),
                "sort": [{"shouwang.seq": "asc"}, {"shouwang.writer": "asc"}],
                "size": size,
                "_source": source,
                "track_total_hits": False,
            }
            if at is not None:
                body["search_after"] = at
            with telling(self.where):
                hits = self.ask(kind, body)["hits"]["hits"]
            yield from (Hit(hit["_id"], hit["_source"], hit["sort"]) for hit in hits)
            if len(hits) < size:
                return
            at, left = hits[-1]["sort"], left - len(hits)

    def since(self, kind: Kind, vector: Vector, received_us: int) -> Vector:
        """The marks behind which everything received then or later stands."""
        if not vector:
            return {}
        asked: Json = {
            "size": 0,
            "query": {
                "bool": {
                    "filter": [
                        {"range": {"shouwang.received_us": {"gte": received_us}}},
                        snapshot.within(vector),
                    ]
                }
            },
            "aggs": {
                "writers": {
                    "terms": {"field": "shouwang.writer", "size": 10_000},
                    "aggs": {"first": {"min": {"field": "shouwang.seq"}}},
                }
            },
        }
        with telling(self.where):
            answer = self.ask(kind, asked)
        found = dict(vector)
        writers = answer.get("aggregations", {}).get("writers", {}).get("buckets", [])
        for bucket in cast("list[_Bucket]", writers):
            found[bucket["key"]] = int(bucket["first"]["value"]) - 1
        return found


class Paging(NamedTuple):
    newest_first: bool
    limit: int


def whole(query: Query, ask: Ask, vector: Vector) -> Ask:
    """The narrowing, the query's time and the snapshot."""
    loosely: list[Value] = [] if ask == EVERYTHING else [{"bool": {"should": [ask, LOOSE], "minimum_should_match": 1}}]
    if query.ids:
        loosely = [ask]
    return {"bool": {"filter": [*in_time(query), *loosely, snapshot.within(vector)]}}


def _reached(found: Sequence[Hit], passed: Vector, vector: Vector, limit: int) -> Position:
    """All that is there was given, or each writer's up to its last."""
    reached = dict(passed)
    if len(found) < limit:
        for writer, mark in vector.items():
            reached[writer] = max(mark, reached.get(writer, 0))
    else:
        for hit in found:
            seq, writer = cast("tuple[int, str]", hit.sort)
            reached[writer] = seq
    return snapshot.at(reached)
