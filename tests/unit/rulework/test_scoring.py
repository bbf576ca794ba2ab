"""What dispositions speak for."""

from __future__ import annotations

import pytest

from detection.authoring.scoring import Score


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ({"false_positive": 4, "duplicate": 20}, "too few"),
        ({"false_positive": 10}, "retire"),
        ({"false_positive": 99, "true": 1}, "tune"),
        ({"authorised": 5, "true": 5}, "tune"),
        ({"true": 6, "false_positive": 4}, "keep"),
    ],
)
def test_a_rule_is_kept_tuned_or_retired_by_what_was_judged(counts: dict[str, int], verdict: str) -> None:
    score = Score("r", "t", "low")
    for name, count in counts.items():
        setattr(score, name, count)
    assert score.verdict == verdict
