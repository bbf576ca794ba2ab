"""What is to be evaluated again for one gap, and how certain its outcome can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from detection.correlation.plain import plain_of
from detection.correlation.recount import ALWAYS, Scope, scope_of
from detection.correlation.watchtime import WatchTime
from detection.mending import Activity
from detection.ruleset import Correlation
from detection.suppress import QUIET_US
from shouwang.model import Alert, Value
from shouwang.statestore.gaps import Gap, GapReason
from shouwang.statestore.store import Tables

FARTHEST_US: Final = 7 * 86_400_000_000
"""What happened longer ago is left to hunts."""

PAUSE_US: Final = 86_400_000_000
"""So far back a pause is looked for behind which a window begins."""


@dataclass(frozen=True, slots=True)
class Asked:
    gap: Gap
    scope: Scope
    about: tuple[int, int]
    """Events of which something may be wrong."""
    from_us: int
    """Events before need not be looked at."""
    since_us: int
    """Since the rules are what they are: what began before is not held against alerts."""
    horizon_us: int
    """Windows that ended later may not have been judged live."""
    settles_us: int
    """How much longer something of it may be counted live; 0: nothing can."""
    before: Mapping[str, Alert]
    """By id."""

    @property
    def rules(self) -> frozenset[str]:
        return frozenset(rule for each in self.scope.correlations for rule in each.rules)

    def is_ripe(self, activity: Activity) -> bool:
        """Nothing can change any more of what was found."""
        if self.settles_us or any(alert.first_us < self.from_us + self.scope.reach_us for alert in activity.held):
            return False
        return not self.scope.windows or activity.last_us + QUIET_US <= self.horizon_us

    def plain(self, *, whole: bool) -> dict[str, Value]:
        """For ``work``. ``whole``: nothing was stored before."""
        return {
            "correlations": [plain_of(each) for each in self.scope.correlations],
            "told": [*sorted(self.scope.told)],
            "horizon_us": self.horizon_us,
            "from_us": ALWAYS if whole else self.from_us,
            "about": list(self.about),
        }


def asked(tables: Tables, gap: Gap, correlations: Sequence[Correlation], lateness_us: int, now_us: int) -> Asked:
    """As of the position at which alerting stands in these tables."""
    scope, watch = scope_of(correlations, gap.name), WatchTime(tables.gaps.away())
    reach_us = scope.reach_us
    about = gap.first_us - reach_us, min(gap.last_us, now_us) + reach_us
    alerts = tables.alerts.of_rules(scope.told, about[0] - QUIET_US)
    first_us = min([about[0], *(alert.first_us for alert in alerts if alert.first_us <= about[1])])
    settles_us = scope.settles_us(lateness_us)
    new = {GapReason.ADDED, GapReason.CHANGED}
    return Asked(
        gap=gap,
        scope=scope,
        about=about,
        from_us=first_us - reach_us - (PAUSE_US if scope.windows else 0) - 1,
        since_us=max(
            (g.to_us for g in tables.gaps.list(about[0]) if g.name in scope.told and g.reason in new), default=0
        ),
        horizon_us=_ago(watch, settles_us, now_us),
        settles_us=max(0, settles_us - (watch.at(now_us) - watch.at(gap.to_us))),
        before={alert.id: alert for alert in alerts},
    )


def _ago(watch: WatchTime, span_us: int, now_us: int) -> int:
    """The moment since which so much of the watch's time has passed."""
    moment_us = now_us - span_us
    while (short_us := span_us - (watch.at(now_us) - watch.at(moment_us))) > 0:
        moment_us -= short_us
    return moment_us
