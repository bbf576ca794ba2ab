"""What one rule set has that another has not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from detection.ruleset import Correlation, Refusal, Rule, RuleSet

Kept = Rule | Correlation
_NOWHERE: Final = Path()
_NAMED: Final[Mapping[str, str]] = {
    "condition": "detection",
    "logsource": "logsource",
    "severity": "level",
    "title": "title",
    "tags": "tags",
    "status": "status",
    "type": "correlation",
    "rules": "correlation",
    "group_by": "correlation",
    "timespan_s": "correlation",
    "op": "correlation",
    "count": "correlation",
    "also": "correlation",
    "field": "correlation",
    "aliases": "correlation",
    "ways": "correlation",
    "percentile": "correlation",
    "generate": "correlation",
}
"""Attribute -> the part of a rule's file; all others are its text."""


@dataclass(frozen=True, slots=True)
class Change:
    rule: Kept
    """As it is now."""
    parts: tuple[str, ...]
    """What of it changed: detection, logsource, level, correlation, title, tags, status, text."""

    @property
    def matters(self) -> bool:
        """Whether other events match, or count, than before."""
        return not {"detection", "logsource", "correlation"}.isdisjoint(self.parts)


@dataclass(frozen=True, slots=True)
class Difference:
    added: tuple[Kept, ...]
    changed: tuple[Change, ...]
    removed: tuple[Kept, ...]
    refused: tuple[Refusal, ...]
    """That were not refused before."""

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.refused)


def difference(before: RuleSet, after: RuleSet) -> Difference:
    old, new = _by_id(before), _by_id(after)
    known = {(refusal.path.name, refusal.reason) for refusal in before.refused}
    changed = (Change(new[id], parts) for id in new if id in old and (parts := _parts(old[id], new[id])))
    return Difference(
        tuple(rule for id, rule in new.items() if id not in old),
        tuple(changed),
        tuple(rule for id, rule in old.items() if id not in new),
        tuple(each for each in after.refused if (each.path.name, each.reason) not in known),
    )


def _by_id(ruleset: RuleSet) -> dict[str, Kept]:
    found: dict[str, Kept] = {rule.id: rule for rule in ruleset.rules}
    return found | {each.id: each for each in ruleset.correlations}


def _parts(old: Kept, new: Kept) -> tuple[str, ...]:
    """Where a file stands does not matter."""
    old, new = replace(old, path=_NOWHERE, line=0), replace(new, path=_NOWHERE, line=0)
    if old == new:
        return ()
    if type(old) is not type(new):
        return ("correlation", "detection")
    names = (name for name in old.__slots__ if getattr(old, name) != getattr(new, name))
    return tuple(dict.fromkeys(_NAMED.get(name, "text") for name in names))
