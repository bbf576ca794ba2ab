"""Conditions over numbered atoms: negation pushed down to the atoms, folded by what is known beforehand. Pure.

A formula is monotone in its literals. So with the atoms that nobody can decide taken once for the better and once for
the worse, it says whether a rule fires for sure, perhaps, or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from detection.sigma.predicates import Exists, Null, Pattern
from detection.sigma.tree import And, Atom, Keyword, Node, Not, Or

Test: TypeAlias = Atom | Keyword
Ids: TypeAlias = frozenset[int]
NONE: Ids = frozenset()


@dataclass(frozen=True, slots=True)
class All:
    """Every atom of ``pos`` holds, none of ``neg``, and each of ``parts``."""

    pos: Ids = NONE
    neg: Ids = NONE
    parts: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Some:
    """An atom of ``pos`` holds, or one of ``neg`` does not, or one of ``parts`` does."""

    pos: Ids = NONE
    neg: Ids = NONE
    parts: tuple[Formula, ...] = ()


Formula: TypeAlias = All | Some
TRUE: Formula = All()
FALSE: Formula = Some()


class Atoms:
    """Equal atoms are one: the numbers of all the tests that a rule set makes."""

    def __init__(self) -> None:
        self._ids: dict[Test, int] = {}
        self.tests: list[Test] = []
        """By number."""

    def id_of(self, test: Test) -> int:
        known = self._ids.get(test)
        if known is None:
            known = self._ids[test] = len(self.tests)
            self.tests.append(test)
        return known

    def formula(self, node: Node, *, negated: bool = False) -> Formula:
        match node:
            case Atom() | Keyword():
                ids = frozenset((self.id_of(node),))
                return All(neg=ids) if negated else All(pos=ids)
            case Not(part):
                return self.formula(part, negated=not negated)
            case And(parts):
                return _joined([self.formula(part, negated=negated) for part in parts], every=not negated)
            case Or(parts):
                return _joined([self.formula(part, negated=negated) for part in parts], every=negated)
            case _:
                assert_never(node)


def _joined(parts: Iterable[Formula], *, every: bool) -> Formula:
    """One formula out of many, single literals and formulas of the same kind taken in."""
    pos: set[int] = set()
    neg: set[int] = set()
    rest: list[Formula] = []
    for part in parts:
        if isinstance(part, All) is every or (len(part.pos) + len(part.neg) == 1 and not part.parts):
            pos |= part.pos
            neg |= part.neg
            rest += part.parts
        else:
            rest.append(part)
    return (All if every else Some)(frozenset(pos), frozenset(neg), tuple(rest))


def atoms_of(formula: Formula) -> Iterator[int]:
    yield from formula.pos
    yield from formula.neg
    for part in formula.parts:
        yield from atoms_of(part)


def holds(formula: Formula, true: Ids, held: Ids) -> bool:
    """``true``: the atoms that count as true where asked for; ``held``: those that count as true where denied.

    Both the true atoms: the answer. With undecided ones in ``true`` alone: perhaps; in ``held`` alone: surely.
    """
    if formula.__class__ is All:
        if not formula.pos <= true or (formula.neg and not formula.neg.isdisjoint(held)):
            return False
        for part in formula.parts:  # noqa: SIM110  # a generator costs more than the test
            if not holds(part, true, held):
                return False
        return True
    if not formula.pos.isdisjoint(true) or not formula.neg <= held:
        return True
    for part in formula.parts:  # noqa: SIM110  # see above
        if holds(part, true, held):
            return True
    return False


def folded(formula: Formula, true: Ids, still: Ids) -> Formula:
    """What is left when all atoms but ``still`` are decided: those in ``true`` hold, the others do not."""
    every = isinstance(formula, All)
    pos, neg = formula.pos & still, formula.neg & still
    known_pos, known_neg = formula.pos - pos, formula.neg - neg
    if every:
        if not known_pos <= true or not known_neg.isdisjoint(true):
            return FALSE
    elif not known_pos.isdisjoint(true) or not known_neg <= true:
        return TRUE
    parts: list[Formula] = []
    for part in formula.parts:
        rest = folded(part, true, still)
        if rest is TRUE or rest is FALSE:
            if (rest is FALSE) is every:
                return rest
            continue
        parts.append(rest)
    if not parts and not pos and not neg:
        return TRUE if every else FALSE
    if len(pos) == len(formula.pos) and len(neg) == len(formula.neg) and _same(parts, formula.parts):
        return formula
    return _joined([(All if every else Some)(pos, neg, tuple(parts))], every=every)


def projected(formula: Formula, own: Ids) -> Formula:
    """What is asked of these atoms alone, when all others are taken for the better; ``TRUE``: nothing."""
    pos, neg = formula.pos & own, formula.neg & own
    parts = [projected(part, own) for part in formula.parts]
    if isinstance(formula, All):
        left = tuple(part for part in parts if part is not TRUE)
        return All(pos, neg, left) if pos or neg or left else TRUE
    if len(pos) < len(formula.pos) or len(neg) < len(formula.neg) or any(part is TRUE for part in parts):
        return TRUE
    return Some(pos, neg, tuple(parts))


def _same(mine: list[Formula], theirs: tuple[Formula, ...]) -> bool:
    return len(mine) == len(theirs) and all(a is b for a, b in zip(mine, theirs, strict=True))


Cover: TypeAlias = tuple[float, Ids]
"""What looking at these atoms costs, by how often they may be true; and the atoms."""


def cover(formula: Formula, cost_of: Callable[[int], float | None]) -> Cover | None:
    """Atoms of which at least one is true whenever the formula is, the rarest; ``None``: there are none.

    ``cost_of`` gives ``None`` for an atom that nobody may wait for.
    """
    if isinstance(formula, All):
        best: Cover | None = None
        for atom in formula.pos:
            cost = cost_of(atom)
            if cost is not None and (best is None or cost < best[0]):
                best = (cost, frozenset((atom,)))
        for part in formula.parts:
            found = cover(part, cost_of)
            if found is not None and (best is None or found[0] < best[0]):
                best = found
        return best
    if formula.neg:
        return None
    total, atoms = 0.0, set(formula.pos)
    for atom in formula.pos:
        cost = cost_of(atom)
        if cost is None:
            return None
        total += cost
    for part in formula.parts:
        found = cover(part, cost_of)
        if found is None:
            return None
        total += found[0]
        atoms |= found[1]
    return total, frozenset(atoms)


def rarity(test: Test) -> float | None:
    """A guess at how often the test is true, lower is rarer; ``None`` for what is true of absent fields."""
    predicate = test.predicate
    if isinstance(predicate, Null | Exists):
        return None
    if not isinstance(predicate, Pattern):
        return 0.5
    letters = sum(len(token) for token in predicate.tokens if isinstance(token, str))
    return 1.0 / (1 + letters) if letters else 1.0
