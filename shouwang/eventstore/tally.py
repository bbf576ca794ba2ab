"""Counting by the values of a field, the same in every store. Pure."""

from __future__ import annotations

from shouwang.comparison import Scalar, scalars, text_of
from shouwang.eventstore.base import Count
from shouwang.model import Found, Value
from shouwang.visible import well_formed


class Tally:
    """Of a list every different element counts once; absent, null and objects do not. 1 and 1.0 are one key."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, Scalar], int] = {}

    def add(self, value: Found, number: int) -> None:
        if isinstance(value, str):
            self._count(("text", value), number)
            return
        for key in {(_kind(element), element) for element in scalars(value)}:
            self._count(key, number)

    def _count(self, key: tuple[str, Scalar], number: int) -> None:
        self._numbers[key] = self._numbers.get(key, 0) + number

    def texts(self) -> list[str]:
        """The keys that are text and can be encoded."""
        return [key for _, key in self._numbers if isinstance(key, str) and well_formed(key) == key]

    def numbers(self) -> list[tuple[Value, int]]:
        """To be added elsewhere."""
        return [(key, number) for (_, key), number in self._numbers.items()]

    def most(self, top: int) -> list[Count]:
        """The ``top`` greatest, all with 0; equal ones in the order of their text."""
        ordered = sorted(self._numbers.items(), key=lambda item: (-item[1], text_of(item[0][1])))
        return [Count(key, number) for (_, key), number in ordered[: top or None]]


def _kind(value: Scalar) -> str:
    if isinstance(value, str):
        return "text"
    return "truth" if isinstance(value, bool) else "number"
