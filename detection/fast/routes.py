"""What one kind of event can still fire, once all that is the same for its events is known. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from detection.fast.budget import Budget, Memory
from detection.fast.classes import NOTHING_MADE, Column, Make, Outlook, Reader, Sort, Still
from detection.fast.fieldtests import FieldTests, Said
from detection.fast.formulas import NONE, TRUE, Formula, Ids, holds, projected
from shouwang.model import Path

Key: TypeAlias = tuple[Sort, ...]
"""The classes of an event's values, place by place; the last one is that of its keywords."""
_ENTRY_BYTES: Final = 200


class Fires(NamedTuple):
    """What an event does, by the numbers of rules, in order."""

    sure: tuple[int, ...]
    doubtful: tuple[int, ...]
    """Rules that only the whole event can decide; to be asked one by one."""


NOTHING: Final = Fires((), ())


@dataclass(frozen=True, slots=True)
class Source:
    """Where a field may be read; the first place that is there decides."""

    places: tuple[Path, ...]
    make: Make | None = None
    """What the place says becomes the field's value through it; where it gives ``None`` the next source is asked."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field that rules of the route read."""

    name: str
    atoms: Ids
    tests: FieldTests
    sources: tuple[Source, ...]
    otherwise: Said
    """When no source has it."""


@dataclass(frozen=True, slots=True)
class Program:
    """A rule on a route."""

    rule: int
    formula: Formula
    atoms: Ids
    keys: Ids | None
    """It cannot fire unless one of them is true; ``None``: it must always be asked."""


class Route:
    """The places to read, and the judge of what was read."""

    def __init__(
        self,
        programs: Sequence[Program],
        fields: Sequence[Field],
        open_atoms: Ids,
        budget: Budget,
        column: type[Column] = Column,
    ) -> None:
        """``open_atoms``: those that no field decides by itself. ``column``: for the values as they will be given."""
        self.programs = tuple(programs)
        self.fields = tuple(fields)
        self._open = open_atoms
        self._by_rule = {program.rule: program for program in programs}
        self._always = frozenset(program.rule for program in programs if program.keys is None)
        wake: dict[int, set[int]] = {}
        for program in programs:
            for atom in program.keys or ():
                wake.setdefault(atom, set()).add(program.rule)
        self.wake: Mapping[int, Ids] = {atom: frozenset(rules) for atom, rules in wake.items()}
        readers: dict[Path, list[Reader]] = {}
        found = [tuple(_reads(source, field, readers) for source in field.sources) for field in fields]
        """In order of folders."""
        self.places: tuple[Path, ...] = tuple(sorted(readers, key=lambda place: (place[:-1], place[-1])))
        number = {place: at for at, place in enumerate(self.places)}
        self.reads = tuple(
            tuple(tuple((number[place], reader) for place, reader in source) for source in each) for each in found
        )
        """Field by field, source by source: (column, reader) of each place."""
        self._read = [
            (reads[0][0], None if len(reads) == len(reads[0]) == 1 else reads, field.otherwise)
            for reads, field in zip(self.reads, self.fields, strict=True)
        ]
        self._several = [(reads, otherwise.true) for _, reads, otherwise in self._read if reads is not None]
        """Fields with more than one place, and what holds where none has them."""
        self.columns = tuple(
            column(budget, readers[place], self.wake, Outlook(self._otherwise(at, readers[place]), self._still(at)))
            for at, place in enumerate(self.places)
        )
        self.memo = Memo(budget, self)
        self.silence = Sort((Said(NONE, NONE),), NONE, NONE, undecided=False)
        """The class of the keywords of an event that holds none."""

    def _otherwise(self, column: int, readers: Sequence[Reader]) -> list[Ids | None]:
        found: list[Ids | None] = [None] * len(readers)
        for (at, reader), reads, otherwise in self._read:
            if at == column and reads is None:
                found[reader] = otherwise.true
        return found

    def _still(self, column: int) -> Still:
        """Of some rules, those that may fire when of the atoms that this column alone decides just these hold."""
        both = zip(self.reads, self.fields, strict=True)
        alone = (field for reads, field in both if len(reads) == len(reads[0]) == 1 and reads[0][0][0] == column)
        own = NONE.union(*[field.atoms for field in alone])
        asked: dict[int, Formula] = {}

        def may_fire(rule: int, true: Ids) -> bool:
            formula = asked.get(rule)
            if formula is None:
                formula = asked[rule] = projected(self._by_rule[rule].formula, own)
            return formula is TRUE or holds(formula, true, true)

        return lambda rules, true: frozenset([rule for rule in rules if may_fire(rule, true)])

    def _said(self, key: Key) -> list[Said]:
        """What each field's tests say, and the keywords'."""
        found = [word for word in key[-1].said if word is not None]
        for (column, reader), reads, otherwise in self._read:
            said = key[column].said[reader] if reads is None else _first(reads, key)
            found.append(otherwise if said is None or said is NOTHING_MADE else said)
        return found

    def judge(self, key: Key) -> Fires:
        rules = self._always
        for sort in key:
            if sort.undecided:
                return self._judge_in_doubt(key)
            if sort.woken:
                rules = rules | sort.woken
        if not rules:
            return NOTHING
        true = NONE.union(*[sort.true for sort in key])
        if self._several:
            found = [(_first(reads, key), otherwise) for reads, otherwise in self._several]
            true = true.union(*[otherwise if said is None else said.true for said, otherwise in found])
        return self._fires(rules, true, NONE)

    def _judge_in_doubt(self, key: Key) -> Fires:
        """Where a test raised instead of answering."""
        said = self._said(key)
        undecided = NONE.union(*[each.undecided for each in said])
        rules = self._always.union(*[sort.woken for sort in key])
        rules |= {program.rule for program in self.programs if not program.atoms.isdisjoint(undecided)}
        return self._fires(rules, NONE.union(*[each.true for each in said]), undecided)

    def _fires(self, rules: Ids, true: Ids, undecided: Ids) -> Fires:
        perhaps = true | self._open if self._open else true
        sure: list[int] = []
        doubtful: list[int] = []
        for number in rules:
            program = self._by_rule[number]
            if undecided and not program.atoms.isdisjoint(undecided):
                doubtful.append(number)
            elif holds(program.formula, perhaps, true):
                (sure if perhaps is true or program.atoms.isdisjoint(self._open) else doubtful).append(number)
        if not sure and not doubtful:
            return NOTHING
        return Fires(tuple(sorted(sure)), tuple(sorted(doubtful)))


class Memo(Memory[Key, Fires]):
    """Classes -> what fires. Exact, because rules are functions of the classes."""

    __slots__ = ("_route",)

    def __init__(self, budget: Budget, route: Route) -> None:
        super().__init__(budget)
        self._route = route

    def make(self, key: Key) -> Fires:
        return self._route.judge(key)

    def size_of(self, key: Key) -> int:
        return _ENTRY_BYTES + 8 * len(key)


def _reads(source: Source, field: Field, readers: dict[Path, list[Reader]]) -> tuple[tuple[Path, int], ...]:
    """The source's places with the number of the field's reader there."""
    found = []
    for place in source.places:
        here = readers.setdefault(place, [])
        reader = Reader(field.tests, source.make)
        if reader not in here:
            here.append(reader)
        found.append((place, here.index(reader)))
    return tuple(found)


def _first(reads: tuple[tuple[tuple[int, int], ...], ...], key: Key) -> Said | None:
    for source in reads:
        for column, reader in source:
            said = key[column].said[reader]
            if said is None:
                continue
            if said is NOTHING_MADE:
                break
            return said
    return None
