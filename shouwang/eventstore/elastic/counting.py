"""How many: by the server where its answer is exact, else by reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, cast

from elasticsearch import ApiError

from shouwang.comparison import text_of
from shouwang.eventstore.base import Count
from shouwang.eventstore.elastic.asks import Ask
from shouwang.eventstore.elastic.connection import telling
from shouwang.eventstore.elastic.narrowing import narrow
from shouwang.eventstore.elastic.search import LOOSE, Answer, Paging, Search, whole
from shouwang.eventstore.elastic.snapshot import Vector
from shouwang.eventstore.elastic.template import COUNTED
from shouwang.eventstore.tally import Tally
from shouwang.model import Event, Value
from shouwang.query import Query, matches, value_of

Json = dict[str, Value]

MOST_VALUES: Final = 10_000
MOST_BUCKETS: Final = 10_000
_IN_A_DOUBLE: Final = 1 << 53
ENVELOPE: Final[Mapping[str, str]] = {"event.dataset": "event.dataset", "shouwang.source": "shouwang.source"}


class Grouping(NamedTuple):
    by: str | None
    bucket: tuple[int, int] | None
    """Width and offset in microseconds; buckets start at multiples of the width, less the offset."""
    top: int


def count(search: Search, query: Query, vector: Vector, grouping: Grouping) -> list[Count]:
    if not vector:
        return [] if grouping.by is not None or grouping.bucket is not None else [Count(None, 0)]
    found = _by_server(search, query, vector, grouping)
    if found is not None:
        return found
    events = search.events(query, vector, None, Paging(newest_first=False, limit=MOST_VALUES))
    return _by_reading((event for event in events if matches(query, event)), grouping)


def _by_server(search: Search, query: Query, vector: Vector, grouping: Grouping) -> list[Count] | None:
    """``None`` where its answer would not be exact."""
    narrowing = narrow(query, search.kinds)
    aggregation = _aggregation(search, grouping)
    if not narrowing.exact or aggregation is None:
        return None
    unsure: list[Value] = [] if query.ids else [LOOSE]
    if grouping.by is not None:
        unsure += [LOOSE, {"term": {"shouwang.odd": grouping.by}}, {"term": {"_ignored": grouping.by}}]
    body: Json = {
        "size": 0,
        "track_total_hits": True,
        "query": whole(query, narrowing.ask, vector),
        "aggs": {**aggregation, "unsure": {"filter": {"bool": {"should": unsure or [{"match_none": {}}]}}}},
    }
    with telling(search.where):
        try:
            answer = search.ask("events", body)
        except ApiError as error:
            if error.status_code == 400:  # more clauses or buckets than this server allows
                return None
            raise
    found = answer.get("aggregations")
    if not found:
        return None
    return None if found["unsure"]["doc_count"] else _answered(answer, found, grouping)


def _aggregation(search: Search, grouping: Grouping) -> Ask | None:
    if grouping.bucket is not None:
        width, offset = grouping.bucket
        return {
            "times": {
                "histogram": {
                    "field": "shouwang.time_us",
                    "interval": width,
                    "offset": -(offset % width),
                    "min_doc_count": 1,
                }
            },
            "first": {"min": {"field": "shouwang.time_us"}},
            "last": {"max": {"field": "shouwang.time_us"}},
        }
    if grouping.by is None:
        return {}
    field = ENVELOPE.get(grouping.by, grouping.by if search.kinds.get(grouping.by) in COUNTED else "")
    if not field:
        return None
    order: list[Value] = [{"_count": "desc"}, {"_key": "asc"}]
    size = min(2 * grouping.top + 10, MOST_VALUES) if grouping.top else MOST_VALUES
    return {"values": {"terms": {"field": field, "size": size, "order": order, "show_term_doc_count_error": True}}}


def _answered(answer: Answer, found: Mapping[str, Json], grouping: Grouping) -> list[Count] | None:
    if grouping.bucket is not None:
        if any(abs(cast(float, found[end]["value"] or 0)) >= _IN_A_DOUBLE for end in ("first", "last")):
            return None
        buckets = cast("list[dict[str, float]]", found["times"]["buckets"])
        return [Count(int(bucket["key"]), int(bucket["doc_count"])) for bucket in buckets]
    if grouping.by is not None:
        return _most(found["values"], grouping.top)
    return [Count(None, answer["hits"]["total"]["value"])]


def _most(values: Json, top: int) -> list[Count] | None:
    """Equal ones in the order of their text, as ``Tally`` does. ``None`` where there may be others as good."""
    buckets = cast("list[dict[str, Value]]", values["buckets"])
    more = cast(int, values["sum_other_doc_count"]) > 0
    counts = [
        Count(bucket["key"], cast(int, bucket["doc_count"]), cast(int, bucket["doc_count_error_upper_bound"]) > 0)
        for bucket in buckets
    ]
    counts.sort(key=lambda each: (-each.count, text_of(each.key)))
    if not more:
        return counts[: top or None]
    if not top or len(counts) <= top or counts[top - 1].count == counts[-1].count:
        return None
    return counts[:top]


def _by_reading(events: Iterable[Event], grouping: Grouping) -> list[Count]:
    by, bucket, top = grouping
    total = 0
    tally, buckets = Tally(), dict[int, int]()
    for event in events:
        total += 1
        if by is not None:
            tally.add(value_of(event, by), 1)
        elif bucket is not None:
            start = event.time_us - (event.time_us + bucket[1]) % bucket[0]
            buckets[start] = buckets.get(start, 0) + 1
    if by is not None:
        return tally.most(top)
    if bucket is not None:
        return [Count(start, number) for start, number in sorted(buckets.items())]
    return [Count(None, total)]
