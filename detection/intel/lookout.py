"""Events -> matches with indicators. Beside the rules, in the same stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from detection.intel.fields import FIELDS, INBOUND, Sort, candidates
from detection.intel.head import Head
from detection.intel.index import Index
from detection.intel.indicator import LONGEST, Indicator, Kind
from detection.intel.naming import INDICATOR, RULE
from shouwang.model import ABSENT, DEAD_DATASET, Event, Match, Severity, Shape, Value

_RANK: Final[Mapping[str, int]] = {name: rank for rank, name in enumerate(FIELDS)}
_REMEMBERED: Final = 50_000
_MOST_SHAPES: Final = 4096
_ECS_TYPES: Final[Mapping[Kind, str]] = {
    Kind.NETWORK: "ip-network",
    Kind.DOMAIN: "domain-name",
    Kind.URL: "url",
    Kind.EMAIL: "email-addr",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One indicator of one set."""

    head: Head
    indicator: Indicator

    @property
    def confidence(self) -> int | None:
        return self.head.confidence if self.indicator.confidence is None else self.indicator.confidence

    def holds_at(self, time_us: int) -> bool:
        """An indicator that names no end has the set's."""
        return self.indicator.valid_from_us <= time_us and not self.has_ended(time_us)

    def has_ended(self, time_us: int) -> bool:
        until_us = self.indicator.valid_until_us or self.head.until_us
        return bool(until_us) and until_us <= time_us

    def severity(self, *, inbound: bool) -> Severity:
        """80 and more is high, 50 and more or not said medium, else low; one less for who came to us."""
        sure = 50 if self.confidence is None else self.confidence
        level = Severity.HIGH if sure >= 80 else Severity.MEDIUM if sure >= 50 else Severity.LOW
        return Severity(level - 1) if inbound else level


class Sets(Protocol):
    @property
    def sets(self) -> Mapping[str, Index]: ...


class Lookout:
    """One thread's view of the sets. Costs nothing while there are none."""

    def __init__(self, library: Sets, entity_fields: Sequence[str], *, looking_back_us: int | None = None) -> None:
        """``looking_back_us``: the present, when old events are looked through: what is valid now counts, whenever it
        began to be."""
        self._library = library
        self._looking_back_us = looking_back_us
        self._entity_fields = tuple(entity_fields)
        self._sets: Mapping[str, Index] = {}
        self._young: dict[tuple[Sort, str], tuple[Found, ...]] = {}
        self._old: dict[tuple[Sort, str], tuple[Found, ...]] = {}
        self._places: dict[Shape, tuple[tuple[str, ...], bool]] = {}

    def match(self, events: Sequence[Event]) -> list[Match]:
        """At most one match an event and indicator. Valid is what is valid when the event is received."""
        if self._sets is not self._library.sets:
            self._sets = self._library.sets
            self._young, self._old = {}, {}
        if not self._sets:
            return []
        return [match for event in events for match in self._matches(event)]

    def _matches(self, event: Event) -> Iterator[Match]:
        told: set[tuple[str, Kind, str]] = set()
        for name in self._fields_of(event):
            value = event.get(name)
            if value is ABSENT:
                continue
            for text in _texts(value):
                for found in self._find(FIELDS[name], text):
                    key = (found.head.name, found.indicator.kind, found.indicator.value)
                    if key not in told and self._counts(found, event):
                        told.add(key)
                        yield self._match(event, found, name, text)

    def _fields_of(self, event: Event) -> Sequence[str]:
        """Where this event may hold one; what intake adds as context has none."""
        named, flat = self._looked_at(event.shape)
        if not flat:
            return named
        there = [name for name in event.doc if name in FIELDS]
        return sorted({*named, *there}, key=_RANK.__getitem__) if there else named

    def _counts(self, found: Found, event: Event) -> bool:
        if self._looking_back_us is None:
            return found.holds_at(event.received_us)
        return not found.has_ended(self._looking_back_us)

    def _looked_at(self, shape: Shape) -> tuple[tuple[str, ...], bool]:
        """The fields that have a place in such events, and whether the names of the document are ECS names."""
        known = self._places.get(shape)
        if known is None:
            if len(self._places) >= _MOST_SHAPES:
                self._places.clear()
            flat = ("", ()) in shape.prefixes
            named = (name for name in FIELDS if name in shape.paths or (not flat and shape.locate(name)))
            known = ((), False) if shape.dataset == DEAD_DATASET else (tuple(named), flat)
            self._places[shape] = known
        return known

    def _find(self, sort: Sort, text: str) -> tuple[Found, ...]:
        if len(text) > LONGEST:
            return tuple(self._ask(sort, text))
        asked = (sort, text)
        known = self._young.get(asked)
        if known is None:
            known = self._old.get(asked)
            if known is None:
                known = tuple(self._ask(sort, text))
            if len(self._young) >= _REMEMBERED:
                self._old, self._young = self._young, {}
            self._young[asked] = known
        return known

    def _ask(self, sort: Sort, text: str) -> Iterator[Found]:
        for kind, value in candidates(sort, text):
            for index in self._sets.values():
                yield from (Found(index.head, indicator) for indicator in index.all_of(kind, value))

    def _match(self, event: Event, found: Found, field: str, text: str) -> Match:
        head, indicator = found.head, found.indicator
        fields: dict[str, Value] = {}
        for name in self._entity_fields:
            if (value := event.get(name)) is not ABSENT:
                fields[name] = value
        fields |= {
            INDICATOR: indicator.value,
            "threat.indicator.type": ecs_type(indicator),
            "threat.feed.name": head.name,
            "threat.enrichments.matched.field": field,
            "threat.enrichments.matched.atomic": text,
        }
        if found.confidence is not None:
            fields["threat.indicator.confidence"] = found.confidence
        for name, said in (("provider", indicator.source or head.source), ("description", indicator.note)):
            if said:
                fields[f"threat.indicator.{name}"] = said
        return Match(
            rule_id=RULE + head.name,
            title=f"Indicator hit: {head.name}",
            severity=found.severity(inbound=field in INBOUND),
            event_id=event.id,
            time_us=event.time_us,
            received_us=event.received_us,
            source=event.source,
            fields=fields,
        )


def ecs_type(indicator: Indicator) -> str:
    """STIX's name of the kind, as ECS has it."""
    if indicator.kind is Kind.IP:
        return "ipv6-addr" if ":" in indicator.value else "ipv4-addr"
    return _ECS_TYPES.get(indicator.kind, "file")


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
