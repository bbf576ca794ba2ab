"""A rule's condition as a tree: boolean nodes over atoms. Pure data; ``naive`` says what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from detection.sigma.predicates import Predicate


@dataclass(frozen=True, slots=True)
class Atom:
    """One field against one predicate. Equal atoms are equal values, so an engine may test each once."""

    field: str
    """As ``Event.get`` names it."""
    predicate: Predicate


@dataclass(frozen=True, slots=True)
class Keyword:
    """A predicate on any text of the whole record as received, whatever a parser took out of it."""

    predicate: Predicate


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


Node: TypeAlias = Atom | Keyword | And | Or | Not


NOTHING = Or(())
"""Of what a pipeline dropped; never part of a rule that is loaded."""


def conjunction(parts: tuple[Node, ...]) -> Node:
    return parts[0] if len(parts) == 1 else And(parts)


def disjunction(parts: tuple[Node, ...]) -> Node:
    return parts[0] if len(parts) == 1 else Or(parts)
