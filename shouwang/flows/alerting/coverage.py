"""What each correlation has evaluated, as people are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from detection.correlation.rows import Counters, counters_of
from detection.ruleset import Correlation
from shouwang.statestore.store import StateStore


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one correlation."""

    id: str
    along: bool
    """It has seen all that was handled; else it is still reading what it missed."""
    remembered: int
    """Events it remembers."""
    counters: Counters


def covered(state: StateStore, correlations: Sequence[Correlation]) -> list[Coverage]:
    with state.reading() as tables:
        found = []
        for each in correlations:
            kept = tables.correlations.get(each.id)
            counters = counters_of(kept.counters) if kept is not None else Counters()
            along = kept is None or not kept.behind
            found.append(Coverage(each.id, along, tables.correlations.size(each.id), counters))
    return found
