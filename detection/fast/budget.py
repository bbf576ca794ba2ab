"""How much the engine may remember of values and events. Pure."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

CACHE_BYTES = 32 << 20
"""Of one generation, roughly; there are two."""


class Budget:
    """One for all memories of an engine. When it is spent, all begin a new generation; the last one is still known."""

    def __init__(self, limit_bytes: int = CACHE_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self.used_bytes = 0
        self.turns = 0
        self._memories: list[Memory[object, object]] = []

    def join(self, memory: Memory[K, V]) -> None:
        self._memories.append(memory)  # type: ignore[arg-type]  # only turned and cleared here

    def spend(self, size_bytes: int) -> None:
        self.used_bytes += size_bytes
        if self.used_bytes > self.limit_bytes:
            self.turn()

    def turn(self) -> None:
        for memory in self._memories:
            memory.turn()
        self.used_bytes = 0
        self.turns += 1

    def forget(self) -> None:
        """As on the first day: what is remembered goes, who remembers stays."""
        for memory in self._memories:
            memory.forget()
        self.used_bytes = 0

    def dismiss(self) -> None:
        """Nobody who remembered so far is counted any more."""
        self._memories.clear()
        self.used_bytes = 0


class Memory(dict[K, V], Generic[K, V]):
    """A dict that makes what it lacks, in two generations. Look-ups of what is known cost what a dict's do."""

    __slots__ = ("_budget", "last")

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self.last: dict[K, V] = {}
        self._budget = budget
        budget.join(self)

    def turn(self) -> None:
        self.last = self.copy()
        self.clear()

    def forget(self) -> None:
        self.clear()
        self.last = {}

    def __missing__(self, key: K) -> V:
        value = self.last.pop(key, None) if self.last else None
        if value is None:
            value = self.make(key)
        self[key] = value
        self._budget.spend(self.size_of(key))
        return value

    def make(self, key: K) -> V:
        raise NotImplementedError

    def size_of(self, key: K) -> int:
        raise NotImplementedError
