"""What people found of a rule's alerts, and what that speaks for. Pure: it proposes, people decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Literal

Verdict = Literal["keep", "tune", "retire", "too few"]
LEAST_JUDGED: Final = 5
"""Alerts with a disposition, before anything is proposed."""
TUNE_FROM: Final = 0.5
"""Share of false positives, or of authorised ones, among the judged."""
RETIRE_FROM: Final = 0.9
"""Share of false positives, where none was true."""


@dataclass(slots=True)
class Score:
    """Of one rule, in one stretch of time."""

    rule_id: str
    title: str
    level: str
    fired: int = 0
    """Alerts."""
    events: int = 0
    held: int = 0
    """Alerts that were held back (silenced, in maintenance): not judged, not counted in ``fired``."""
    true: int = 0
    false_positive: int = 0
    duplicate: int = 0
    authorised: int = 0
    open: int = 0
    """Not judged yet."""
    claim_minutes: list[float] = field(default_factory=list)
    """From the finding to the claim, of each incident."""

    @property
    def judged(self) -> int:
        """Duplicates say nothing of the rule."""
        return self.true + self.false_positive + self.authorised

    @property
    def false_share(self) -> float | None:
        return self.false_positive / self.judged if self.judged else None

    @property
    def authorised_share(self) -> float | None:
        return self.authorised / self.judged if self.judged else None

    @property
    def median_claim_minutes(self) -> float | None:
        return median(self.claim_minutes) if self.claim_minutes else None

    @property
    def verdict(self) -> Verdict:
        if self.judged < LEAST_JUDGED:
            return "too few"
        false, authorised = self.false_positive / self.judged, self.authorised / self.judged
        if not self.true and false >= RETIRE_FROM:
            return "retire"
        return "tune" if false >= TUNE_FROM or authorised >= TUNE_FROM else "keep"


def ordered(scores: Sequence[Score]) -> list[Score]:
    """What asks for a decision first."""
    rank = {"retire": 0, "tune": 1, "keep": 2, "too few": 3}
    return sorted(scores, key=lambda each: (rank[each.verdict], -each.fired, each.title))
