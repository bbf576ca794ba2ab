"""A look at a line's bytes that mostly suffices: of most kinds of lines hardly one holds all the text that any of the
kind's rules needs. Pure.

Each positive test of a rule needs pieces of text that stand in the line whenever it holds; what needs none counts as
true, and what is denied as false. A rule that is not true even so cannot fire. Which pieces say something depends on
the lines: a trial finds those that stand nearly everywhere and are better taken for granted, and whether it pays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from detection.fast.budget import Budget, Memory
from detection.fast.formulas import NONE, Ids, cover, holds
from detection.fast.required import required
from detection.fast.routes import Program
from detection.fast.sieve import ESCAPES, SIGNS, Finder
from detection.sigma.predicates import Pattern, Predicate, Regex

Hits: TypeAlias = tuple[int, ...]
"""Pieces, by number."""

_USABLE: Final = re.compile(r"[a-z0-9:. _\\$+(){}@,;=#%!|~^*?\[\]-]+", re.ASCII)
"""What JSON writes as it is, or in one other way that is seen (``ESCAPES``); a backslash is written as two."""
_SHORTEST: Final = 3
_NUMBER: Final = re.compile(r"[+-]?[0-9]*\.?[0-9]*(?:e[+-]?[0-9]*)?|inf|nan")
"""What may be a part of a number, which JSON may write in another way than it is compared."""
_UNQUOTED: Final = ("true", "false")
_TRIAL_LINES: Final = 64
_COMMON: Final = 1 / 8
_WORTH: Final = 1 / 2
"""Of the lines of the trial at least so many must be silent."""
_AS_GOOD: Final = 0.95
"""Fewer pieces are found faster, though they leave a few more lines awake."""
_ENTRY_BYTES: Final = 120


class Needs:
    """What the rules of a kind need to stand in a line."""

    def __init__(
        self, programs: Sequence[Program], pieces: tuple[bytes, ...], of_atom: Mapping[int, frozenset[int]], free: Ids
    ) -> None:
        """``of_atom``: the pieces that an atom needs. ``free``: atoms of which the bytes tell nothing."""
        self.programs = programs
        self.pieces = pieces
        self._of_atom = of_atom
        self._free = free
        self._by_piece: dict[int, list[int]] = {}
        for atom, needed in of_atom.items():
            for piece in needed:
                self._by_piece.setdefault(piece, []).append(atom)
        self._wake: dict[int, list[Program]] | None = None
        """Atom -> programs that cannot be true unless one of their waking atoms is."""
        self._asked: list[Program] = []
        """Whatever stands in the line."""

    def always(self) -> bool:
        """Whether a rule may fire on a line that holds no piece."""
        return any(holds(program.formula, self._free, NONE) for program in self.programs)

    def granting(self, pieces: Iterable[int]) -> Needs | None:
        """The same if these pieces are taken to stand in every line; ``None``: then a rule might always fire."""
        granted = frozenset(pieces)
        left = {atom: needed - granted for atom, needed in self._of_atom.items()}
        freed = frozenset(atom for atom, needed in left.items() if not needed)
        free = self._free | freed
        for program in self.programs:
            if not freed.isdisjoint(program.atoms) and holds(program.formula, free, NONE):
                return None
        return Needs(self.programs, self.pieces, {atom: needed for atom, needed in left.items() if needed}, free)

    def idle(self) -> set[int]:
        """Pieces that wake no rule by themselves: they only tell that what another one woke cannot fire."""
        wake = self._waking()
        return {piece for piece, atoms in self._by_piece.items() if not any(atom in wake for atom in atoms)}

    def used(self) -> Sequence[int]:
        return sorted(self._by_piece)

    def awake(self, found: Iterable[int]) -> bool:
        """Whether a rule may fire on a line that holds these pieces."""
        wake = self._waking()
        hits = frozenset(found)
        true = set(self._free)
        woken = list(self._asked)
        for piece in hits:
            for atom in self._by_piece.get(piece, ()):
                if self._of_atom[atom] <= hits and atom not in true:
                    true.add(atom)
                    woken += wake.get(atom, ())
        held = frozenset(true)
        return any(holds(program.formula, held, NONE) for program in woken)

    def _waking(self) -> dict[int, list[Program]]:
        if self._wake is not None:
            return self._wake
        wake = self._wake = {}
        for program in self.programs:
            rarest = cover(program.formula, self._cost)
            if rarest is None:
                self._asked.append(program)
            else:
                for atom in rarest[1]:
                    wake.setdefault(atom, []).append(program)
        return wake

    def _cost(self, atom: int) -> float | None:
        needed = self._of_atom.get(atom)
        return None if needed is None else 1 / sum(len(self.pieces[piece]) for piece in needed)


class Asked(NamedTuple):
    """An atom, for the bytes of a line."""

    predicate: Predicate
    plain: bool
    """Whether it is asked of values as the line writes them."""
    whole: bool
    """Whether it is asked of a value, and not of all that the line says."""


def needs(programs: Sequence[Program], asked: Callable[[int], Asked]) -> Needs:
    numbers: dict[bytes, int] = {}
    of_atom: dict[int, frozenset[int]] = {}
    atoms = NONE.union(*[program.atoms for program in programs])
    for atom in sorted(atoms):
        texts = _pieces(asked(atom))
        if texts:
            of_atom[atom] = frozenset([numbers.setdefault(text, len(numbers)) for text in texts])
    return Needs(programs, tuple(numbers), of_atom, atoms - of_atom.keys())


def _pieces(asked: Asked) -> list[bytes]:
    """What stands in the line's bytes, case apart, whenever the test holds; empty: nothing is known to."""
    if not asked.plain:
        return []
    if isinstance(asked.predicate, Regex):
        return [_escaped(run.group()).encode() for run in _runs(required(asked.predicate))]
    if not isinstance(asked.predicate, Pattern):
        return []
    found: list[bytes] = []
    last = len(asked.predicate.tokens) - 1
    for at, token in enumerate(asked.predicate.tokens):
        if not isinstance(token, str):
            continue
        text = token.lower()
        quoted = asked.whole and not any(text in word for word in _UNQUOTED)
        for run in _runs(text):
            opens = '"' if quoted and at == 0 and run.start() == 0 else ""
            closes = '"' if quoted and at == last and run.end() == len(text) else ""
            found.append(f"{opens}{_escaped(run.group())}{closes}".encode())
    return found


