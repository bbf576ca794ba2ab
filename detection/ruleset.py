"""What rule files say, once read: the nouns of this domain. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as default
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from detection.sigma.tree import Node
from shouwang.model import Logsource, Severity
from shouwang.words import Words

CorrelationType: TypeAlias = Literal[
    "event_count",
    "value_count",
    "temporal",
    "temporal_ordered",
    "value_sum",
    "value_avg",
    "value_percentile",
    "value_median",
]
Op: TypeAlias = Literal["gte", "gt", "lt", "lte", "eq", "neq"]
Bound: TypeAlias = int | float


class Way(NamedTuple):
    """One way to fulfil a temporal correlation."""

    rules: tuple[str, ...]
    """Ids of those that must occur; for ``temporal_ordered`` in this order."""
    without: tuple[str, ...] = ()
    """Ids of those of which none may occur."""


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    """The rule's UUID as written, lower case; made from the title where the file has none."""
    title: str
    name: str
    """``""`` when it has none."""
    severity: Severity
    logsource: Logsource
    tags: tuple[str, ...]
    path: Path
    line: int
    """Where its document starts."""
    condition: Node
    """What must hold of an event; field names are those of ``Event.get``."""
    falsepositives: tuple[str, ...] = ()
    description: str = ""
    status: str = ""
    extra: Mapping[str, object] = default(default_factory=dict)
    """Keys that Sigma does not define, as read: ``title_zh``, ``gbt20986`` in our own rules."""

    @property
    def title_zh(self) -> str:
        found = self.extra.get("title_zh")
        return found if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True)
class Correlation:
    """A ``correlation:`` document. What it counts within ``timespan_s``, apart for each value of ``group_by``."""

    id: str
    title: str
    name: str
    type: CorrelationType
    rules: tuple[str, ...]
    """Ids of the rules and correlations it reads, however the file named them, in the order of the file."""
    group_by: tuple[str, ...]
    """Keys of ``Match.fields``, or names that ``aliases`` explains."""
    timespan_s: int
    op: Op
    count: Bound
    field: tuple[str, ...]
    """Of ``value_*``: whose values are counted, together where there are several; named as in ``group_by``."""
    generate: bool
    """Whether the rules' own matches are alerts as well; ``False`` unless the file says so."""
    aliases: Mapping[str, Mapping[str, str]]
    """Name in ``group_by`` or ``field`` -> rule id -> key of ``Match.fields``. Also made here where one Sigma field
    name means different ECS fields to the rules of one correlation."""
    severity: Severity
    tags: tuple[str, ...]
    status: str
    path: Path
    line: int = 0
    description: str = ""
    falsepositives: tuple[str, ...] = ()
    extra: Mapping[str, object] = default(default_factory=dict)
    also: tuple[tuple[Op, Bound], ...] = ()
    """Further bounds beside ``op`` and ``count``; a range has one."""
    percentile: Bound = 0
    """Of ``value_percentile``: above 0, at most 100."""
    ways: tuple[Way, ...] = ()
    """What a temporal correlation's condition in words comes to; any of them suffices. Empty: ``bounds`` decide."""

    @property
    def title_zh(self) -> str:
        found = self.extra.get("title_zh")
        return found if isinstance(found, str) else ""

    def bounds(self) -> tuple[tuple[Op, Bound], ...]:
        """All that the count must fulfil."""
        return ((self.op, self.count), *self.also)

    def key_of(self, name: str, rule_id: str) -> str:
        """The key of ``Match.fields`` that ``name`` means for a match of this rule."""
        meanings = self.aliases.get(name)
        return name if meanings is None else meanings.get(rule_id, name)


class Refusal(NamedTuple):
    """A document, or a whole file, that is not used, and why. Nothing is left out without one."""

    path: Path
    line: int
    """1-based, as near to the cause as can be told."""
    reason: Words

    def whole(self) -> Words:
        """With its place."""
        place = f"{self.path}:{self.line}: "
        return Words(place + self.reason.zh, place + self.reason.en)

    def __str__(self) -> str:
        return self.whole().en


@dataclass(frozen=True, slots=True)
class RuleSet:
    rules: tuple[Rule, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    """What a correlation reads stands before it."""
    refused: tuple[Refusal, ...] = ()
    filters: int = 0
    """Filter documents that were applied to at least one rule."""

    def without(self, disabled: Collection[str]) -> RuleSet:
        """These ids left out; a correlation that reads one of them stays, and hears nothing of it."""
        off = set(disabled)
        return replace(
            self,
            rules=tuple(rule for rule in self.rules if rule.id not in off),
            correlations=tuple(each for each in self.correlations if each.id not in off),
        )

    def titles(self) -> dict[str, Words]:
        """Of rules and correlations by id; one without a Chinese title has its own in both languages."""
        found: tuple[Rule | Correlation, ...] = (*self.rules, *self.correlations)
        return {each.id: Words(each.title_zh or each.title, each.title) for each in found}
