"""What a correlation tells of events that count, and of what it could not remember. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from detection.correlation.entries import Entry
from detection.correlation.groups import Group
from detection.correlation.readings import shown
from detection.correlation.windows import Stretch
from detection.hits import Hit, Loss, Member
from detection.sigma.numerals import written

if TYPE_CHECKING:
    from detection.ruleset import Correlation


def hit_of(c: Correlation, group: Group, counted: Sequence[Entry], stretch: Stretch, *, at_least: bool) -> Hit:
    return Hit(
        rule_id=c.id,
        title=c.title,
        severity=c.severity,
        tags=c.tags,
        group=_named(c, group),
        members=tuple(_member(c, entry) for entry in counted if entry.member is not None),
        timespan_us=c.timespan_s * 1_000_000,
        kind=c.type,
        measured="" if stretch.value is None else written(stretch.value),
        at_least=at_least,
    )


def loss_of(c: Correlation, group: Group) -> Loss:
    """The group is let go, or some of it."""
    starts = [*(entry.time_us for entry in group.entries[:1]), *(flood.start_us for flood in group.floods[:1])]
    ends = [*(entry.time_us for entry in group.entries[-1:]), *(flood.end_us for flood in group.floods[-1:])]
    return Loss(c.id, _named(c, group), min(starts), max(ends), c.timespan_s * 1_000_000)


def _named(c: Correlation, group: Group) -> tuple[str, ...]:
    return tuple(f"{name}={value}" for name, value in zip(c.group_by, group.key, strict=True))


def _member(c: Correlation, entry: Entry) -> Member:
    m = entry.member
    assert m is not None
    if not entry.items:
        return m
    return Member(m.event_id, m.time_us, m.received_us, m.entities, shown(c, entry.items))