def _runs(text: str) -> list[re.Match[str]]:
    every = _USABLE.finditer(text)
    return [run for run in every if len(run.group()) >= _SHORTEST and not _NUMBER.fullmatch(run.group())]


def _escaped(run: str) -> str:
    return run.replace("\\", "\\\\")


class Gate(Finder):
    """Searches lines for the pieces, and for those that every line is searched for.

    Without hits no rule can fire; else ``awake`` tells.
    """

    __slots__ = ("awake", "doubt", "needs")

    def __init__(self, needs: Needs, broad: Sequence[str], budget: Budget) -> None:
        self.needs = needs
        self.doubt = len(needs.pieces)
        """Among the hits where the line may hold a keyword of any event, or writes letters in another way."""
        doubts = [*(piece.encode() for piece in broad), *SIGNS, *ESCAPES]
        super().__init__(
            [*((piece, needs.pieces[piece]) for piece in needs.used()), *((self.doubt, text) for text in doubts)]
        )
        self.awake = Awake(needs, self.doubt, budget)


class Awake(Memory[Hits, bool]):
    """Hits -> whether a rule may fire on a line that has them."""

    __slots__ = ("_doubt", "_needs")

    def __init__(self, needs: Needs, doubt: int, budget: Budget) -> None:
        super().__init__(budget)
        self._needs = needs
        self._doubt = doubt

    def make(self, key: Hits) -> bool:
        return self._doubt in key or self._needs.awake(key)

    def size_of(self, key: Hits) -> int:
        return _ENTRY_BYTES + 8 * len(key)


class Trial(Gate):
    """Looks at some lines with all pieces, every one of them awake; then says what gate pays, if any."""

    def __init__(self, needs: Needs, broad: Sequence[str], budget: Budget, told: Callable[[Gate | None], None]) -> None:
        super().__init__(needs, broad, budget)
        self.awake = Watch(needs, self.doubt, budget, self._tried)
        self._broad, self._budget = broad, budget
        self._told = told
        self._seen: list[Hits] = []

    def _tried(self, hits: Hits) -> None:
        self._seen.append(hits)
        if len(self._seen) == _TRIAL_LINES:
            self._told(self._verdict())

    def _verdict(self) -> Gate | None:
        needs = self.needs
        counts = Counter(piece for hits in self._seen for piece in hits if piece != self.doubt)
        for piece, count in counts.most_common():
            if count > _COMMON * _TRIAL_LINES:
                needs = needs.granting([piece]) or needs
        silent = self._silent(needs)
        fewer = needs.granting(needs.idle())
        if fewer is not None and self._silent(fewer) >= _AS_GOOD * silent:
            needs = fewer
        return Gate(needs, self._broad, self._budget) if silent >= _WORTH * _TRIAL_LINES else None

    def _silent(self, needs: Needs) -> int:
        """Of the lines seen."""
        return sum(self.doubt not in hits and not needs.awake(hits) for hits in self._seen)


class Watch(Awake):
    """Remembers nothing, and tells of each line."""

    __slots__ = ("_told",)

    def __init__(self, needs: Needs, doubt: int, budget: Budget, told: Callable[[Hits], None]) -> None:
        super().__init__(needs, doubt, budget)
        self._told = told

    def __missing__(self, hits: Hits) -> bool:
        self._told(hits)
        return True
