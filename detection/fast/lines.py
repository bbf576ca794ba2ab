"""JSON lines -> what they fire, read from their bytes: of a line only the places that its kind's rules look at are
decoded. Where this cannot be known to be what a parsed event would give, it says so. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import msgspec

from detection.fast.linekinds import LOOK, Answer, Kind, Kinds, Turn
from detection.fast.matching import Matcher
from detection.fast.routes import NOTHING, Fires
from detection.fast.sieve import Sieve, is_text
from shouwang.model import Event
from shouwang.model.layout import Layout

Parse: TypeAlias = Callable[[bytes], tuple[Event, Layout | None]]
"""The normal way of a line, and what its parser promises of lines like it."""

_MARK: Final = b'"EventID":'
_HINT_BYTES: Final = 5
"""Behind the mark: enough for most event ids. Only a guess: what decides is decoded and looked at."""
_LINE_END: Final = 10
_MOST_HINTS: Final = 4096
_UNREADABLE: Final = (msgspec.DecodeError, AttributeError, TypeError, ValueError, RecursionError)
"""Raised by decoding and looking up a line that is not like its kind: another type at a place, null for a folder, no
JSON, bytes that are no text."""


class Line(NamedTuple):
    """A line that needs more than to be counted."""

    number: int
    """From 0, blank ones counted."""
    raw: bytes
    """Without its end."""
    fires: Fires | None
    """``None``: its bytes do not tell, ask its event."""
    event: Event | None
    """When it had to be parsed already."""


class Lines:
    """For lines of one parser. Not for several threads at a time."""

    def __init__(self, matcher: Matcher, parse: Parse, context: frozenset[str] = frozenset()) -> None:
        """``context``: ECS fields that every event has beside what its line says."""
        self._parse = parse
        self._kinds = Kinds(matcher, context)
        self._hints: dict[bytes, Kind] = {}
        words = matcher.book.words(matcher.book.broad_words).values()
        self._sieve = Sieve((word.predicate for word in words), _MARK)
        self.useless = self._sieve.useless
        """Every line would have to be parsed."""

    def wanted(self, block: bytes) -> tuple[int, list[Line]]:
        """How many lines are done with, and the others, blank ones among them, in order."""
        found: list[Line] = []
        number, start, size = 0, 0, len(block)
        view, find, hint_of = memoryview(block), block.find, self._hints.get
        flags, marks = self._places(block)
        places = iter(flags)
        flag = next(places, size + 1)
        for mark in (*marks, size + 1):
            if mark < start:
                continue  # a second one in a line
            end = find(b"\n", start)
            while 0 <= end < mark or start < size < mark:  # no mark in this line
                end = size if end < 0 else end
                self._ask(block[start:end], b"", None, number, found)
                while flag <= end:
                    flag = next(places, size + 1)
                number += 1
                start = end + 1
                end = find(b"\n", start)
            if mark > size:
                break
            end = size if end < 0 else end
            hint = block[mark : mark + _HINT_BYTES]
            kind = hint_of(hint)
            answer: Answer = None
            if flag <= end:
                while flag <= end:
                    flag = next(places, size + 1)
            elif kind is not None:
                try:
                    answer = kind.recall[kind.values(kind.decode(view[start:end]))]
                except _UNREADABLE:
                    answer = None
            if answer is not NOTHING:
                self._ask(block[start:end], hint, answer, number, found)
            number += 1
            start = end + 1
        return number - len(found), found

    def _ask(self, line: bytes, hint: bytes, answer: Answer, number: int, found: list[Line]) -> None:
        told = self._look(line.removesuffix(b"\r"), answer, hint)
        if told.fires is not NOTHING:
            found.append(told._replace(number=number))

    def _answer(self, hint: bytes, raw: bytes) -> Answer:
        kind = self._hints.get(hint)
        if kind is None:
            return None
        try:
            return kind.recall[kind.values(kind.decode(raw))]
        except _UNREADABLE:
            return None

    def _places(self, block: bytes) -> tuple[list[int], list[int]]:
        """Positions in lines that may hold a keyword which every event is searched for, and behind the marks."""
        flags, marks = self._sieve.places(block)
        if self._sieve.needs_text and not is_text(block):
            ends = [at for at, letter in enumerate(block) if letter == _LINE_END] + [len(block)]
            starts = [0, *(end + 1 for end in ends)]
            broken = (end for start, end in zip(starts, ends, strict=False) if not is_text(block[start:end]))
            flags = sorted((*flags, *broken))
        return flags, marks

    def _look(self, raw: bytes, answer: Answer, hint: bytes) -> Line:
        """At a line of which the guess did not say that it fires nothing."""
        if isinstance(answer, Turn):
            self._hints[hint] = answer.kind
            answer = self._answer(hint, raw)
        if answer is LOOK and (sieve := self._hints[hint].sieve) is not None:
            answer = None if sieve.flags(raw) else NOTHING
        if isinstance(answer, Fires):
            return Line(0, raw, answer, None)
        if not raw.strip():
            return Line(0, b"", None, None)
        event, layout = self._parse(raw)
        if layout is not None and hint and (learnt := self._kinds.learn(event, layout)) is not None:
            if len(self._hints) >= _MOST_HINTS:
                self._hints.clear()
            self._hints[hint] = learnt
        return Line(0, raw, None, event)
