"""Kinds of JSON lines: how to decode just what the rules for them look at, and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import getitem
from typing import Final, NamedTuple, TypeAlias

import msgspec

from detection.fast.budget import Memory
from detection.fast.classes import PLAIN, Column, Sort
from detection.fast.formulas import FALSE, NONE, atoms_of, folded
from detection.fast.gate import Asked, Gate, Needs, Trial, needs
from detection.fast.literals import HAS_HYPERSCAN
from detection.fast.matching import FOLDED, MOST_ROUTES, Matcher
from detection.fast.partial import Conflict, Decode, Values, partial
from detection.fast.routes import NOTHING, Fires, Key, Route, Source
from detection.fast.sieve import Sieve
from shouwang.model import ABSENT, Event, Found, Path, value_at
from shouwang.model.layout import Layout

Combination: TypeAlias = tuple[Found, ...]
"""The values at a layout's decisive places."""
LOOK: Final = Fires((), ())
"""Nothing fires unless the line holds one of the keywords of its kind's rules."""
_UNFIT: Final = "\0unfit"
"""Begins the place of what a line's bytes do not say."""
_SMALLEST, _LARGEST = -(1 << 63), (1 << 64) - 1
"""Beyond these a JSON number is read as a fraction."""


_ENTRY_BYTES: Final = 600
_NEW_BEFORE_GATE: Final = 48
"""Lines of a kind that said something new: so many before it is tried whether a look at their bytes suffices."""
_WEIGHED: Final = 8
"""One of so many is weighed, and counts for all of them."""


class Mark(Sort):
    """The class of a value at a decisive place: itself."""

    __slots__ = ("value",)

    def __init__(self, value: Found) -> None:
        super().__init__((), NONE, NONE, undecided=False)
        self.value = value


class Marks(Memory[object, Mark]):
    __slots__ = ()

    def make(self, key: object) -> Mark:
        return Mark(ABSENT if key is msgspec.UNSET else key)  # type: ignore[arg-type]  # text, a number or null

    def size_of(self, key: object) -> int:
        return 200 + (len(key) if isinstance(key, str) else 0)


class LineColumn(Column):
    """Values as a partial decoder gives them."""

    __slots__ = ()

    def make(self, key: Found | msgspec.UnsetType) -> Sort:
        if isinstance(key, msgspec.UnsetType):
            key = ABSENT
        elif isinstance(key, int) and not _SMALLEST <= key <= _LARGEST:
            raise ValueError("a number that a parser reads as a fraction")
        return super().make(key)


Form: TypeAlias = tuple[tuple[Path, ...], tuple[Path, ...]]
"""A layout's decisive and missing places."""


class Kind:
    """Lines that decode alike and go the same route."""

    def __init__(self, route: Route, layout: Layout, words: Words, kinds: Kinds) -> None:
        """Raises ``Conflict``."""
        self.form: Form = (layout.decisive, layout.missing)
        self.decode: Decode
        self.values: Values
        self.decode, self.values = partial((*route.places, *layout.decisive), layout.missing)
        marks = [Marks(kinds.budget) for _ in layout.decisive]
        self.columns: tuple[Memory[Found, Sort], ...] = (*route.columns, *marks)  # type: ignore[arg-type]  # Mark is a Sort
        self.sieve = words.sieve
        self.gate: Gate | Trial | None = None
        """Once many lines said something new: tells of most of them at a glance that nothing fires."""
        self.glance, self.decisive = partial(layout.decisive, layout.missing)
        """Decodes no more than what tells the kind, and takes it."""
        self.kin = Kin(self.form, kinds)
        self._route, self._kinds = route, kinds
        self.memo = LineMemo(kinds, self, route, words.quiet)
        self.recall = Recall(kinds, self)

    def try_gate(self) -> None:
        """From the next lines on."""
        if HAS_HYPERSCAN:
            needed = self._kinds.needs(self._route)
            if not needed.always():
                self.gate = Trial(needed, self._kinds.broad_pieces, self._kinds.budget, self._take)

    def _take(self, gate: Gate | None) -> None:
        self.gate = gate


class Kin(dict[tuple[Found, ...], "Kind | None"]):
    """Decisive values, as decoded -> the kind of lines of this form that have them; ``None``: not known."""

    __slots__ = ("_form", "_kinds")

    def __init__(self, form: Form, kinds: Kinds) -> None:
        super().__init__()
        self._form, self._kinds = form, kinds

    def __missing__(self, decisive: tuple[Found, ...]) -> Kind | None:
        held = tuple([ABSENT if isinstance(value, msgspec.UnsetType) else value for value in decisive])
        found = self._kinds.known.get((self._form, held))
        if found is not None:
            if len(self) >= MOST_ROUTES:
                self.clear()
            self[decisive] = found
        return found


class Words(NamedTuple):
    """Keywords that the rules of a kind look for."""

    sieve: Sieve | None
    """For those that not every line is searched for."""
    quiet: Sort
    """The class of a line that holds none."""


class Turn:
    """The line is of another kind than was guessed."""

    __slots__ = ("kind",)

    def __init__(self, kind: Kind) -> None:
        self.kind = kind


Answer: TypeAlias = Fires | Turn | None
"""``None``: of no kind that is known."""


