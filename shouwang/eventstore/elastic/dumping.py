"""The worker's jobs ``elastic.export`` and ``elastic.verify``: a receipt day read back, in one view of the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final, cast

from elasticsearch import Elasticsearch, NotFoundError

from shouwang.eventstore.archived import Sums
from shouwang.eventstore.base import Stored
from shouwang.eventstore.elastic.connection import connect, telling
from shouwang.eventstore.elastic.documents import NOT_READ, READ, stored_of
from shouwang.eventstore.elastic.place import Place, place_of
from shouwang.eventstore.elastic.template import Names
from shouwang.eventstore.exporting import export
from shouwang.model import Value

Json = dict[str, Value]

_AT_ONCE: Final = 500
_SAY_EVERY: Final = 20_000


def work(args: Json, files: Sequence[int], say: Callable[[Json], None]) -> Json:
    """args: ``where`` (see ``connection.plain``), ``prefix``, ``day``, ``format``; ``files``: the one to write.

    Gives what ``exporting.export`` does; without a format ``events``, ``bytes`` and ``sources`` alone.
    """
    where, names = place_of(cast(Json, args["where"])), Names(str(args["prefix"]))
    with connect(where) as client:
        events = stored(client, where, names.index("events", date.fromisoformat(str(args["day"])).isoformat()))
        return export(events, str(args["format"]), files[0], say) if files else _sums(events, say)


def stored(client: Elasticsearch, where: Place, index: str) -> Iterator[Stored]:
    """All events of the index; none where it is not there."""
    with telling(where):
        try:
            pit = str(client.open_point_in_time(index=index, keep_alive="5m")["id"])
        except NotFoundError:
            return
    after: list[Value] | None = None
    try:
        while True:
            body: Json = {
                "pit": {"id": pit, "keep_alive": "5m"},
                "size": _AT_ONCE,
                "sort": [{"event.id": "asc"}],
                "_source": {"includes": [*READ], "excludes": [*NOT_READ]},
                "track_total_hits": False,
                **({"search_after": after} if after else {}),
            }
            with telling(where):
                hits = client.search(body=body)["hits"]["hits"]
            yield from (stored_of(hit["_id"], hit["_source"]) for hit in hits)
            if len(hits) < _AT_ONCE:
                return
            after = hits[-1]["sort"]
    finally:
        with telling(where):
            client.close_point_in_time(id=pit)


def _sums(events: Iterator[Stored], say: Callable[[Json], None]) -> Json:
    sums = Sums()
    for each in events:
        if sums.events % _SAY_EVERY == 0:
            say({"events": sums.events})
        sums.add(each)
    return {"events": sums.events, "bytes": sums.bytes, "sources": sums.plain()}
