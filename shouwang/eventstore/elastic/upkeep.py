"""The cluster's care: days that go, what a day takes, and what a person should know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import cast

from elasticsearch import Elasticsearch

from shouwang.eventstore.base import Part, RetentionFloor
from shouwang.eventstore.elastic.connection import telling
from shouwang.eventstore.elastic.place import Place
from shouwang.eventstore.elastic.template import Names
from shouwang.model import Value
from shouwang.retention import FLOOR_DAYS, first_free
from shouwang.words import Words

Json = dict[str, Value]


class Upkeep:
    """Raises ``StoreError``, ``StoreAway``."""

    def __init__(self, client: Elasticsearch, where: Place, names: Names) -> None:
        self._client = client
        self._where = where
        self._names = names

    def drop(self, day: date) -> None:
        """Its indices, whoever wrote them."""
        indices = [self._names.index(kind, day.isoformat()) for kind in ("events", "matches")]
        with telling(self._where):
            self._client.indices.delete(index=indices, ignore_unavailable=True)

    def parts(self, day: date) -> list[Part]:
        index = self._names.index("events", day.isoformat())
        with telling(self._where):
            found = self._client.indices.stats(index=f"{index}*", metric=["docs", "store"])["indices"]
        return [
            Part(name, each["primaries"]["docs"]["count"], _size(each)) for name, each in found.items() if name == index
        ]

    def sizes(self) -> dict[date, int]:
        """Day -> bytes on the cluster's disks, copies too."""
        with telling(self._where):
            asked = [f"{self._names.events}-*", f"{self._names.matches}-*"]
            found = self._client.indices.stats(index=asked, metric=["store"])["indices"]
        days: dict[date, int] = {}
        for name, each in found.items():
            day = self._names.day_of(name)
            if day is not None:
                days[day] = days.get(day, 0) + _size(each)
        return days

    def free_bytes(self) -> int:
        """On the node that has least: a full one stops the index that it holds."""
        with telling(self._where):
            nodes = self._client.nodes.stats(metric=["fs"], filter_path=["nodes.*.fs.total.available_in_bytes"])[
                "nodes"
            ]
        return min((node["fs"]["total"]["available_in_bytes"] for node in nodes.values()), default=0)

    def merge(self, days: Sequence[date]) -> None:
        """Days that are over: to one part each, in the background. Where the server has ILM, that does it."""
        indices = [self._names.index(kind, day.isoformat()) for day in days for kind in ("events", "matches")]
        with telling(self._where):
            self._client.indices.forcemerge(
                index=indices,
                max_num_segments=1,
                wait_for_completion=False,
                ignore_unavailable=True,
                allow_no_indices=True,
            )


def refuse_to_drop(day: date, today: date, held: str) -> None:
    """Raises ``RetentionFloor``."""
    free = first_free(day)
    if today < free:
        raise RetentionFloor(
            Words(
                f"{day} 的日志必须留存：法律要求不少于六个月（{FLOOR_DAYS} 天）。",
                f"The events of {day} must be kept: the law asks for six months ({FLOOR_DAYS} days).",
            ),
            hint=Words(f"{free} 起可以删除。", f"They may go on {free}."),
        )
    if held:
        raise RetentionFloor(
            Words(f"{day} 的日志受封存令 {held} 约束。", f"The events of {day} are under the legal hold {held}."),
            hint=Words(f"解除：`shouwang store release {held}`", f"To end it: `shouwang store release {held}`"),
        )


def _size(stats: Json) -> int:
    total = cast("dict[str, Json]", stats["total"])
    return cast(int, total["store"]["size_in_bytes"])
