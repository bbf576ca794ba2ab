"""A batch -> documents with arrival numbers, in the spool with its cursors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from shouwang.eventstore.base import Batch, PutResult
from shouwang.eventstore.elastic.documents import (
    Item,
    account_of,
    dumped,
    event_document,
    match_document,
    match_id,
    refusal,
)
from shouwang.eventstore.elastic.spool import Drop, Payload, Spool
from shouwang.eventstore.elastic.template import Names
from shouwang.eventstore.embedded.ledger import Days
from shouwang.model import Event, Match
from shouwang.visible import well_formed


class Journal:
    """Any thread may call: batches queue behind one another."""

    def __init__(self, spool: Spool, names: Names, kinds: Mapping[str, str], zone: tzinfo) -> None:
        self._spool = spool
        self._names = names
        self._kinds = kinds
        self._days = Days(zone)
        self._seq = int(spool.recall("seq") or 0)

    def add(self, batch: Batch, cursors: Mapping[str, bytes]) -> tuple[int, PutResult]:
        """The number in the spool, and what can be told before the cluster was asked. Raises ``StoreAway``."""
        with self._spool.adding:
            took, refused = _apart(batch.events)
            name = f"{self._spool.writer}:{self._spool.next_number()}"
            items = [self._event(event, name) for event in took]
            items += [self._match(match, name) for match in _once(batch.matches)]
            payload = Payload(items, self._drops(batch, refused), self._spool.stands(cursors))
            number = self._spool.add(payload, cursors, seq=self._seq)
        return number, PutResult(len(took), [(event.id, reason) for event, reason in refused])

    def _event(self, event: Event, batch: str) -> Item:
        day = self._days.of(event.received_us)
        seq = self._number(event.received_us)
        document = event_document(event, self._kinds, seq, self._spool.writer, batch)
        index = self._names.index("events", day)
        return Item(index, event.id.hex(), seq, dumped(document), account_of(event, day))

    def _match(self, match: Match, batch: str) -> Item:
        seq = self._number(match.received_us)
        index = self._names.index("matches", self._days.of(match.received_us))
        return Item(index, match_id(match), seq, dumped(match_document(match, seq, self._spool.writer, batch)), None)

    def _number(self, received_us: int) -> int:
        """Rises, and is not under the receipt time, so that the writers' numbers run side by side."""
        self._seq = max(self._seq + 1, received_us)
        return self._seq

    def _drops(self, batch: Batch, refused: list[tuple[Event, str]]) -> list[Drop]:
        day = self._days.of(batch.received_us)
        found = [Drop(day, well_formed(source), reason, count) for (source, reason), count in batch.drops.items()]
        return [*found, *(Drop(day, well_formed(event.source), reason, 1) for event, reason in refused)]


def _apart(events: Sequence[Event]) -> tuple[list[Event], list[tuple[Event, str]]]:
    """Those that can be stored, of two with one id the first; and those that never can, with the reason."""
    took: dict[bytes, Event] = {}
    refused = []
    for event in events:
        reason = refusal(event)
        if reason:
            refused.append((event, reason))
        else:
            took.setdefault(event.id, event)
    return list(took.values()), refused


def _once(matches: Sequence[Match]) -> list[Match]:
    return list({(match.event_id, match.rule_id): match for match in reversed(matches)}.values())[::-1]
