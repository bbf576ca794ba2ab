"""Values -> classes. Two values of one place in a document are of one class when no rule can tell them apart. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from detection.fast.budget import Budget, Memory
from detection.fast.fieldtests import FieldTests, Said
from detection.fast.formulas import NONE, Ids
from shouwang.model import ABSENT, Absent, Found, Value

Make: TypeAlias = Callable[[Value], Value]
"""A value out of another; ``None``: nothing can be made."""
PLAIN: Final = frozenset({str, int, type(None), Absent})
"""Types whose values may be keys of one dict. 1, 1.0 and true would be one key, and lists are none."""
_KEY_BYTES: Final = 160
"""Of an entry, beside the text itself."""
LONGEST_KEPT: Final = 32_768
"""Characters; a longer value is tested anew each time: it will not come again, and would push out many that will."""
MOST_CLASSES: Final = 20_000
"""Of one place; then old ones are made anew when met again."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One field that is read from a place, perhaps through a function."""

    tests: FieldTests
    make: Make | None = None


class Sort:
    """A class of values."""

    __slots__ = ("said", "undecided", "woken")

    def __init__(self, said: tuple[Said | None, ...], woken: Ids, *, undecided: bool) -> None:
        self.said = said
        """For each reader of the place; ``None``: the field is not there, another place may have it."""
        self.woken = woken
        """Rules that may fire because of it."""
        self.undecided = undecided


Still: TypeAlias = Callable[[Ids, Ids], Ids]


class Column(Memory[Found, Sort]):
    """One place in the documents of one route: its values' classes."""

    __slots__ = ("_direct", "_readers", "_sorts", "_still", "_wake")

    def __init__(
        self, budget: Budget, readers: Sequence[Reader], wake: Mapping[int, Ids], still: Still | None = None
    ) -> None:
        """``wake``: rules that an atom wakes. ``still``: those of them that may fire when of this place's atoms just
        these hold."""
        super().__init__(budget)
        self._still = still
        self._readers = tuple(readers)
        only = self._readers[0] if len(self._readers) == 1 else None
        self._direct = only.tests.say if only is not None and only.make is None else None
        self._wake = wake
        self._sorts: dict[tuple[Said | None, ...], Sort] = {}

    def __missing__(self, key: Found) -> Sort:
        sort: Sort | None = self.last.pop(key, None) if self.last else None
        size = _KEY_BYTES
        if key.__class__ is str:
            size += len(key)
            if sort is None and self._direct is not None:
                said = (self._direct(key),)
                sort = self._sorts.get(said) or self._sort(said)
            if size > LONGEST_KEPT:
                return sort or self.make(key)
        if sort is None:
            sort = self.make(key)
        self[key] = sort
        budget = self._budget
        budget.used_bytes += size
        if budget.used_bytes > budget.limit_bytes:
            budget.turn()
        return sort

    def make(self, key: Found) -> Sort:
        """The class of any value, lists and objects too."""
        if key is ABSENT:
            said: tuple[Said | None, ...] = (None,) * len(self._readers)
        elif self._direct is not None:
            said = (self._direct(key),)
        else:
            said = tuple([_say(reader, key) for reader in self._readers])
        return self._sorts.get(said) or self._sort(said)

    def _sort(self, said: tuple[Said | None, ...]) -> Sort:
        if len(self._sorts) >= MOST_CLASSES:
            self._sorts.clear()
        true = NONE.union(*[each.true for each in said if each is not None])
        undecided = NONE.union(*[each.undecided for each in said if each is not None])
        woken = NONE.union(*[self._wake[atom] for atom in true | undecided if atom in self._wake])
        if woken and self._still is not None and not undecided and None not in said and NOTHING_MADE not in said:
            woken = self._still(woken, true)
        made = self._sorts[said] = Sort(said, woken, undecided=bool(undecided))
        return made

    def forget(self) -> None:
        super().forget()
        self._sorts.clear()
        for reader in self._readers:
            reader.tests.forget()


NOTHING_MADE: Final = Said(frozenset((-1,)), NONE)
"""The value is there, but nothing can be made of it. No atom has this number."""


def _say(reader: Reader, value: Value) -> Said:
    if reader.make is None:
        return reader.tests.say(value)
    made = reader.make(value)
    return NOTHING_MADE if made is None else reader.tests.say(made)
