"""What a hunt found -> the event store's matches, from which alerting makes alerts and incidents as of live ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, cast

from detection.alerting import GROUP_FIELDS
from shouwang.errors import UsageError
from shouwang.eventstore.base import Batch, EventStore
from shouwang.huntlines import match_of
from shouwang.model import Match, Severity, Value
from shouwang.statestore.store import StateStore
from shouwang.words import Words

Json = dict[str, Value]
MOST: Final = 10_000
"""Nobody reads more alerts than these make."""
TAG: Final = "hunt."
"""Followed by the hunt's id: on every alert that holds something it found."""
BATCH: Final = 1000
_ALL: Final = 1_000_000


class HuntAlerts:
    def __init__(self, events: EventStore, state: StateStore, hunt: str) -> None:
        self._events = events
        self._state = state
        self._tag = TAG + hunt.lower()

    def chosen(self, matches: Iterable[Json], correlated: Sequence[Json], silenced: Iterable[str] = ()) -> list[Match]:
        """What becomes alerts: of rules for which a correlation speaks, what that counted. Raises ``UsageError``."""
        quiet, known = frozenset(silenced), self._known(correlated)
        speaking: dict[str, list[Json]] = defaultdict(list)
        for alert in correlated:
            event_ids = cast("list[str]", alert["event_ids"])
            if known.get(str(alert["rule_id"]), set()).isdisjoint(event_ids):
                for event_id in event_ids:
                    speaking[event_id].append(alert)
        found: list[Match] = []
        for said in matches:
            match = self._marked(match_of(said))
            if match.rule_id not in quiet:
                found.append(match)
            found += [_spoken(match, alert) for alert in speaking.pop(str(said["event_id"]), ())]
            if len(found) > MOST:
                raise UsageError(
                    Words(f"匹配超过 {MOST} 条，不宜生成告警。", f"More than {MOST} matches make no useful alerts."),
                    hint=Words("请用更窄的规则或时间重新狩猎。", "Hunt again with a narrower rule or time."),
                )
        return found

    def put(self, matches: Sequence[Match]) -> None:
        """A match of an event and a rule that the store has already changes nothing."""
        for at in range(0, len(matches), BATCH):
            self._events.put(Batch((), matches[at : at + BATCH]), {})

    def _marked(self, match: Match) -> Match:
        return replace(match, tags=(*match.tags, self._tag))

    def _known(self, correlated: Sequence[Json]) -> Mapping[str, set[str]]:
        """Correlation -> the events of which it has spoken before."""
        found: dict[str, set[str]] = {str(alert["rule_id"]): set() for alert in correlated}
        if found:
            since_us = min(cast(int, alert["first_us"]) for alert in correlated)
            for held in self._state.alerts.list(since_us=since_us, limit=_ALL)[1]:
                if held.rule_id in found:
                    found[held.rule_id].update(event_id.hex() for event_id in held.event_ids)
        return found


def _spoken(match: Match, alert: Json) -> Match:
    """The event as one that the correlation counts, in the group that it counts it in."""
    group = dict(part.partition("=")[::2] for part in cast("list[str]", alert["group"]))
    entities = {name: value for name, value in match.fields.items() if name not in GROUP_FIELDS or name in group}
    title = alert["title"]
    return replace(
        match,
        rule_id=str(alert["rule_id"]),
        title=str(title["en"] if isinstance(title, dict) else title),
        severity=Severity[str(alert["level"]).upper()],
        fields=entities or match.fields,
        tags=(*cast("list[str]", alert["tags"]), match.tags[-1]),
    )
