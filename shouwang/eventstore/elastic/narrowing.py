"""A query -> what the server is asked: every event that the query wants, and where it can, no other. Pure.

Everything but times and ids is asked of ``terms``. ``exact`` says that the answer is the query; only then may it be
turned round by NOT, and counted without being read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from shouwang.comparison import instant_of, network_of, number_of
from shouwang.eventstore.elastic import terms
from shouwang.eventstore.elastic.asks import EVERYTHING, NOTHING, Ask, Part, asked, both, either
from shouwang.eventstore.elastic.terms import FIELD, PROSE, SEP, WHOLE, WORD
from shouwang.query import (
    SPECIAL,
    All,
    And,
    Cidr,
    Contains,
    Eq,
    Exists,
    Leaf,
    Node,
    Not,
    Or,
    Prefix,
    Query,
    Range,
    Wildcard,
)

TIMES: Final = {"@timestamp": "shouwang.time_us", "event.ingested": "shouwang.received_us"}
DEEPEST: Final = 12
"""Of AND, OR, NOT inside one another; servers take 30 levels, and one of ours can be two of theirs."""
MOST_CLAUSES: Final = 400
"""Servers take 1,024 and more."""
_LONGEST_PART: Final = 100
_MOST_WORDS: Final = 12
_INT64: Final = (-(1 << 63), (1 << 63) - 1)
_BEHIND: Final = "~"
"""Behind every figure."""
_SIGN: Final = re.compile(r"\\[*?\\]|.", re.DOTALL)
_MEANT: Final = re.compile(r"[*?\\]")


@dataclass(frozen=True, slots=True)
class Narrowing:
    ask: Ask
    exact: bool


_Found: TypeAlias = tuple[Part | None, bool]
"""``None``: nothing can be said."""


def narrow(query: Query, kinds: Mapping[str, str]) -> Narrowing:
    """``kinds``: ECS name -> type as in ``fields.toml``. Events that are let through always are not asked for here."""
    if query.ids:
        return Narrowing({"ids": {"values": [id.hex() for id in query.ids]}}, exact=True)
    part, exact = _Compiler(kinds).condition(query.node, 0)
    ask = EVERYTHING if part is None else asked(part)
    if part is None or _clauses(ask) > MOST_CLAUSES:
        return Narrowing(EVERYTHING, exact=False)
    return Narrowing(ask, exact)


def in_time(query: Query) -> list[Ask]:
    """The query's time range; none where ids are asked for, whatever their time."""
    if query.ids:
        return []
    return [_between(TIMES["@timestamp"], query.from_us, query.to_us)]


def _between(field: str, low: int | None, end: int | None) -> Ask:
    bounds: Ask = {}
    if low is not None:
        bounds["gte"] = min(max(low, _INT64[0]), _INT64[1])
    if end is not None:
        bounds["lt" if end <= _INT64[1] else "lte"] = max(min(end, _INT64[1]), _INT64[0])
    return {"range": {field: bounds}}


def _clauses(ask: object) -> int:
    match ask:
        case dict():
            return 1 + sum(_clauses(each) for key, each in ask.items() if key != "terms")
        case list():
            return sum(map(_clauses, ask))
        case _:
            return 0


class _Compiler:
    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds

    def condition(self, node: Node, depth: int) -> _Found:
        if depth > DEEPEST:
            return None, False
        match node:
            case All():
                return EVERYTHING, True
            case And(parts):
                found = [self.condition(part, depth + 1) for part in parts]
                known = [ask for ask, _ in found if ask is not None]
                return (both(known) if known or not parts else None), all(exact for _, exact in found)
            case Or(parts):
                found = [self.condition(part, depth + 1) for part in parts]
                known = [ask for ask, _ in found if ask is not None]
                if len(known) < len(found):
                    return None, False
                return either(known), all(exact for _, exact in found)
            case Not(part):
                ask, exact = self.condition(part, depth + 1)
                return ({"bool": {"must_not": [asked(ask)]}}, True) if exact and ask is not None else (None, False)
            case leaf:
                return self._leaf(leaf)

    def _leaf(self, leaf: Leaf) -> _Found:
        name = leaf.field
        if name in TIMES:
            return _times(leaf)
        if name == "event.id":
            wanted = leaf.value.lower() if isinstance(leaf, Eq) else ""
            return ({"ids": {"values": [wanted]}}, True) if wanted else (None, False)
        if name in ("", "event.original"):
            return _record(leaf)
        if name in SPECIAL and name not in terms.ENVELOPE:
            return None, False
        prose = self._kinds.get(name) == PROSE
        ask, exact = _field(leaf, terms.head_of(name), self._kinds.get(name, ""))
        return ask, exact and not prose and terms.is_plain(name)


def _times(leaf: Leaf) -> _Found:
    match leaf:
        case Exists():
            return EVERYTHING, True
        case Eq(field, value):
            return _times(Range(field, value, value, include_low=True, include_high=True))
        case Range(field, low, high, include_low, include_high):
            bounds = [None if bound is None else instant_of(bound) for bound in (low, high)]
            if any(said is not None and bound is None for said, bound in zip((low, high), bounds, strict=True)):
                return None, False
            first, last = bounds
            if first is not None and not include_low:
                first += 1
            if last is not None and include_high:
                last += 1
            return _between(TIMES[field], first, last), True
        case _:
            return None, False


