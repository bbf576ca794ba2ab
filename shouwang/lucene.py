"""Lucene text -> ``query.Node``. The language is described in ``docs/reference/query.md``.

Times are resolved here (``@timestamp:2026-11-24`` is that day in the site's zone), so that a node means the same
everywhere. What Lucene has and a log search does not need (fuzzy, boost, proximity, regular expressions) is refused.
"""

from __future__ import annotations

import re
import threading
from datetime import UTC, tzinfo
from typing import Final, NoReturn

from luqum.exceptions import ParseError
from luqum.thread import parse as luqum_parse
from luqum.tree import (
    AndOperation,
    BaseGroup,
    Boost,
    Fuzzy,
    Item,
    OrOperation,
    Phrase,
    Plus,
    Prohibit,
    Proximity,
    Regex,
    SearchField,
    Term,
    UnknownOperation,
    Word,
)
from luqum.tree import From as Above
from luqum.tree import Not as Negation
from luqum.tree import Range as Interval
from luqum.tree import To as Below

from shouwang.comparison import address_of, network_of
from shouwang.errors import UsageError
from shouwang.query import (
    TIME_FIELDS,
    All,
    And,
    Cidr,
    Contains,
    Eq,
    Exists,
    Node,
    Not,
    Or,
    Prefix,
    Range,
    Wildcard,
)
from shouwang.timespan import moment, rfc3339

FULL_TEXT: Final = frozenset({"message", "event.original", "error.message", "error.stack_trace"})
"""Prose: ``message:failed`` asks for the word inside, not for the whole value."""

LONGEST: Final = 65536
DEEPEST: Final = 50

_ONE_AT_A_TIME = threading.Lock()
_ESCAPED = re.compile(r"\\(\W)", re.DOTALL)
"""Lucene lets any character be escaped. Before a letter or digit a backslash is itself here: paths are full of them."""
_ESCAPED_IN_QUOTES = re.compile(r'\\(["\\])')
_STAR = re.compile(r"(?:\\.|[^\\*?])*[*?]", re.DOTALL)
_POSITION = re.compile(r"at position (\d+)")
_REFUSED: Final[dict[type[Item], tuple[str, str]]] = {
    Fuzzy: ("Fuzzy search (~) is not offered", "Use a wildcard, or put the value in quotes if ~ belongs to it."),
    Proximity: ("Proximity search (~) is not offered", "Ask for both words: first AND second."),
    Boost: ("Boosting (^) is not offered: results come by time", "Leave ^ out, or put the value in quotes."),
    Regex: ("Regular expressions (/.../) are not offered", 'Use wildcards; a path stands in quotes: "/var/log".'),
}


def parse(text: str, *, zone: tzinfo = UTC) -> Node:
    """Raises ``UsageError`` that points at the column. Empty text is every event."""
    if not text.strip():
        return All()
    if len(text) > LONGEST:
        raise UsageError(f"The query has {len(text)} characters; at most {LONGEST} are read.")
    try:
        with _ONE_AT_A_TIME:  # PLY keeps state
            tree = luqum_parse(text)
    except ParseError as error:
        _unreadable(text, str(error))
    except (ArithmeticError, ValueError):  # luqum's, on the number after ^ or ~
        at = min(text.index(sign) for sign in "^~" if sign in text)
        _fail(at, *_REFUSED[Boost if text[at] == "^" else Fuzzy])
    return _Reader(text, zone).node(tree, "", 0)


def _fail(at: int, what: str, hint: str) -> NoReturn:
    raise UsageError(f"The query cannot be read at column {at + 1}: {what}.", hint=hint)


def _unreadable(text: str, said: str) -> NoReturn:
    found = _POSITION.search(said)
    if found is None:
        open_ones = text.count("(") - text.count(")")
        what = "a closing parenthesis is missing" if open_ones > 0 else "something is missing at the end"
        _fail(len(text.rstrip()), what, "Close every ( and [, and give each operator and each field: a value.")
    at = int(found.group(1))
    sign = text[at : at + 1]
    hints = {
        ":": 'A value that holds a colon stands in quotes: source.ip:"fe80::1", "C:\\Windows".',
        "/": 'A value that begins with / stands in quotes: url.path:"/admin"; with a wildcard write \\/admin*.',
        '"': 'Close the quotes; a quote inside them is written \\".',
        "\\": "A backslash at the end has nothing to escape; write \\\\ for the character itself.",
        ")": "There is no ( for it, or nothing stands before it.",
    }
    word = "".join(re.findall(r"\A(?:\w+|.)", text[at:], re.DOTALL))
    if word in ("AND", "OR", "TO"):
        _fail(at, f"{word} has nothing before it", f'It stands between two parts; the word itself is "{word}".')
    _fail(at, f"{word!r} is not expected here", hints.get(sign, "Put the value in quotes."))


