"""What may hold hits back in one step, read from the state store, and what it remembers of alerts that speak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from detection.hits import Hit
from detection.noise.holdrecords import silence_from, window_from
from detection.noise.inhibit import Inhibit, Inhibitions
from detection.noise.matchers import Subject
from detection.noise.quiet import HEARD, Quiet, Verdict, received
from detection.ruleset import Correlation
from shouwang.assets import AssetRegister
from shouwang.model import AlertState, Holder
from shouwang.statestore.store import Transaction

SPEAKING = "alerting/speaking"


class Holding:
    """For one transaction."""

    def __init__(
        self,
        tx: Transaction,
        hits: Sequence[Hit],
        *,
        inhibits: Sequence[Inhibit],
        correlations: Sequence[Correlation],
        assets: AssetRegister,
        zone: tzinfo,
    ) -> None:
        self._tx = tx
        self._assets = assets
        found = tx.holds.over_after(min(map(received, hits), default=0)) if hits else []
        self._quiet = Quiet(
            [silence_from(each.id, each.body) for each in found if each.kind is Holder.SILENCE],
            [window_from(each.id, each.body) for each in found if each.kind is Holder.MAINTENANCE],
            Inhibitions(
                inhibits,
                {each.id: frozenset(each.rules) for each in correlations} if inhibits else {},
                tx.memory.get(SPEAKING) if inhibits else None,
            ),
            zone,
        )
        self._inhibits = bool(inhibits)
        self._any = bool(found or inhibits)

    def verdict(self, hit: Hit) -> Verdict:
        return self._quiet.verdict(hit, self._subjects(hit), self._is_over) if self._any else HEARD

    def heard(self, hit: Hit, alert_id: str) -> None:
        """People see this hit in that alert: it may inhibit others."""
        if self._inhibits:
            self._quiet.inhibitions.speak(self._subjects(hit), received(hit), alert_id)

    def keep(self) -> None:
        if self._quiet.inhibitions.changed:
            self._tx.memory.put(SPEAKING, self._quiet.inhibitions.kept())

    def _subjects(self, hit: Hit) -> list[Subject]:
        return [
            Subject(hit.rule_id, hit.severity, hit.tags, each.entities, self._asset_id(each.entities))
            for each in hit.members
        ]

    def _asset_id(self, entities: Mapping[str, tuple[str, ...]]) -> str:
        asset = self._assets.about(entities)
        return asset.id if asset else ""

    def _is_over(self, alert_id: str) -> bool:
        alert = self._tx.alerts.get(alert_id)
        return alert is not None and alert.state is AlertState.CLOSED
