"""Creating documents: an outcome for each, judged by what the server says of it.

``create`` under ids of ours: what is there already is a success. Only an error of the document itself stands against
it, and then it is kept without what the server could not take. All else is the cluster's trouble and passes:
``StoreAway``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import orjson
from elasticsearch import ApiError, AuthorizationException, Elasticsearch

from shouwang.eventstore.base import StoreAway
from shouwang.eventstore.elastic.connection import meaning, reason_of, telling, type_of
from shouwang.eventstore.elastic.documents import Item, bare, dumped
from shouwang.eventstore.elastic.place import Place
from shouwang.model import Value

log = logging.getLogger(__name__)
Json = dict[str, Value]

LARGEST_BYTES: Final = 5 << 20
SMALLEST_BYTES: Final = 64 << 10
THERE: Final = "version_conflict_engine_exception"
OF_THE_DOCUMENT: Final = frozenset(
    {
        "document_parsing_exception",
        "mapper_parsing_exception",
        "strict_dynamic_mapping_exception",
        "illegal_argument_exception",
    }
)
"""Errors that a document can be at fault for. The last can also be the index's: then the bare document has it too."""
UNREADABLE: Final = "security_exception"
TOO_MUCH: Final = frozenset({"es_rejected_execution_exception", "circuit_breaking_exception"})
_ANSWER: Final = ["errors", "items.create.status", "items.create.error.type", "items.create.error.reason"]


@dataclass(slots=True)
class Outcome:
    created: list[Item] = field(default_factory=list)
    """By this batch, now or when it was sent before."""
    refused: list[tuple[Item, str]] = field(default_factory=list)
    stripped: int = 0
    """Of ``created``: kept without the fields that the server could not take."""


@dataclass(frozen=True, slots=True)
class _Said:
    type: str
    reason: str
    status: int


class Bulk:
    """One thread's."""

    def __init__(self, client: Elasticsearch, where: Place) -> None:
        self._client = client
        self._where = where
        self._at_once_bytes = LARGEST_BYTES

    def create(self, items: Sequence[Item], batch: str, *, again: bool = False) -> Outcome:
        """All of one batch, which the documents name as ``batch``. Raises ``StoreAway``; then send the same again.

        ``again``: whether a part of it may have arrived before.
        """
        found = Outcome()
        there: list[Item] = []
        faulty: list[tuple[Item, str]] = []
        for item, said in self._sent(items):
            if said is None:
                found.created.append(item)
            elif said.type == THERE:
                there.append(item)
            elif said.type in OF_THE_DOCUMENT:
                faulty.append((item, said.reason))
            else:
                raise self._trouble(said)
        if faulty:
            there += self._again(faulty, found)
        if there:
            ours = self._of_batch(there, batch, again)
            found.created += [item for item in there if (item.index, item.id) in ours]
        return found

    def are_all_new(self, items: Sequence[Item]) -> bool:
        """Sends them. Where one is there already or is refused, some may have arrived. Raises ``StoreAway``."""
        return all(said is None for _, said in self._sent(items))

    def _again(self, faulty: Sequence[tuple[Item, str]], found: Outcome) -> list[Item]:
        """Without their fields; those of them that are there."""
        log.warning("%d documents were refused and are kept without their fields: %s", len(faulty), faulty[0][1])
        there: list[Item] = []
        for item, said in self._sent([_bare(item) for item, _ in faulty]):
            if said is None:
                found.created.append(item)
                found.stripped += 1
            elif said.type == THERE:
                there.append(item)
            elif said.type in OF_THE_DOCUMENT and said.type != "illegal_argument_exception":
                found.refused.append((item, said.type))
            else:
                raise self._trouble(said)
        return there

    def _sent(self, items: Sequence[Item]) -> Iterator[tuple[Item, _Said | None]]:
        """Each with what was said against it. In requests of at most ``_at_once_bytes``, halved when it is too much."""
        at = 0
        while at < len(items):
            part = self._part(items, at)
            try:
                answers = self._request(part)
            except _TooMuch as refused:
                if self._at_once_bytes <= SMALLEST_BYTES:
                    raise refused.trouble from None
                self._at_once_bytes = max(self._at_once_bytes // 2, SMALLEST_BYTES)
                continue
            self._at_once_bytes = min(self._at_once_bytes * 2, LARGEST_BYTES)
            yield from zip(part, answers, strict=True)
            at += len(part)

    def _part(self, items: Sequence[Item], start: int) -> Sequence[Item]:
        size, end = 0, start
        while end < len(items) and (end == start or size + len(items[end].body) <= self._at_once_bytes):
            size += len(items[end].body)
            end += 1
        return items[start:end]

    def _request(self, part: Sequence[Item]) -> list[_Said | None]:
        lines: list[bytes] = []
        for item in part:
            lines += (orjson.dumps({"create": {"_index": item.index, "_id": item.id}}), item.body)
        with telling(self._where):
            try:
                body = self._client.bulk(operations=cast("list[Json]", lines), filter_path=_ANSWER).body
            except ApiError as error:
                if error.status_code == 413 or type_of(error) in TOO_MUCH:
                    raise _TooMuch(self._trouble(_Said(type_of(error), reason_of(error), 429))) from None
                raise
        if not body["errors"]:
            return [None] * len(part)
        answers = [_said(each["create"]) for each in body["items"]]
        if any(said is not None and said.type in TOO_MUCH for said in answers):
            raise _TooMuch(self._trouble(next(said for said in answers if said is not None and said.type in TOO_MUCH)))
        return answers

    def _of_batch(self, items: Sequence[Item], batch: str, again: bool) -> set[tuple[str, str]]:
        """Of documents that are there, those that this batch has made. A role that may not read them leaves it to
        ``again``: then all, else none."""
        asked = [{"_index": item.index, "_id": item.id, "_source": ["shouwang.batch"]} for item in items]
        with telling(self._where):
            try:
                docs = self._client.mget(docs=asked).body["docs"]
            except AuthorizationException:
                docs = [{"error": {"type": UNREADABLE}} for _ in items]
        found = set()
        for item, doc in zip(items, docs, strict=True):
            error = doc.get("error")
            if error is not None and error.get("type") != UNREADABLE:
                raise self._trouble(_Said(str(error.get("type")), str(error.get("reason"))[:300], 503))
            if again if error else doc.get("found") and doc["_source"]["shouwang"].get("batch") == batch:
                found.add((item.index, item.id))
        return found

    def _trouble(self, said: _Said) -> StoreAway:
        status = said.status if said.status not in (400, 404) else 503  # not the document's fault: it will pass
        trouble = meaning(self._where, status, f"{said.type}: {said.reason}")
        return trouble if isinstance(trouble, StoreAway) else StoreAway(trouble.message, hint=trouble.hint)


class _TooMuch(Exception):
    """For one request."""

    def __init__(self, trouble: StoreAway) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble


def _said(answer: dict[str, object]) -> _Said | None:
    error = answer.get("error")
    if not isinstance(error, dict):
        return None
    return _Said(str(error.get("type")), " ".join(str(error.get("reason")).split())[:300], cast(int, answer["status"]))


def _bare(item: Item) -> Item:
    document = cast(Json, orjson.loads(item.body))
    return Item(item.index, item.id, item.seq, dumped(bare(document) if item.account else document), item.account)
