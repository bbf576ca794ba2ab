"""The alerts of one step."""

from __future__ import annotations

from collections.abc import Mapping

from detection.alerting import Origin, grown, opened
from detection.hits import Hit, Member
from detection.intel.naming import title as set_title
from detection.suppress import Stretches
from shouwang.model import Alert, AlertState
from shouwang.statestore.store import Transaction
from shouwang.words import Words, words

STRETCH = "alerting/stretch/"


class Step:
    """The alerts of one step, each read once and not yet written."""

    def __init__(self, tx: Transaction, now_us: int, titles: Mapping[str, Words], drill: bool) -> None:
        self._tx = tx
        self._titles = titles
        self._drill = drill
        self._alerts: dict[str, Alert] = {}
        self.now_us = now_us
        self.stretches = Stretches(lambda name: tx.memory.get(STRETCH + name))

    def touched(self) -> list[Alert]:
        return list(self._alerts.values())

    def count(self, hit: Hit) -> None:
        by_key: dict[str, list[Member]] = {}
        for member in hit.members:
            by_key.setdefault(self.stretches.place(hit, member, self._is_closed), []).append(member)
        for key, members in by_key.items():
            held = self._alert(key)
            if held is not None:
                self._alerts[key] = grown(held, hit, members)
            else:
                title = self._titles.get(hit.rule_id) or set_title(hit.rule_id) or words(hit.title)
                self._alerts[key] = opened(hit, members, Origin(self._next_id(), key, title, self._drill))

    def _is_closed(self, key: str) -> bool:
        alert = self._alert(key)
        return alert is not None and alert.state is AlertState.CLOSED

    def _alert(self, key: str) -> Alert | None:
        return self._alerts.get(key) or self._tx.alerts.by_key(key)

    def _next_id(self) -> str:
        number = self._tx.numbers.next("alert")
        return f"D-A-{number}" if self._drill else f"A-{number}"
