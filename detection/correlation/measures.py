"""What is held against a condition: how many events, values, rules; a sum, a mean, a median, a percentile. Pure.

A measure runs along a group: events are added and removed, ``value`` is asked in between.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Protocol

from detection.correlation.entries import Entry
from detection.sigma.numerals import Exact, exact


class Measure(Protocol):
    def add(self, entry: Entry) -> None: ...
    def remove(self, entry: Entry) -> None:
        """One that was added."""
        ...

    def value(self) -> Exact | None:
        """``None``: nothing to measure."""
        ...


class Events:
    def __init__(self) -> None:
        self._number = 0

    def add(self, entry: Entry) -> None:
        self._number += 1

    def remove(self, entry: Entry) -> None:
        self._number -= 1

    def value(self) -> Exact:
        return self._number


class Values:
    """Distinct ones."""

    def __init__(self) -> None:
        self._held: Counter[tuple[str, ...]] = Counter()

    def add(self, entry: Entry) -> None:
        for item in entry.items:
            self._held[item] += 1

    def remove(self, entry: Entry) -> None:
        for item in entry.items:
            left = self._held[item] - 1
            if left:
                self._held[item] = left
            else:
                del self._held[item]

    def value(self) -> Exact:
        return len(self._held)


class Rules:
    """Distinct ones among those that matched."""

    def __init__(self) -> None:
        self._held: Counter[int] = Counter()

    def add(self, entry: Entry) -> None:
        for bit in bits(entry.rules):
            self._held[bit] += 1

    def remove(self, entry: Entry) -> None:
        for bit in bits(entry.rules):
            left = self._held[bit] - 1
            if left:
                self._held[bit] = left
            else:
                del self._held[bit]

    def value(self) -> Exact:
        return len(self._held)

    def has(self, bit: int) -> bool:
        return bit in self._held


@dataclass(frozen=True, slots=True)
class Steps:
    """A way of a temporal correlation, rules as their numbers."""

    rules: tuple[int, ...]
    without: tuple[int, ...] = ()


class Ways(Rules):
    """1 when one of the ways is fulfilled, in any order; else 0."""

    def __init__(self, ways: Sequence[Steps]) -> None:
        super().__init__()
        self._ways = ways

    def value(self) -> Exact:
        return int(any(all(map(self.has, way.rules)) and not any(map(self.has, way.without)) for way in self._ways))


class Sum:
    def __init__(self) -> None:
        self._sum: Exact = 0

    def add(self, entry: Entry) -> None:
        for item in entry.items:
            self._sum += exact(item[-1])

    def remove(self, entry: Entry) -> None:
        for item in entry.items:
            self._sum -= exact(item[-1])

    def value(self) -> Exact:
        return self._sum


class Spread:
    """All numbers in order, for ``of`` to look at."""

    def __init__(self, of: Callable[[Sequence[Exact]], Exact]) -> None:
        self._numbers: list[Exact] = []
        self._of = of

    def add(self, entry: Entry) -> None:
        for item in entry.items:
            insort(self._numbers, exact(item[-1]))

    def remove(self, entry: Entry) -> None:
        for item in entry.items:
            del self._numbers[bisect_left(self._numbers, exact(item[-1]))]

    def value(self) -> Exact | None:
        return self._of(self._numbers) if self._numbers else None


def mean(numbers: Sequence[Exact]) -> Exact:
    return Fraction(sum(numbers), len(numbers))


def median(numbers: Sequence[Exact]) -> Exact:
    """Of sorted numbers; of an even number of them the mean of the middle two."""
    half = len(numbers) // 2
    return numbers[half] if len(numbers) % 2 else Fraction(numbers[half - 1] + numbers[half]) / 2


def percentile(numbers: Sequence[Exact], percent: Exact) -> Exact:
    """Of sorted numbers, the least one that ``percent`` of them do not exceed (nearest rank)."""
    return numbers[max(1, ceil(len(numbers) * percent / 100)) - 1]


def bits(mask: int) -> Iterable[int]:
    number = 0
    while mask:
        if mask & 1:
            yield number
        mask >>= 1
        number += 1
