"""Hit -> Alert: exact counts, first and last, bounded entities. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from detection.hits import Hit, Member, member_of, text, texts
from detection.intel.naming import INDICATOR
from detection.repeated import event_id
from detection.sigma.numerals import exact, written
from shouwang.model import Alert, AlertState, Match, Severity, Suppression
from shouwang.words import Words

GROUP_FIELDS = (INDICATOR, "source.ip", "host.name", "user.name")
"""A plain rule's alerts are grouped by the first of these that the event has, else by its source."""
EVENT_IDS = 100
VALUES = 50
"""Entity values kept of one field of one alert; the first to come stay."""
FIELDS = 32


def hit_of(match: Match) -> Hit:
    """A plain rule's match as a hit of its group."""
    group = f"source={text(match.source)}"
    for name in GROUP_FIELDS:
        found = texts(match.fields.get(name))
        if found:
            group = f"{name}={found[0].casefold()}"
            break
    return Hit(match.rule_id, match.title, match.severity, match.tags, (group,), (member_of(match),))


@dataclass(frozen=True, slots=True)
class Origin:
    """What a new alert needs beside its hit."""

    id: str
    key: str
    title: Words
    drill: bool = False
    suppression: Suppression | None = None


def opened(hit: Hit, members: Sequence[Member], origin: Origin) -> Alert:
    """A new alert of the hit's rule with these of its events."""
    empty = Alert(
        id=origin.id,
        key=origin.key,
        rule_id=hit.rule_id,
        title=origin.title,
        severity=hit.severity,
        count=0,
        first_us=members[0].time_us,
        last_us=members[0].time_us,
        received_us=members[0].received_us,
        entities={},
        event_ids=(),
        tags=(),
        state=AlertState.OPEN,
        incident_id="",
        asset_id="",
        drill=origin.drill,
        kind=hit.kind,
        group=hit.group if hit.kind else (),
        suppression=origin.suppression,
    )
    return grown(empty, hit, members)


def grown(alert: Alert, hit: Hit, members: Sequence[Member]) -> Alert:
    """The alert with these events counted in; each must be new to it."""
    values, measured = _measured(alert, hit, members)
    ids = dict.fromkeys((*alert.event_ids, *(event_id(m.event_id) for m in members)))
    return replace(
        alert,
        severity=Severity(max(alert.severity, hit.severity)),
        count=alert.count + len(members),
        first_us=min(alert.first_us, *(m.time_us for m in members)),
        last_us=max(alert.last_us, *(m.time_us for m in members)),
        received_us=max(alert.received_us, *(m.received_us for m in members)),
        entities=united(alert.entities, *(m.entities for m in members)),
        event_ids=tuple(ids)[:EVENT_IDS],
        tags=tuple(dict.fromkeys((*alert.tags, *hit.tags))),
        values=values,
        measured=measured,
        at_least=alert.at_least or hit.at_least,
    )


def _measured(alert: Alert, hit: Hit, members: Sequence[Member]) -> tuple[tuple[str, ...], str]:
    """The values that count, and what they come to, with these events."""
    counted = [value for member in members for value in member.values]
    if hit.kind == "value_count":
        values = tuple(dict.fromkeys((*alert.values, *counted)))
        return values[:VALUES], alert.measured if alert.measured == _MANY else _number(values)
    if hit.kind == "value_sum":
        return (), written(sum(map(exact, counted), exact(alert.measured or "0")))
    return (), hit.measured


_MANY = f">{VALUES}"


def _number(values: tuple[str, ...]) -> str:
    return str(len(values)) if len(values) <= VALUES else _MANY


def united(*parts: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Values of each field, sorted; the first ``VALUES`` to come stay, so what was seen is never displaced."""
    union: dict[str, dict[str, None]] = {}
    for part in parts:
        for name, values in part.items():
            if name not in union and len(union) == FIELDS:
                continue
            held = union.setdefault(name, {})
            for value in values:
                if len(held) < VALUES:
                    held[value] = None
    return {name: tuple(sorted(held)) for name, held in sorted(union.items())}
