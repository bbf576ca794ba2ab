"""Alerts as they should be, held against the alerts there are: which are missing, which count too few. Pure.

Every event was handed over to alerts once at most, and what should have been handed over is known. So how many are
missing is known without knowing which: the difference of the counts, over all alerts of one activity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from detection.alerting import EVENT_IDS, VALUES, united
from detection.correlation.recount import Found
from detection.sigma.numerals import Exact, exact, written
from shouwang.model import Alert, AlertState


@dataclass(slots=True)
class Activity:
    """Of one rule and group: what overlaps in time."""

    found: list[Found] = field(default_factory=list)
    held: list[Alert] = field(default_factory=list)
    last_us: int = 0

    def missing(self, before: Mapping[str, Alert]) -> int:
        """How many events; less than none where the alerts count more than they should. ``before``: the alerts by id,
        as they were when the matches were read."""
        return sum(each.alert.count for each in self.found) - sum(alert.count for alert in self._before(before))

    def missing_sum(self, before: Mapping[str, Alert]) -> Exact:
        should = sum(exact(each.alert.measured or "0") for each in self.found)
        return should - sum(exact(alert.measured or "0") for alert in self._before(before))

    def _before(self, before: Mapping[str, Alert]) -> Iterator[Alert]:
        return (before[alert.id] for alert in self.held if alert.id in before)

    def target(self) -> Alert:
        """The alert that takes what is missing: the newest that people see and have not closed, else the newest."""
        return max(self.held, key=_precedence)


def _precedence(alert: Alert) -> tuple[bool, bool, int]:
    heard = alert.suppression is None
    return heard and alert.state is AlertState.OPEN, heard, alert.last_us


def activities(found: Iterable[Found], held: Iterable[Alert]) -> Iterator[Activity]:
    """In order of time within each rule and group; those of which nothing was found are left out."""
    by_group: dict[tuple[str, tuple[str, ...]], list[Found | Alert]] = {}
    for each in found:
        by_group.setdefault((each.alert.rule_id, each.alert.group), []).append(each)
    for alert in held:
        if (alert.rule_id, alert.group) in by_group:
            by_group[alert.rule_id, alert.group].append(alert)
    for group in by_group.values():
        yield from (activity for activity in _joined(group) if activity.found)


def _joined(group: Sequence[Found | Alert]) -> Iterator[Activity]:
    activity = Activity()
    for each in sorted(group, key=lambda one: _alert(one).first_us):
        alert = _alert(each)
        if (activity.found or activity.held) and alert.first_us > activity.last_us:
            yield activity
            activity = Activity()
        if isinstance(each, Found):
            activity.found.append(each)
        else:
            activity.held.append(each)
        activity.last_us = max(activity.last_us, alert.last_us)
    yield activity


def _alert(each: Found | Alert) -> Alert:
    return each.alert if isinstance(each, Found) else each


def completed(alert: Alert, activity: Activity, before: Mapping[str, Alert]) -> Alert:
    """The alert with what is missing, and all that is known of the activity."""
    found = [each.alert for each in activity.found]
    values, measured = _measured(alert, activity, before)
    return replace(
        alert,
        count=max(alert.count + activity.missing(before), 1),
        first_us=min(alert.first_us, *(each.first_us for each in found)),
        last_us=max(alert.last_us, *(each.last_us for each in found)),
        received_us=max(alert.received_us, *(each.received_us for each in found)),
        entities=united(alert.entities, *(each.entities for each in found)),
        event_ids=tuple(dict.fromkeys((*alert.event_ids, *(i for each in found for i in each.event_ids))))[:EVENT_IDS],
        values=values,
        measured=measured,
    )


def _measured(alert: Alert, activity: Activity, before: Mapping[str, Alert]) -> tuple[tuple[str, ...], str]:
    found = [each.alert for each in activity.found]
    if alert.kind == "value_count":
        values = tuple(dict.fromkeys((*alert.values, *(value for each in found for value in each.values))))
        many = next((each.measured for each in (alert, *found) if each.measured.startswith(">")), "")
        over = many or (f">{VALUES}" if len(values) > VALUES else str(len(values)))
        return values[:VALUES], over
    if alert.kind == "value_sum":
        return (), written(exact(alert.measured or "0") + activity.missing_sum(before))
    return alert.values, alert.measured or found[-1].measured