def _record(leaf: Leaf) -> _Found:
    match leaf:
        case Contains(_, text):
            return _worded(SEP, [terms.folded(text)]), False
        case Wildcard(_, pattern):
            return _worded(SEP, _literals(pattern.lower())), False
        case Exists():
            return EVERYTHING, True
        case _:
            return None, False


def _field(leaf: Leaf, head: str, kind: str) -> _Found:
    match leaf:
        case Exists():
            return (head + "!",), True
        case Eq(_, value):
            return _equal(head, value, kind)
        case Prefix(_, value):
            low = terms.folded(value)
            begins: Ask = {"prefix": {FIELD: {"value": f"{head}={low[:WHOLE]}"}}}
            exact = len(low) <= WHOLE and _whole(low)
            return either([begins, *_in_words(head, [low], kind)]), exact
        case Contains(_, text):
            low = terms.folded(text)
            return either([_wild(head + "=", f"*{_escaped(low)}*", low), _worded(head, [low])]), False
        case Wildcard(_, pattern):
            low = terms.folded(pattern)
            return either([_wild(head + "=", _translated(low), low), _worded(head, _literals(low))]), False
        case Cidr(_, network):
            return _within(head, network), True
        case Range():
            return _between_numbers(leaf, head), False


def _equal(head: str, value: str, kind: str) -> _Found:
    low = terms.folded(value)
    number = number_of(value)
    numbers = () if number is None else (f"{head}#{terms.figures(number)}",)
    exact = len(low) < WHOLE and _whole(low) and (number is None or abs(number) < 1 << 53)
    return either([(f"{head}={low[:WHOLE]}", *numbers), *_in_words(head, [low], kind)]), exact


def _whole(low: str) -> bool:
    """Whether only the same text is folded to this."""
    return "\ufffd" not in low


def _in_words(head: str, texts: Sequence[str], kind: str) -> list[Part]:
    """What else finds a value that begins with or equals the text: prose has nothing but words."""
    return [_worded(head, texts)] if kind == PROSE else []


def _within(head: str, network: str) -> Ask:
    wanted = network_of(network)
    if wanted is None:
        return NOTHING
    low, high = (f"{head}@{terms.in_hex(wanted[at])}" for at in (0, -1))
    return {"range": {FIELD: {"gte": low, "lte": high}}}


def _between_numbers(leaf: Range, head: str) -> Part:
    """Numbers are in the order of their terms; text that is none is compared otherwise, and let through."""
    bounds = [None if bound is None else number_of(bound) for bound in (leaf.low, leaf.high)]
    if bounds == [None, None] or any(
        said is not None and bound is None for said, bound in zip((leaf.low, leaf.high), bounds, strict=True)
    ):
        return (head + "!",)
    low, high = bounds
    first = f"{head}%{'' if low is None else terms.ordered(low)}"
    last = f"{head}%{_BEHIND if high is None else terms.ordered(high)}"
    return either([{"range": {FIELD: {"gte": first, "lte": last}}}, (head + "$",)])


# -------------------------------------------------------------------------------------------------- words


def _worded(head: str, texts: Sequence[str]) -> Part:
    """Of what is found by words: it may hold all the texts."""
    wanted = [each for text in texts for each in terms.words(text)]
    wanted.sort(key=lambda each: (each[1] or each[2], -len(each[0])))
    parts: list[Part] = [(head + "~",), *(_word(head, *each) for each in wanted[:_MOST_WORDS])]
    return either([both(parts), (head + "^",)])


def _word(head: str, word: str, before: bool, behind: bool) -> Part:
    if len(word) > WORD and not (before or behind):
        return NOTHING  # such a word is not in the index: the event is known by that
    if len(word) > _LONGEST_PART:
        word, behind = word[:_LONGEST_PART], True
    if not before:
        value = f"{head}~{word}"
        return {"prefix": {FIELD: {"value": value}}} if behind else (value,)
    return {"wildcard": {FIELD: {"value": f"{_escaped(head)}~*{word}{'*' if behind else ''}"}}}


def _literals(pattern: str) -> list[str]:
    """What stands between the signs of a wildcard."""
    pieces = [""]
    for sign in _SIGN.findall(pattern):
        if sign in ("*", "?"):
            pieces.append("")
        else:
            pieces[-1] += sign[-1]
    return [terms.folded(piece) for piece in pieces if piece]


def _translated(pattern: str) -> str:
    return "".join(sign if sign in ("*", "?") else _escaped(sign[-1]) for sign in _SIGN.findall(pattern))


def _escaped(text: str) -> str:
    return _MEANT.sub(r"\\\g<0>", text)


def _wild(head: str, pattern: str, low: str) -> Ask:
    """Long patterns cost a server more than they leave out."""
    if len(low) > _LONGEST_PART:
        return {"prefix": {FIELD: {"value": head}}}
    return {"wildcard": {FIELD: {"value": _escaped(head) + pattern}}}
