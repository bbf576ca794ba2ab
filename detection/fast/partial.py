"""Decoders that take only some places out of a JSON object, and check the rest of it to be JSON. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from shouwang.model import Found, Path

_HELD: Final = str | int | msgspec.UnsetType | None
_NOTHING: Final = Annotated[int, msgspec.Meta(gt=1, lt=0)] | msgspec.UnsetType
"""No value is of this type: where anything stands, decoding fails."""
Decode: TypeAlias = Callable[[bytes | memoryview], object]
Values: TypeAlias = Callable[[object], tuple[Found, ...]]
_Tree: TypeAlias = "dict[str, _Tree | None]"


class Conflict(Exception):
    """One place is a folder of another."""


def partial(places: Sequence[Path], empty: Iterable[Path]) -> tuple[Decode, Values]:
    """How to decode, and how to take the values at the places, at least two, out of what was decoded.

    Text, whole numbers and null are given, ``msgspec.UNSET`` where nothing stands. Decoding raises where another type
    stands at a place, or anything at an ``empty`` one; taking does where a folder is null. Raises ``Conflict``.
    """
    tree: _Tree = {}
    for place in dict.fromkeys((*places, *empty)):
        _grow(tree, place)
    struct = _struct(tree, frozenset(empty) - frozenset(places), ())
    names = [_name(tree, place) for place in places]
    return msgspec.json.Decoder(struct).decode, attrgetter(*names)


def _grow(tree: _Tree, place: Path) -> None:
    for key in place[:-1]:
        inner = tree.setdefault(key, {})
        if inner is None:
            raise Conflict
        tree = inner
    if tree.setdefault(place[-1], None) is not None:
        raise Conflict


def _struct(tree: _Tree, empty: frozenset[Path], above: Path) -> type[Any]:
    fields: list[tuple[str, Any, Any]] = []
    for number, (key, inner) in enumerate(tree.items()):
        if inner is None:
            held = _NOTHING if (*above, key) in empty else _HELD
            fields.append((f"f{number}", held, msgspec.UNSET))
        else:
            struct = _struct(inner, empty, (*above, key))
            fields.append((f"f{number}", struct | None, struct()))
    rename = {f"f{number}": key for number, key in enumerate(tree)}
    return msgspec.defstruct("Partial", fields, rename=rename, frozen=True, gc=False)


def _name(tree: _Tree, place: Path) -> str:
    names = []
    here: _Tree | None = tree
    for key in place:
        assert here is not None
        names.append(f"f{list(here).index(key)}")
        here = here[key]
    return ".".join(names)
