"""A correlation as plain JSON and back: what decides its meaning, to be evaluated elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from detection.ruleset import Correlation, Way
from shouwang.model import Severity

_SAME = ("id", "title", "name", "type", "timespan_s", "op", "count", "generate", "status", "percentile")
_LISTS = ("rules", "group_by", "field", "tags")


def plain_of(c: Correlation) -> dict[str, Any]:
    return {
        **{name: getattr(c, name) for name in _SAME},
        **{name: list(getattr(c, name)) for name in _LISTS},
        "aliases": {name: dict(keys) for name, keys in c.aliases.items()},
        "severity": c.severity.name,
        "also": [list(bound) for bound in c.also],
        "ways": [[list(way.rules), list(way.without)] for way in c.ways],
    }


def correlation_of(said: Mapping[str, Any]) -> Correlation:
    """Of what ``plain_of`` made."""
    fields: dict[str, Any] = {name: said[name] for name in _SAME} | {name: tuple(said[name]) for name in _LISTS}
    return Correlation(
        **fields,
        aliases=said["aliases"],
        severity=Severity[said["severity"]],
        also=tuple((op, bound) for op, bound in said["also"]),
        ways=tuple(Way(tuple(rules), tuple(without)) for rules, without in said["ways"]),
        path=Path(),
    )
