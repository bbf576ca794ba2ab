"""Conditions that cannot mean what was wanted: those that never hold, always hold, or ask for nothing. Pure.

Found by folding what the top of a condition fixes through the rest of it. What is told is true; not all is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import assert_never

from detection.naive import test_of
from detection.sigma.predicates import Equals as EqualsNumber
from detection.sigma.predicates import Exists, Null, Pattern, Predicate, Truth, Wild
from detection.sigma.tree import And, Atom, Keyword, Node, Not, Or
from detection.view import Cell

Leaf = Atom | Keyword
Known = Mapping[Leaf, bool]
_MOST_COMPARED = 150
"""Tests fixed by then with which a further one is compared; beyond, only equal ones are told."""


class Sense(Enum):
    NEVER = "never holds"
    NEVER_ONE_VALUE = "holds only where a field has several values at once"
    ALWAYS = "always holds"
    WITHOUT_FIELDS = "holds of an event that has none of the fields"
    PLAIN = "may hold or not"


def sense(node: Node) -> Sense:
    """What can be said of the condition without seeing an event."""
    if folded(node, one_value=False) is False:
        return Sense.NEVER
    if folded(Not(node), one_value=False) is False:
        return Sense.ALWAYS
    if folded(node, one_value=True) is False:
        return Sense.NEVER_ONE_VALUE
    if _on_nothing(node):
        return Sense.WITHOUT_FIELDS
    return Sense.PLAIN


def _on_nothing(node: Node) -> bool:
    """Whether it holds of an event without fields and without text."""
    match node:
        case Atom(_, Null()):
            return True
        case Atom(_, Exists(present)):
            return not present
        case Atom() | Keyword():
            return False
        case Not(part):
            return not _on_nothing(part)
        case And(parts):
            return all(map(_on_nothing, parts))
        case Or(parts):
            return any(map(_on_nothing, parts))
        case _:
            assert_never(node)


# ------------------------------------------------------------------------------------------------- folding


def folded(node: Node, *, one_value: bool) -> bool | None:
    """Its truth where that is the same for every event. ``one_value``: taking each field to have one value at most."""
    return _fold(node, {}, one_value=one_value, positive=True)


def _fold(node: Node, known: Known, *, one_value: bool, positive: bool) -> bool | None:
    """``positive``: whether ``node`` or its negation is meant; negations are taken inwards."""
    match node:
        case Not(part):
            return _fold(part, known, one_value=one_value, positive=not positive)
        case Atom() | Keyword():
            truth = _truth(node, known, one_value=one_value)
            return truth if truth is None or positive else not truth
        case And(parts) | Or(parts):
            if isinstance(node, And) is positive:
                return _all(parts, known, one_value=one_value, positive=positive)
            found = [_fold(part, known, one_value=one_value, positive=positive) for part in parts]
            return True if True in found else False if all(each is False for each in found) else None
        case _:
            assert_never(node)


def _all(parts: tuple[Node, ...], known: Known, *, one_value: bool, positive: bool) -> bool | None:
    """All parts, each read in the light of what the plain ones among them fix."""
    fixed = dict(known)
    rest: list[Node] = []
    for leaf, wanted in _plain(parts, positive=positive):
        if isinstance(leaf, Not | And | Or):
            rest.append(leaf if wanted else Not(leaf))
            continue
        truth = _truth(leaf, fixed, one_value=one_value)
        if truth is not None and truth is not wanted:
            return False
        fixed[leaf] = wanted
    found = [_fold(part, fixed, one_value=one_value, positive=True) for part in rest]
    if False in found:
        return False
    return True if not fixed and all(found) and found else None


def _plain(parts: tuple[Node, ...], *, positive: bool) -> Iterator[tuple[Node, bool]]:
    """The parts of a conjunction with those of conjunctions in it, and whether each or its negation is meant."""
    for part in parts:
        match part:
            case Not(inner):
                yield from _plain((inner,), positive=not positive)
            case And(inner_parts) if positive:
                yield from _plain(inner_parts, positive=True)
            case Or(inner_parts) if not positive:
                yield from _plain(inner_parts, positive=False)
            case _:
                yield part, positive


def _truth(leaf: Leaf, known: Known, *, one_value: bool) -> bool | None:
    found = known.get(leaf)
    if found is not None or len(known) > _MOST_COMPARED:
        return found
    for other, truth in known.items():
        if isinstance(leaf, Atom) and isinstance(other, Atom) and leaf.field == other.field:
            said = _follows(other.predicate, leaf.predicate, truth=truth, one_value=one_value)
        elif isinstance(leaf, Keyword) and isinstance(other, Keyword):
            said = _follows(other.predicate, leaf.predicate, truth=truth, one_value=False)
        else:
            continue
        if said is not None:
            return said
    return None


def _follows(known: Predicate, asked: Predicate, *, truth: bool, one_value: bool) -> bool | None:
    """What ``asked`` is of a field of which ``known`` is true, or false."""
    if not truth:
        return False if _implies(asked, known) else None
    if _implies(known, asked):
        return True
    if isinstance(known, Exists) and not known.present:
        return isinstance(asked, Null)
    if isinstance(asked, Exists) and not asked.present and not isinstance(known, Null):
        return False
    return False if one_value and _excludes(known, asked) else None


def _implies(one: Predicate, other: Predicate) -> bool:
    if one == other:
        return True
    if isinstance(other, Exists):
        return other.present and not isinstance(one, Null | Exists)
    return isinstance(one, Pattern) and isinstance(other, Pattern) and _narrower(one, other)


def _narrower(one: Pattern, other: Pattern) -> bool:
    """Whether every value that ``one`` takes, ``other`` takes."""
    if other.cased and not one.cased:
        return False
    exact = _literal(one)
    if exact is not None:
        return test_of(other)(Cell(exact))
    first, last = one.tokens[:1], one.tokens[-1:]
    texts = [_text(token, other) for token in one.tokens if isinstance(token, str)]
    match other.tokens:
        case (Wild.ANY,):
            return True
        case (Wild.ANY, str(text), Wild.ANY):
            return any(_text(text, other) in each for each in texts)
        case (str(text), Wild.ANY):
            return isinstance(first[0], str) and texts[0].startswith(_text(text, other))
        case (Wild.ANY, str(text)):
            return isinstance(last[0], str) and texts[-1].endswith(_text(text, other))
        case _:
            return False


def _excludes(one: Predicate, other: Predicate) -> bool:
    """Whether no single value can be both."""
    if isinstance(one, Null) or isinstance(other, Null):
        return not isinstance(one, Exists) and not isinstance(other, Exists)
    for exact, asked in ((one, other), (other, one)):
        if isinstance(exact, EqualsNumber) and isinstance(asked, EqualsNumber):
            return exact.number != asked.number
        if isinstance(exact, Truth) and isinstance(asked, Truth):
            return exact.truth is not asked.truth
        literal = _literal(exact) if isinstance(exact, Pattern) else None
        if literal is not None and isinstance(asked, Pattern):
            return not test_of(Pattern(asked.tokens))(Cell(literal))
    return False


def _literal(pattern: Pattern) -> str | None:
    """The text that it takes alone."""
    if not pattern.tokens:
        return ""
    return pattern.tokens[0] if len(pattern.tokens) == 1 and isinstance(pattern.tokens[0], str) else None


def _text(token: str, as_in: Pattern) -> str:
    return token if as_in.cased else token.lower()
