"""What an event can be found by: terms that the server compares byte by byte, made here so that they mean what
``shouwang.query.matches`` does. Pure.

All stand in one field. A term is the ECS name, ``SEP``, a sign for its kind, and the value in lower case:

``=``  the value as text, up to ``WHOLE`` characters of it
``#``  a number, the same for 22 and 22.0
``%``  what is compared as a number in a range, text that reads as one too, so that the order of terms is theirs
``$``  text that reads as no number
``@``  an address in figures: ``4`` or ``6`` and its bytes in hex
``~``  a word of a text that is long or prose, up to ``WORD`` characters of it; with nothing behind it: it has words
``^``  some of its words are longer than that
``!``  the field is there

The record as received has the empty name and words only. A word is a run of ASCII letters and digits and whatever is
not ASCII, so that where a word ends does not depend on what stands around.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import isfinite
from typing import Final

from shouwang.comparison import Address, address_of, number_of, readings, scalars, text_of
from shouwang.model import ABSENT, Event, Found, Value
from shouwang.query import SPECIAL

FIELD: Final = "shouwang.terms"
SEP: Final = "\x1f"
WHOLE: Final = 256
WORD: Final = 256
MOST_TERMS: Final = 5_000
"""Of one event. One that has more is let through by every narrowing."""
PROSE: Final = "text"
"""The type of fields that are found by their words alone."""
ENVELOPE: Final = ("event.dataset", "shouwang.source")
"""Of what the envelope answers, what is found by terms; times and ids have fields of their own."""

_SIGN: Final = 1 << 63
_ALL: Final = (1 << 64) - 1
_OF_ADDRESSES: Final = frozenset("0123456789abcdef:")
"""What an address begins with."""
_WORD: Final = re.compile(r"[0-9a-z\x80-\U0010ffff]+")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_ODD: Final = re.compile(r"[\x00-\x1f\ud800-\udfff]")


def event_terms(event: Event, said: Mapping[str, Value], kinds: Mapping[str, str]) -> set[str] | None:
    """``None``: more than ``MOST_TERMS``.

    ``said``: ``Event.fields()``; ``kinds``: ECS name -> type as in ``fields.toml``.
    """
    found: set[str] = set()
    _add_words(found, SEP, *map(folded, readings(event.raw)))
    for name in ENVELOPE:
        _add(found, name, SPECIAL[name](event), kinds.get(name, ""))
    for name, value in said.items():
        if name not in SPECIAL:
            _add(found, name, value, kinds.get(name, ""))
        if len(found) > MOST_TERMS:
            return None
    return found if len(found) <= MOST_TERMS else None


def _add(found: set[str], name: str, value: Found, kind: str) -> None:
    if value is ABSENT:
        return
    head = head_of(name)
    found.add(head + "!")
    for scalar in (value,) if isinstance(value, str) else scalars(value):
        low = folded(scalar if isinstance(scalar, str) else text_of(scalar))
        if kind == PROSE:
            _add_words(found, head, low)
        else:
            found.add(f"{head}={low[:WHOLE]}")
            if len(low) > WHOLE:
                _add_words(found, head, low)
        if isinstance(scalar, str):
            number = number_of(scalar)
            if low[:1] in _OF_ADDRESSES and (address := address_of(scalar)) is not None:
                found.add(f"{head}@{in_hex(address)}")
        else:
            number = scalar
            if not isinstance(scalar, bool):
                found.add(f"{head}#{figures(scalar)}")
        found.add(head + "$" if number is None else f"{head}%{ordered(number)}")


def _add_words(found: set[str], head: str, *texts: str) -> None:
    words_of_all = {word for text in texts for word in _WORD.findall(text)}
    found.add(head + "~")
    if max(map(len, words_of_all), default=0) > WORD:
        found.add(head + "^")
        words_of_all = {word for word in words_of_all if len(word) <= WORD}
    head += "~"
    found.update([head + word for word in words_of_all])


@lru_cache(maxsize=16_384)
def head_of(name: str) -> str:
    """What the terms of a field begin with."""
    return _ODD.sub("\ufffd", name[:WHOLE]) + SEP


def is_plain(name: str) -> bool:
    """Whether no other name can have the same head."""
    return len(name) < WHOLE and "\ufffd" not in name and _ODD.search(name) is None


def folded(text: str) -> str:
    """As compared: lower case; and each half of a surrogate pair, which no JSON holds, as U+FFFD."""
    low = text.lower()
    return low if low.isascii() else _SURROGATE.sub("\ufffd", low)


def figures(number: int | float) -> str:
    """Equal for equal numbers; rarely for others."""
    if isinstance(number, float):
        if not isfinite(number):
            return str(number)
        if number.is_integer() and abs(number) < 1 << 63:
            return str(int(number))
        return repr(number)
    if abs(number) < 1 << 63:
        return str(number)
    try:
        return repr(float(number))
    except OverflowError:
        return "inf"


def ordered(number: int | float) -> str:
    """Not greater for a smaller number: the bits of a double, so turned that their order is its order."""
    try:
        bits = int.from_bytes(struct.pack(">d", number), "big")
    except OverflowError:
        return "f" * 16 if number > 0 else "0" * 16
    return f"{bits ^ (_ALL if bits & _SIGN else _SIGN):016x}"


def in_hex(address: Address) -> str:
    return f"{address.version}{address.packed.hex()}"


def words(text: str) -> Iterator[tuple[str, bool, bool]]:
    """Word, and whether more of it may stand before and behind, when the text is a part of a longer one."""
    for run in _WORD.finditer(text):
        yield run.group(), run.start() == 0, run.end() == len(text)
