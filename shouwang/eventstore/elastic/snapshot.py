"""What a reader may see: of each writer all up to a mark, so that no batch is seen in part and none is passed over."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

from elasticsearch import Elasticsearch

from shouwang.errors import UsageError
from shouwang.eventstore.base import Position
from shouwang.eventstore.elastic.asks import Ask
from shouwang.eventstore.elastic.connection import telling
from shouwang.eventstore.elastic.place import Place
from shouwang.eventstore.elastic.registry import Registry
from shouwang.eventstore.elastic.spool import Marks, Spool
from shouwang.eventstore.elastic.template import Names
from shouwang.words import Words

Kind: TypeAlias = Literal["events", "matches"]
Vector: TypeAlias = Mapping[str, int]
"""Writer -> arrival number of its newest document."""

_ONE: Final = re.compile(r"([0-9a-f]{1,32})=([0-9]{1,19})")
_NOTHING: Final = "0"
_BEGIN: Final = Words("请从第一页开始。", "Begin from the first page.")


def to_text(vector: Vector) -> str:
    """The same for the same."""
    return ",".join(f"{writer}={mark}" for writer, mark in sorted(vector.items()) if mark > 0) or _NOTHING


def from_text(text: str) -> dict[str, int]:
    """Raises ``ValueError``."""
    if text == _NOTHING:
        return {}
    found = {}
    for each in text.split(","):
        one = _ONE.fullmatch(each)
        if one is None:
            raise ValueError(each)
        found[one.group(1)] = int(one.group(2))
    return found


def arrival(position: Position | None) -> dict[str, int]:
    """Raises ``UsageError`` for a position of another store."""
    if position is None:
        return {}
    kind, _, text = position.token.partition(":")
    try:
        if kind != "a":
            raise ValueError(kind)
        return from_text(text)
    except ValueError:
        raise no_position(position) from None


def at(vector: Vector) -> Position:
    return Position(f"a:{to_text(vector)}")


def no_position(position: Position) -> UsageError:
    said = Words(f"{position.token!r} 不是本库的翻页位置。", f"{position.token!r} is no position of this store.")
    return UsageError(said, hint=_BEGIN)


def other_order() -> UsageError:
    return UsageError(
        Words("翻页位置属于另一种时间顺序。", "This page position belongs to the other order of time."), hint=_BEGIN
    )


def page_end(position: Position, *, newest_first: bool) -> tuple[Vector, tuple[int, str]]:
    """Of a page of ``read``. Raises ``UsageError``."""
    try:
        order, text, time_us, id = position.token.split(":")
        if order not in ("n", "o") or len(bytes.fromhex(id)) != 16:
            raise ValueError(order)
        vector = from_text(text)
        place = (int(time_us), id)
    except ValueError:
        raise no_position(position) from None
    if (order == "n") is not newest_first:
        raise other_order()
    return vector, place


def within(vector: Vector) -> Ask:
    """Documents up to the marks. Asked by what stands beyond them, of which there is little."""
    beyond: list[Ask] = [
        {"bool": {"filter": [{"term": {"shouwang.writer": writer}}, {"range": {"shouwang.seq": {"gt": mark}}}]}}
        for writer, mark in vector.items()
    ]
    return {"bool": {"filter": [{"terms": {"shouwang.writer": [*vector]}}], "must_not": [*beyond]}}


def after(passed: Vector, vector: Vector) -> Ask:
    """Documents up to the marks that were not passed yet."""
    rest: list[Ask] = [
        {
            "bool": {
                "filter": [
                    {"term": {"shouwang.writer": writer}},
                    {"range": {"shouwang.seq": {"gt": passed.get(writer, 0), "lte": mark}}},
                ]
            }
        }
        for writer, mark in vector.items()
        if mark > passed.get(writer, 0)
    ]
    return {"bool": {"should": [*rest], "minimum_should_match": 1}}


class Snapshots:
    """Any thread may call. What the marks speak of can be searched when ``now`` returns."""

    def __init__(
        self, client: Elasticsearch, where: Place, names: Names, *, registry: Registry, spool: Spool,
        written: Callable[[], set[str]],
    ) -> None:  # fmt: skip
        """``written``: takes the names of the indices that this process has written since it was asked last."""
        self._client = client
        self._where = where
        self._names = names
        self._registry = registry
        self._spool = spool
        self._written = written
        self._lock = threading.Lock()
        self._others: dict[str, Marks] | None = None
        """As they were at the last refresh; ``None``: nobody knows what was written before this process."""

    def now(self, kind: Kind) -> Vector:
        """Raises ``StoreAway``."""
        with self._lock:  # whoever comes second waits for the refresh that the first has begun
            own = self._spool.marks()
            others = {each.id: each.marks for each in self._registry.writers() if each.id != self._spool.writer}
            self._refresh(moved=others != self._others)
            self._others = others
        marks = {**others, self._spool.writer: own}
        return {id: getattr(each, kind) for id, each in sorted(marks.items()) if getattr(each, kind) > 0}

    def _refresh(self, *, moved: bool) -> None:
        indices = [*self._written()]
        if moved:
            indices += [self._names.events, self._names.matches]
        if indices:
            with telling(self._where):
                self._client.indices.refresh(index=indices, ignore_unavailable=True)