class _Reader:
    """Walks luqum's tree. ``field`` is what the text around has named, ``""`` for none."""

    def __init__(self, text: str, zone: tzinfo) -> None:
        self._text = text
        self._zone = zone

    def node(self, item: Item, field: str, depth: int) -> Node:
        if depth > DEEPEST:
            _fail(item.pos, f"more than {DEEPEST} parentheses or operators inside one another", "Flatten the query.")
        for kind, (what, hint) in _REFUSED.items():
            if isinstance(item, kind):
                _fail(item.pos, what, hint)
        match item:
            case SearchField():
                return self._named(item, field, depth)
            case BaseGroup():
                return self.node(item.expr, field, depth + 1)
            case OrOperation():
                return self._either(item.children, field, depth)
            case AndOperation() | UnknownOperation():
                return _joined(And, [self.node(part, field, depth + 1) for part in item.children])
            case Plus():
                return self.node(item.a, field, depth + 1)
            case Negation() | Prohibit():
                return Not(self.node(item.a, field, depth + 1))
            case Interval() | Above() | Below():
                return self._range(item, field)
            case Term():
                return self._term(item, field)
        _fail(item.pos, f"{item} is not understood", "Put the value in quotes.")

    def _named(self, item: SearchField, field: str, depth: int) -> Node:
        if field:
            _fail(
                item.pos,
                f"{item.name}: stands inside the value of {field}:",
                f'If the colon belongs to the value, quote it: {field}:"{self._text[item.pos :].split()[0]}".',
            )
        name = _ESCAPED.sub(r"\1", item.name)
        if name == "_exists_":
            if not isinstance(item.expr, Term):
                _fail(item.expr.pos, "_exists_: takes one field name", "For example _exists_:user.name.")
            return Exists(_literal(item.expr))
        if "*" in name or "?" in name:
            _fail(item.pos, "a field name cannot hold a wildcard", "Search the whole record: leave the field out.")
        if isinstance(item.expr, Prohibit) and isinstance(item.expr.a, Word):
            return self._value(name, "-" + item.expr.a.value, item.expr.pos)
        return self.node(item.expr, name, depth + 1)

    def _either(self, parts: list[Item], field: str, depth: int) -> Node:
        """Lucene's: with a ``+`` in the list the others are optional, a ``-`` excludes whatever else is met."""
        nodes = [(type(part), self.node(part, field, depth + 1)) for part in parts]
        required = [node for kind, node in nodes if kind is Plus]
        excluded = [node for kind, node in nodes if kind is Prohibit]
        optional = [node for kind, node in nodes if kind not in (Plus, Prohibit)]
        if optional and not required:
            required = [_joined(Or, optional)]
        return _joined(And, required + excluded)

    # ------------------------------------------------------------------------------------------- values

    def _term(self, item: Term, field: str) -> Node:
        if isinstance(item, Phrase):
            return self._exact(field, _literal(item), item.pos)
        return self._value(field, item.value, item.pos)

    def _value(self, field: str, written: str, at: int) -> Node:
        if written in ("&&", "||") or written.startswith("!"):
            _fail(at, f"{written!r} is not an operator here", "Write AND, OR, NOT; or put it in quotes.")
        if written == "*":
            return Exists(field) if field else All()
        if _STAR.match(written) is None:
            return self._exact(field, _ESCAPED.sub(r"\1", written), at)
        pattern = _ESCAPED.sub(lambda found: found.group() if found.group(1) in "*?\\" else found.group(1), written)
        if not field or field in FULL_TEXT:
            return Wildcard(field or "event.original", f"*{pattern}*")
        if pattern.endswith("*") and _STAR.match(pattern[:-1]) is None and not pattern.endswith("\\*"):
            return Prefix(field, _ESCAPED.sub(r"\1", pattern[:-1]))
        return Wildcard(field, pattern)

    def _exact(self, field: str, value: str, at: int) -> Node:
        if not field:
            return Contains("", value)
        if field in FULL_TEXT:
            return Contains(field, value)
        if field in TIME_FIELDS:
            start, end = self._moment(value, at)
            return Range(field, rfc3339(start, UTC), rfc3339(end, UTC), include_low=True, include_high=False)
        if "/" in value and network_of(value) is not None:
            return Cidr(field, value)
        address = address_of(value)
        if address is not None and address.version == 6:
            return Cidr(field, f"{address}/128")
        if address is not None and field.endswith((".ip", ".address")):
            return Or((Eq(field, str(address)), Eq(field, f"::ffff:{address}")))
        return Eq(field, value)

    def _range(self, item: Interval | Above | Below, field: str) -> Node:
        if not field:
            _fail(item.pos, "a range needs a field", "For example source.port:[1 TO 1023] or source.port:>1023.")
        if isinstance(item, Interval):
            low, high = self._bound(item.low), self._bound(item.high)
            bounds = (low, high, item.include_low, item.include_high)
        elif isinstance(item, Above):
            bounds = (self._bound(item.a), None, item.include, False)
        else:
            bounds = (None, self._bound(item.a), False, item.include)
        return self._time_range(field, item.pos, bounds) if field in TIME_FIELDS else Range(field, *bounds)

    def _bound(self, item: Item) -> str | None:
        if isinstance(item, Prohibit):
            return "-" + _literal(item.a)
        return None if isinstance(item, Word) and item.value == "*" else _literal(item)

    def _time_range(self, field: str, at: int, bounds: tuple[str | None, str | None, bool, bool]) -> Node:
        """A bound is as wide as it is written: up to a day means to that day's end."""
        low, high, include_low, include_high = bounds
        start = None if low is None else self._moment(low, at)[0 if include_low else 1]
        end = None if high is None else self._moment(high, at)[1 if include_high else 0]
        return Range(
            field,
            None if start is None else rfc3339(start, UTC),
            None if end is None else rfc3339(end, UTC),
            include_low=True,
            include_high=False,
        )

    def _moment(self, value: str, at: int) -> tuple[int, int]:
        bounds = moment(value, self._zone)
        if bounds is None:
            _fail(
                at,
                f"{value!r} is no time",
                'Write 2026-11-24 or "2026-11-24T08:00:00+08:00", in quotes where a colon is; for "the last hour" '
                "give the search a start.",
            )
        return bounds


def _literal(item: Term) -> str:
    if isinstance(item, Phrase):
        return _ESCAPED_IN_QUOTES.sub(r"\1", item.value[1:-1])
    return _ESCAPED.sub(r"\1", item.value)


def _joined(kind: type[And] | type[Or], nodes: list[Node]) -> Node:
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.parts if isinstance(node, kind) else (node,))
    return flat[0] if len(flat) == 1 else kind(tuple(flat))
