"""What matches with indicators are called. Pure."""

from __future__ import annotations

from typing import Final

from shouwang.words import Words

RULE: Final = "intel:"
"""What a match's ``rule_id`` starts with; the set's name follows."""
INDICATOR: Final = "threat.indicator.name"
"""The field of a match that holds the indicator: its alerts are grouped by it."""


def title(rule_id: str) -> Words | None:
    """Of alerts that a set's matches make; ``None`` for the id of a rule."""
    name = rule_id.removeprefix(RULE)
    return None if name == rule_id else Words(f"情报命中：{name}", f"Indicator hit: {name}")
