"""Values -> classes. Two values of one place in a document are of one class when no rule can tell them apart. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

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

    __slots__ = ("said", "true", "undecided", "woken")

    def __init__(self, said: tuple[Said | None, ...], true: Ids, woken: Ids, *, undecided: bool) -> None:
        self.said = said
        """For each reader of the place; ``None``: the field is not there, another place may have it."""
        self.true = true
        """Atoms that hold, of the fields that have no other place."""
        self.woken = woken
        """Rules that may fire because of it."""
        self.undecided = undecided


Still: TypeAlias = Callable[[Ids, Ids], Ids]


class Outlook(NamedTuple):
    """What a route makes of what is read at one of its places."""

    otherwise: Sequence[Ids | None]
    """For each reader: what holds where the value is not there; ``None``: its field has other places too."""
    still: Still
    """Of some rules, those that may fire when of the atoms that this place alone decides just these hold."""


class Column(Memory[Found, Sort]):
    """One place in the documents of one route: its values' classes."""

    __slots__ = ("_direct", "_outlook", "_readers", "_sorts", "_wake")

    def __init__(
        self, budget: Budget, readers: Sequence[Reader], wake: Mapping[int, Ids], outlook: Outlook | None = None
    ) -> None:
        """``wake``: rules that an atom wakes."""
        super().__init__(budget)
        self._outlook = outlook
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
        woken = NONE.union(*[self._wake[atom] for atom in (true | undecided) & self._wake.keys()])
        outlook, settled = self._outlook, true
        if outlook is not None:
            if woken and not undecided and None not in said and NOTHING_MADE not in said:
                woken = outlook.still(woken, true)
            both = zip(said, outlook.otherwise, strict=True)
            settled = NONE.union(*[_settled(each, otherwise) for each, otherwise in both if otherwise is not None])
        made = self._sorts[said] = Sort(said, settled, woken, undecided=bool(undecided))
        return made

    def forget(self) -> None:
        super().forget()
        self._sorts.clear()
        for reader in self._readers:
            reader.tests.forget()


NOTHING_MADE: Final = Said(frozenset((-1,)), NONE)
"""The value is there, but nothing can be made of it. No atom has this number."""


def _settled(said: Said | None, otherwise: Ids) -> Ids:
    return otherwise if said is None or said is NOTHING_MADE else said.true


def _say(reader: Reader, value: Value) -> Said:
    if reader.make is None:
        return reader.tests.say(value)
    made = reader.make(value)
    return NOTHING_MADE if made is None else reader.tests.say(made)
