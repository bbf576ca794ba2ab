"""The alerts of one step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from detection.alerting import Origin, grown, opened
from detection.correlation.recount import Found
from detection.hits import Hit, Loss, Member
from detection.intel.naming import title as set_title
from detection.mending import Activity, completed
from detection.noise.quiet import Verdict
from detection.suppress import Stretches
from shouwang.flows.alerting.holding import Holding
from shouwang.model import Alert, AlertState
from shouwang.statestore.store import Transaction
from shouwang.words import Words, words

STRETCH = "alerting/stretch/"


class Step:
    """The alerts of one step, each read once and not yet written."""

    def __init__(
        self, tx: Transaction, holding: Holding, now_us: int, titles: Mapping[str, Words], drill: bool
    ) -> None:
        self._tx = tx
        self.holding = holding
        self._titles = titles
        self._drill = drill
        self._alerts: dict[str, Alert] = {}
        self.now_us = now_us
        self.stretches = Stretches(lambda name: tx.memory.get(STRETCH + name))

    def touched(self) -> list[Alert]:
        return list(self._alerts.values())

    def count(self, hit: Hit) -> None:
        verdict = self.holding.verdict(hit)
        placed = replace(hit, group=(*hit.group, verdict.mark)) if verdict.mark else hit
        by_key: dict[str, list[Member]] = {}
        for member in hit.members:
            by_key.setdefault(self.stretches.place(placed, member, self._is_closed), []).append(member)
        for key, members in by_key.items():
            held = self._alert(key)
            alert = grown(held, hit, members) if held is not None else self._opened(hit, members, key, verdict)
            self._alerts[key] = replace(alert, maintenance=alert.maintenance or verdict.maintenance)
            if verdict.suppression is None:
                self.holding.heard(hit, alert.id)

    def mend(self, activity: Activity, before: Mapping[str, Alert], *, exact: bool) -> None:
        """Make the activity's alerts what they should be. ``exact``: all that belongs to it is known, and nothing of
        it can still be counted; else what is missing is added, and marked."""
        if not activity.held:
            for each in activity.found:
                self._open(each, each.alert, exact=exact)
            return
        target, missing = activity.target(), activity.missing(before)
        if missing < 0 and not (exact and any(alert.at_least for alert in activity.held)):
            return
        newest = activity.found[-1]
        if missing > 0 and target.state is AlertState.CLOSED and newest.alert.last_us > target.last_us:
            after = replace(newest.alert, count=missing, first_us=max(newest.alert.first_us, target.last_us + 1))
            self._open(newest, after, exact=exact)
        elif missing:
            grown = completed(target, activity, before)
            self._alerts[grown.key] = replace(grown, at_least=not exact)
            if grown.suppression is None:
                self.stretches.widen(grown.key, grown.rule_id, grown.group, grown.first_us, grown.last_us)
        if exact:
            self._unmark(activity.held)

    def _unmark(self, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            if alert.key in self._alerts:
                self._alerts[alert.key] = replace(self._alerts[alert.key], at_least=False)
            elif alert.at_least:
                self._tx.alerts.put(replace(alert, at_least=False))

    def _open(self, found: Found, should: Alert, *, exact: bool) -> None:
        """An alert that is missing as a whole; it may be near enough to another to be part of that."""
        hit = hit_of_missing(found, should)
        verdict = self.holding.verdict(hit)
        placed = replace(hit, group=(*hit.group, verdict.mark)) if verdict.mark else hit
        key = self.stretches.place(placed, hit.members[0], self._is_closed)
        self.stretches.widen(key, placed.rule_id, placed.group, should.first_us, should.last_us)
        held = self._alert(key)
        if held is None:
            title = self._titles.get(should.rule_id) or should.title
            alert = replace(should, id=self._next_id(), key=key, title=title, drill=self._drill)
            alert = replace(alert, suppression=verdict.suppression, maintenance=verdict.maintenance)
        else:
            alert = completed(held, Activity([replace(found, alert=should)], [held]), {})
        self._alerts[key] = replace(alert, at_least=alert.at_least or not exact)
        if verdict.suppression is None:
            self.holding.heard(hit, self._alerts[key].id)

    def lose(self, losses: Iterable[Loss]) -> None:
        """After all hits of the step. An alert that did not grow is written at once: no incident is to be moved."""
        for key in {key for loss in losses for key in self.stretches.near(loss)}:
            if key in self._alerts:
                self._alerts[key] = replace(self._alerts[key], at_least=True)
            elif (alert := self._tx.alerts.by_key(key)) is not None and not alert.at_least:
                self._tx.alerts.put(replace(alert, at_least=True))

    def _opened(self, hit: Hit, members: Sequence[Member], key: str, verdict: Verdict) -> Alert:
        title = self._titles.get(hit.rule_id) or set_title(hit.rule_id) or words(hit.title)
        return opened(hit, members, Origin(self._next_id(), key, title, self._drill, verdict.suppression))

    def _is_closed(self, key: str) -> bool:
        alert = self._alert(key)
        return alert is not None and alert.state is AlertState.CLOSED

    def _alert(self, key: str) -> Alert | None:
        return self._alerts.get(key) or self._tx.alerts.by_key(key)

    def _next_id(self) -> str:
        number = self._tx.numbers.next("alert")
        return f"D-A-{number}" if self._drill else f"A-{number}"


def hit_of_missing(found: Found, should: Alert) -> Hit:
    """As far as what may hold it back is concerned."""
    members = tuple(Member(b"", should.first_us, should.received_us, each) for each in found.subjects)
    return Hit(should.rule_id, "", should.severity, should.tags, should.group, members, found.timespan_us, should.kind)
