"""A rule set made ready: its atoms numbered, its conditions as formulas; and the routes made out of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from detection.fast.budget import Budget
from detection.fast.classes import Column
from detection.fast.fieldtests import FieldTests, Said
from detection.fast.formulas import FALSE, NONE, Atoms, Formula, Ids, atoms_of, cover, folded, rarity
from detection.fast.literals import Kept
from detection.fast.routes import Field, Program, Route, Source
from detection.ruleset import Rule
from detection.sigma.predicates import Exists, Null, Predicate, SameAs, TimePart
from detection.sigma.tree import Keyword
from shouwang.model import ABSENT, Found, Logsource

Sources: TypeAlias = Callable[[str], tuple[Source, ...]]
"""A field's name -> where events of a route may have it; none: nowhere."""


class Choice(NamedTuple):
    """What the rules for some logsources ask."""

    rules: tuple[int, ...]
    fields: Mapping[str, Ids]
    """Their atoms, field by field."""
    words: Ids
    """Their keywords."""
    same: Ids
    """Atoms that compare two fields."""


class RuleBook:
    def __init__(self, rules: tuple[Rule, ...], budget: Budget, kept: Kept | None = None) -> None:
        self.rules = rules
        self._kept = kept
        self.budget = budget
        self._atoms = Atoms()
        self._formulas = [self._atoms.formula(rule.condition) for rule in rules]
        self._used = [frozenset(atoms_of(formula)) for formula in self._formulas]
        self._by_source: dict[Logsource, list[int]] = {}
        for number, rule in enumerate(rules):
            self._by_source.setdefault(rule.logsource, []).append(number)
        of_field: dict[str, set[int]] = {}
        words: set[int] = set()
        for number, test in enumerate(self._atoms.tests):
            (words if isinstance(test, Keyword) else of_field.setdefault(test.field, set())).add(number)
        self._words = frozenset(words)
        broad = (used for used, rule in zip(self._used, rules, strict=True) if _is_broad(rule.logsource))
        self.broad_words = self._words & NONE.union(*broad)
        """Keywords that events of nearly any kind are searched for."""
        self._of_field = {field: frozenset(atoms) for field, atoms in of_field.items()}
        tests = self._atoms.tests
        self._same = frozenset(at for at, test in enumerate(tests) if isinstance(test.predicate, SameAs))
        self._of_absent = frozenset(at for at, test in enumerate(tests) if _is_true_of_absent(test.predicate))
        times = [tests[number].predicate for number in self._of_field.get("@timestamp", ())]
        self.minutes_do = all(isinstance(predicate, TimePart) for predicate in times)
        """Whether no rule asks for more of an event's own time."""
        self.fields = frozenset(self._of_field)
        """Every field that some rule reads."""
        self._choices: dict[frozenset[Logsource], Choice] = {}
        self._tests: dict[tuple[str, Ids], FieldTests] = {}
        self._covers: dict[int, Ids | None] = {}

    def dismiss(self) -> None:
        """What was made for routes that are no more."""
        self._tests.clear()
        self._choices.clear()

    def predicate(self, atom: int) -> Predicate:
        return self._atoms.tests[atom].predicate

    def words(self, atoms: Iterable[int]) -> dict[int, Keyword]:
        """The keywords among these atoms."""
        tests = ((atom, self._atoms.tests[atom]) for atom in self._words.intersection(atoms))
        return {atom: test for atom, test in tests if isinstance(test, Keyword)}

    def _choice(self, logsources: frozenset[Logsource]) -> Choice:
        """The rules that are meant for events of these logsources."""
        known = self._choices.get(logsources)
        if known is None:
            meant = [
                number
                for mine, numbers in self._by_source.items()
                if any(mine.covers(source) for source in logsources)
                for number in numbers
            ]
            used = NONE.union(*(self._used[number] for number in meant))
            fields = {field: used & atoms for field, atoms in self._of_field.items() if not used.isdisjoint(atoms)}
            known = Choice(tuple(sorted(meant)), fields, used & self._words, used & self._same)
            self._choices[logsources] = known
        return known

    def route(
        self,
        logsources: frozenset[Logsource],
        sources: Sources,
        otherwise: Mapping[str, Found],
        column: type[Column] = Column,
    ) -> Route:
        """``otherwise``: values of fields that no source has; those that are not named are absent then."""
        choice = self._choice(logsources)
        where = {field: sources(field) for field in choice.fields}
        true: set[int] = set()
        open_atoms, still = choice.same, set(choice.words)
        for field, atoms in choice.fields.items():
            if where[field]:
                still |= atoms
                continue
            said = self._said(field, atoms, otherwise.get(field, ABSENT))
            true |= said.true
            open_atoms |= said.undecided
        programs = self._programs(choice.rules, frozenset(true), frozenset(still) | open_atoms, open_atoms)
        live = NONE.union(*(program.atoms for program in programs)) - open_atoms
        fields = []
        for field in sorted(choice.fields):
            atoms = choice.fields[field] & live
            if atoms:
                said = self._said(field, atoms, otherwise.get(field, ABSENT))
                fields.append(Field(field, atoms, self._tests_of(field, atoms), where[field], said))
        return Route(programs, fields, open_atoms, self.budget, column)

    def _said(self, field: str, atoms: Ids, value: Found) -> Said:
        if value is ABSENT:
            return Said(atoms & self._of_absent, NONE)
        return self._tests_of(field, atoms).say(value)

    def _programs(self, numbers: Iterable[int], true: Ids, still: Ids, open_atoms: Ids) -> list[Program]:
        programs = []
        for number in numbers:
            whole = self._formulas[number]
            formula = folded(whole, true, still)
            if formula is not FALSE:
                keys = self._keys(number, open_atoms) if formula is whole else _keys(formula, self._atoms, open_atoms)
                programs.append(Program(number, formula, frozenset(atoms_of(formula)), keys))
        return programs

    def _keys(self, number: int, open_atoms: Ids) -> Ids | None:
        if not self._used[number].isdisjoint(open_atoms):
            return _keys(self._formulas[number], self._atoms, open_atoms)
        if number not in self._covers:
            self._covers[number] = _keys(self._formulas[number], self._atoms, NONE)
        return self._covers[number]

    def _tests_of(self, field: str, atoms: Ids) -> FieldTests:
        known = self._tests.get((field, atoms))
        if known is None:
            wanted = {atom: self._atoms.tests[atom].predicate for atom in sorted(atoms)}
            known = self._tests[field, atoms] = FieldTests(wanted, self._kept)
        return known


def _keys(formula: Formula, atoms: Atoms, open_atoms: Ids) -> Ids | None:
    found = cover(formula, lambda atom: None if atom in open_atoms else rarity(atoms.tests[atom]))
    return None if found is None else found[1]


def _is_broad(logsource: Logsource) -> bool:
    return logsource.category is None and logsource.service is None


def _is_true_of_absent(predicate: Predicate) -> bool:
    return isinstance(predicate, Null) or (isinstance(predicate, Exists) and not predicate.present)