class LineMemo(Memory[Key, Answer]):
    """Classes -> what fires, once the decisive values are seen to be those of the kind."""

    __slots__ = ("_kind", "_kinds", "_places", "_quiet", "_route", "_targets")

    def __init__(self, kinds: Kinds, kind: Kind, route: Route, quiet: Sort) -> None:
        super().__init__(kinds.budget)
        self._kinds, self._kind, self._route, self._quiet = kinds, kind, route, quiet
        self._places = len(route.columns)
        self._targets: dict[Key, Kind] = {}

    def __missing__(self, key: Key) -> Answer:
        marks = key[self._places :]
        target = self._targets.get(marks) or self._find(marks)
        if target is None:
            return None
        answer = self.last.pop(key, None) if self.last else None
        if answer is None:
            answer = self._judge(key) if target is self._kind else Turn(target)
        self[key] = answer
        self._budget.spend(200 + 8 * len(key))
        return answer

    def _judge(self, key: Key) -> Fires:
        fires = self._route.judge((*key, self._quiet))
        return LOOK if fires is NOTHING and self._kind.sieve is not None else fires

    def _find(self, marks: Key) -> Kind | None:
        values = tuple(mark.value for mark in marks if isinstance(mark, Mark))
        target = self._kinds.known.get((self._kind.form, values))
        if target is not None:
            if len(self._targets) >= MOST_ROUTES:
                self._targets.clear()
            self._targets[marks] = target
        return target


class Recall(Memory[tuple[Found, ...], Answer]):
    """The values themselves -> what fires: for lines that say again what was said before."""

    __slots__ = ("_columns", "_kind", "_memo", "_new")

    def __init__(self, kinds: Kinds, kind: Kind) -> None:
        super().__init__(kinds.budget)
        self._columns, self._memo = kind.columns, kind.memo
        self._kind = kind
        self._new = 0

    def __missing__(self, key: tuple[Found, ...]) -> Answer:
        answer = self._memo[tuple(map(getitem, self._columns, key))]
        if answer is not None:
            self[key] = answer
            self._new += 1
            if self._new == _NEW_BEFORE_GATE:
                self._kind.try_gate()
            if self._new % _WEIGHED == 0:
                size = sum(len(value) for value in key if isinstance(value, str))
                self._budget.spend(_WEIGHED * (_ENTRY_BYTES + size))
        return answer


class Kinds:
    """All kinds of lines met so far."""

    def __init__(self, matcher: Matcher, context: frozenset[str], broad_pieces: Sequence[str] = ()) -> None:
        """``context``: ECS fields that every event has beside what its line says. ``broad_pieces``: text that every
        line is searched for."""
        self._book = matcher.book
        self.broad_pieces = broad_pieces
        self.budget = matcher.book.budget
        self._context = context
        self._broad = matcher.book.broad_words
        self.known: dict[tuple[Form, Combination], Kind | None] = {}
        self._alike: dict[object, Kind] = {}

    def learn(self, event: Event, layout: Layout) -> Kind | None:
        """The kind of a line that was parsed; ``None``: such lines must all be parsed."""
        values = tuple(value_at(event.doc, place) for place in layout.decisive)
        if not PLAIN.issuperset(map(type, values)):
            return None
        key = ((layout.decisive, layout.missing), values)
        if key not in self.known:
            if len(self.known) >= MOST_ROUTES:
                self.known.clear()
                self._alike.clear()
            self.known[key] = self._make(event, layout)
        return self.known[key]

    def _make(self, event: Event, layout: Layout) -> Kind | None:
        shape = event.shape
        otherwise: dict[str, Found] = {"event.dataset": shape.dataset}
        otherwise.update((name, event.get(name)) for name in FOLDED)
        unsure = layout.added | self._context | {"@timestamp"}

        def sources(field: str) -> tuple[Source, ...]:
            if field in unsure:
                return (Source(((_UNFIT, field),)),)
            return () if field in FOLDED else tuple(_source(place, layout) for place in shape.locate(field))

        route = self._book.route(shape.logsources, sources, otherwise, LineColumn)
        if any(place[0] == _UNFIT for place in route.places) or not shape.logsources:
            return None
        likeness = ((layout.decisive, layout.missing), route.programs, route.reads)
        kind = self._alike.get(likeness)
        if kind is None:
            try:
                kind = self._alike[likeness] = Kind(route, layout, self._words(route), self)
            except Conflict:
                return None
        return kind

    def needs(self, route: Route) -> Needs:
        """What its rules need in a line that holds none of the keywords that every line is searched for."""
        plain = NONE.union(
            *[
                field.atoms - field.otherwise.true
                for field in route.fields
                if all(source.make is None for source in field.sources)
            ]
        )
        words = self._book.words({atom for program in route.programs for atom in program.atoms})

        def asked(atom: int) -> Asked:
            word = words.get(atom)
            return Asked(self._book.predicate(atom), word is not None or atom in plain, word is None)

        programs = []
        for program in route.programs:
            formula = folded(program.formula, NONE, program.atoms - self._broad)
            if formula is not FALSE:
                programs.append(replace(program, formula=formula, atoms=frozenset(atoms_of(formula))))
        return needs(programs, asked)

    def _words(self, route: Route) -> Words:
        words = self._book.words({atom for program in route.programs for atom in program.atoms})
        own = [word.predicate for atom, word in words.items() if atom not in self._broad]
        return Words(Sieve(own) if own else None, route.silence)


def _source(place: Path, layout: Layout) -> Source:
    made = layout.derived.get(place)
    if made is not None and made[0]:
        return Source(*made)
    return Source(((_UNFIT, *place),) if place in layout.filled else (place,))
