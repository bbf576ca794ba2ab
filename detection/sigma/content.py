"""What one rule file holds, once read: the step between files and a rule set. Pure data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from detection.ruleset import Refusal, Rule

if TYPE_CHECKING:
    from detection.sigma.documents import Document


class Mark(NamedTuple):
    """A detection item that some pipeline looks for before it maps."""

    field: str
    value: str


class Read(NamedTuple):
    """A rule by itself, before ids are compared and filters applied."""

    rule: Rule
    marks: frozenset[Mark]
    """Of its detection section: how its further fields are mapped, in filters and correlations."""
    id_line: int
    name_line: int
    """Where the keys stand, for a refusal: the document's first line where it has none."""


Content: TypeAlias = "tuple[Read | Refusal | Document, ...]"
"""A file's documents in order. Filters and correlations stay documents until all rules are known."""
