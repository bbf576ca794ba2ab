"""JSON lines -> what they fire, read from their bytes: of a line only the places that its kind's rules look at are
decoded. Where this cannot be known to be what a parsed event would give, it says so. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import msgspec

from detection.fast.gate import Gate
from detection.fast.linekinds import LOOK, Answer, Kind, Kinds, Turn
from detection.fast.matching import Matcher
from detection.fast.routes import NOTHING, Fires
from detection.fast.sieve import Raw, Sieve, is_text
from shouwang.model import Event
from shouwang.model.layout import Layout

Parse: TypeAlias = Callable[[bytes], tuple[Event, Layout | None]]
"""The normal way of a line, and what its parser promises of lines like it."""

_MARK: Final = b'"EventID":'
_HINT_BYTES: Final = 5
"""Behind the mark: enough for most event ids. Only a guess: what decides is decoded and looked at."""
_MARK_BYTES: Final = len(_MARK)
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
        self._hints: dict[bytes, Kind] = {}
        words = matcher.book.words(matcher.book.broad_words).values()
        self._sieve = Sieve(word.predicate for word in words)
        self._kinds = Kinds(matcher, context, self._sieve.pieces)
        self.useless = self._sieve.useless
        """Every line would have to be parsed."""

    @property
    def gated(self) -> int:
        """Of how many kinds of lines a look at the bytes mostly suffices."""
        return len({id(kind.gate) for kind in self._hints.values() if kind.gate is not None})

    def wanted(self, block: bytes) -> tuple[int, list[Line]]:
        """How many lines are done with, and the others, blank ones among them, in order."""
        found: list[Line] = []
        number, start, size = 0, 0, len(block)
        view, find, hint_of, sieve = memoryview(block), block.find, self._hints.get, self._sieve
        text = is_text(block)
        while start < size:
            end = find(b"\n", start)
            if end < 0:
                end = size
            mark = find(_MARK, start, end) + _MARK_BYTES
            hint = block[mark : mark + _HINT_BYTES] if mark >= _MARK_BYTES else b""
            kind = hint_of(hint)
            answer: Answer = None
            if kind is not None and (text or is_text(view[start:end])):
                line, gate = view[start:end], kind.gate
                finder = gate or sieve
                hits = finder.hits
                hits.clear()
                finder.scan(line, finder.hit)
                try:
                    if gate is not None:
                        answer = self._beyond(gate, kind, line)
                    elif not hits or not sieve.confirms(line):
                        answer = kind.recall[kind.values(kind.decode(line))]
                except _UNREADABLE:
                    answer = None
            if answer is not NOTHING:
                self._ask(block[start:end], hint, answer, number, found)
            number += 1
            start = end + 1
        return number - len(found), found

    def _beyond(self, gate: Gate, kind: Kind, line: Raw) -> Answer:
        """What the line fires, once its kind's gate has searched it. Raises as decoding does."""
        hits = gate.hits
        if hits and gate.awake[tuple(hits)]:
            if gate.doubt in hits and self._sieve.flags(line):
                return None
            return kind.recall[kind.values(kind.decode(line))]
        kin = kind.kin[kind.decisive(kind.glance(line))]
        return NOTHING if kin is kind else None if kin is None else Turn(kin)

    def _ask(self, line: bytes, hint: bytes, answer: Answer, number: int, found: list[Line]) -> None:
        told = self._look(line.removesuffix(b"\r"), answer, hint)
        if told.fires is not NOTHING:
            found.append(told._replace(number=number))

    def _turned(self, kind: Kind, line: bytes) -> Answer:
        """Of a line that holds no keyword which every line is searched for."""
        gate = kind.gate
        try:
            if gate is None:
                return kind.recall[kind.values(kind.decode(line))]
            gate.hits.clear()
            gate.scan(line, gate.hit)
            return self._beyond(gate, kind, line)
        except _UNREADABLE:
            return None

    def _look(self, raw: bytes, answer: Answer, hint: bytes) -> Line:
        """At a line of which the guess did not say that it fires nothing."""
        if isinstance(answer, Turn):
            self._hints[hint] = answer.kind
            answer = self._turned(answer.kind, raw)
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
