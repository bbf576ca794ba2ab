"""Reading a stretch of the cluster's events for hours, in a process of its own: what a hunt does.

In the order of (time, id). Together the parts see what had arrived at the first one, and of what arrives meanwhile at
most what stands ahead; less what retention has removed since.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self, cast

from elasticsearch import BadRequestError

from shouwang.eventstore.base import Rehydrate
from shouwang.eventstore.elastic.asks import EVERYTHING, Ask
from shouwang.eventstore.elastic.connection import connect, telling
from shouwang.eventstore.elastic.documents import NOT_READ, READ, stored_of
from shouwang.eventstore.elastic.narrowing import narrow
from shouwang.eventstore.elastic.place import place_of
from shouwang.eventstore.elastic.search import LOOSE, Search
from shouwang.eventstore.elastic.template import Names
from shouwang.eventstore.embedded.history import Part, Stretch
from shouwang.eventstore.embedded.segments.asks import Place
from shouwang.model import Value
from shouwang.query import Node, Query

Json = dict[str, Value]

READ_AT_ONCE: Final = 500


class ElasticHistory:
    """One thread's. Raises ``StoreError``; ``StoreAway`` while the cluster is away.

    ``where``: ``where`` (see ``connection.plain``) and ``prefix``; ``kinds``: ECS name -> type as in ``fields.toml``.
    """

    def __init__(self, where: Json, rehydrate: Rehydrate, kinds: Mapping[str, str]) -> None:
        self._where = place_of(cast(Json, where["where"]))
        self._client = connect(self._where)
        self._kinds = kinds
        self._rehydrate = rehydrate
        names = Names(str(where["prefix"]))
        self._search = Search(self._client, self._where, names, kinds=kinds, rehydrate=rehydrate)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def stretch(self, from_us: int, to_us: int) -> Stretch:
        """As of now: numbers are not under the receipt time, whoever gives them."""
        answer = self._ask({"size": 0, "aggs": {"last": {"max": {"field": "shouwang.seq"}}}})
        last = cast("dict[str, float | None]", answer.get("last", {})).get("value")
        return Stretch(max(from_us, -(2**63)), min(to_us, 2**63 - 1), int(last or 0))

    def size(self, stretch: Stretch) -> int:
        """How many events it has."""
        return self._count(stretch, Place(stretch.from_us, b""), Place(stretch.to_us, b""), including=False)

    def part(self, stretch: Stretch, wanted: Node, after: Place | None) -> Part:
        """What follows ``after``: the events that may be ``wanted``, and others beside."""
        start = after or Place(stretch.from_us, b"")
        narrowing = narrow(Query(wanted), self._kinds).ask
        try:
            hits = self._hits(stretch, narrowing, start)
        except BadRequestError:  # more than this server lets a search have
            hits = self._hits(stretch, EVERYTHING, start)
        end = len(hits) < READ_AT_ONCE
        events = [self._rehydrate(stored_of(str(hit["_id"]), cast(Json, hit["_source"]))) for hit in hits]
        place = Place(stretch.to_us, b"") if end else Place(events[-1].time_us, events[-1].id)
        return Part(events, self._count(stretch, start, place, including=not end), place, end)

    def _hits(self, stretch: Stretch, narrowing: Ask, start: Place) -> list[Json]:
        wanted: list[Value] = (
            [] if narrowing == EVERYTHING else [{"bool": {"should": [narrowing, LOOSE], "minimum_should_match": 1}}]
        )
        body: Json = {
            "size": READ_AT_ONCE,
            "sort": [{"shouwang.time_us": "asc"}, {"event.id": "asc"}],
            "search_after": [start.time_us, start.id.hex()],
            "query": {"bool": {"filter": [*_within(stretch), *wanted]}},
            "_source": {"includes": [*READ], "excludes": [*NOT_READ]},
            "track_total_hits": False,
        }
        with telling(self._where):
            return cast("list[Json]", self._search.ask("events", body)["hits"]["hits"])

    def _count(self, stretch: Stretch, after: Place, to: Place, *, including: bool) -> int:
        """Of the events behind ``after``, those before ``to``; ``including``: and that one."""
        behind = _beyond(after, "gt", "gt")
        before = _beyond(to, "lt", "lte" if including else "lt")
        with telling(self._where):
            return int(
                self._client.count(
                    index=self._search.names.events,
                    ignore_unavailable=True,
                    query={"bool": {"filter": [*_within(stretch), behind, before]}},
                )["count"]
            )

    def _ask(self, body: Json) -> Mapping[str, Value]:
        with telling(self._where):
            return self._search.ask("events", body).get("aggregations", {})


def _within(stretch: Stretch) -> list[Value]:
    return [
        {"range": {"shouwang.time_us": {"gte": stretch.from_us, "lt": stretch.to_us}}},
        {"range": {"shouwang.seq": {"lte": stretch.last}}},
    ]


def _beyond(place: Place, sign: str, of_id: str) -> Ask:
    """Another time, or at the same time an id."""
    at_time: list[Value] = [
        {"term": {"shouwang.time_us": place.time_us}},
        {"range": {"event.id": {of_id: place.id.hex()}}},
    ]
    other: list[Value] = [{"range": {"shouwang.time_us": {sign: place.time_us}}}, {"bool": {"filter": at_time}}]
    return {"bool": {"should": other, "minimum_should_match": 1}}
