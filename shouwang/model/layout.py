"""How records of one kind can be read without decoding all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shouwang.model.value import Path, Value


@dataclass(frozen=True, slots=True)
class Layout:
    """What a parser promises of every JSON record that has the same texts and numbers at the ``decisive`` places, and
    nothing at the ``missing`` ones: it is of the same shape."""

    decisive: tuple[Path, ...]
    missing: tuple[Path, ...]
    """A record that has something there, null included, may be of any kind."""
    derived: Mapping[Path, tuple[tuple[Path, ...], Callable[[Value], Value]]]
    """A place that the parser fills -> where it looks, the first that is there decides, and what it makes of it; where
    that is ``None`` the place stays empty."""
    filled: frozenset[Path]
    """Further places that the parser fills."""
    added: frozenset[str]
    """ECS fields that a parser may add to an event's context."""
