"""Lucene text -> ``query.Node``. The language is described in ``docs/reference/query.md``.

Times are resolved here (``@timestamp:2026-11-24`` is that day in the site's zone), so that a node means the same
everywhere. What Lucene has and a log search does not need (fuzzy, boost, proximity, regular expressions) is refused.
"""

from __future__ import annotations

import re
import threading
from datetime import UTC, tzinfo
from typing import Final

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
from shouwang.lucenerefusals import BOOST, FUZZY, PROXIMITY, QUOTE_IT, REGEX, Refusal, refusal, too_long, unreadable
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
from shouwang.words import Words

FULL_TEXT: Final = frozenset({"message", "event.original", "error.message", "error.stack_trace"})
"""Prose: ``message:failed`` asks for the word inside, not for the whole value."""

LONGEST: Final = 65536
DEEPEST: Final = 50

_ONE_AT_A_TIME = threading.Lock()
_ESCAPED = re.compile(r"\\(\W)", re.DOTALL)
"""Lucene lets any character be escaped. Before a letter or digit a backslash is itself here: paths are full of them."""
_ESCAPED_IN_QUOTES = re.compile(r'\\(["\\])')
_STAR = re.compile(r"(?:\\.|[^\\*?])*[*?]", re.DOTALL)
_REFUSED: Final[dict[type[Item], Refusal]] = {Fuzzy: FUZZY, Proximity: PROXIMITY, Boost: BOOST, Regex: REGEX}
_ADDRESS_LIKE: Final = re.compile(r"[0-9A-Fa-f:.]*[.:][0-9A-Fa-f:.]*|.*/.*", re.DOTALL)
_ADDRESSES: Final = Words(
    '请写 192.0.2.7、192.0.2.0/24、192.0.2.* 或 "2001:db8::/32"。',
    'Write 192.0.2.7, 192.0.2.0/24, 192.0.2.* or "2001:db8::/32".',
)
_TIMES: Final = Words(
    '请写 2026-11-24 或 "2026-11-24T08:00:00+08:00"，含冒号时加引号；要查“最近一小时”，请设定起始时间。',
    'Write 2026-11-24 or "2026-11-24T08:00:00+08:00", in quotes where a colon is; for "the last hour" '
    "give the search a start.",
)


def parse(text: str, *, zone: tzinfo = UTC) -> Node:
    """Raises ``UsageError`` that points at the column. Empty text is every event."""
    if not text.strip():
        return All()
    if len(text) > LONGEST:
        raise too_long(len(text), LONGEST)
    try:
        with _ONE_AT_A_TIME:  # PLY keeps state
            tree = luqum_parse(text)
    except ParseError as error:
        raise unreadable(text, str(error)) from None
    except (ArithmeticError, ValueError):  # luqum's, on the number after ^ or ~
        at = min(text.index(sign) for sign in "^~" if sign in text)
        raise refusal(at, *_REFUSED[Boost if text[at] == "^" else Fuzzy]) from None
    return _Reader(text, zone).node(tree, "", 0)


class _Reader:
    """Walks luqum's tree. ``field`` is what the text around has named, ``""`` for none."""

    def __init__(self, text: str, zone: tzinfo) -> None:
        self._text = text
        self._zone = zone

    def node(self, item: Item, field: str, depth: int) -> Node:
        if depth > DEEPEST:
            what = Words(
                f"括号或运算符嵌套超过 {DEEPEST} 层", f"more than {DEEPEST} parentheses or operators inside one another"
            )
            raise refusal(item.pos, what, Words("请减少嵌套。", "Flatten the query."))
        for kind, (what, hint) in _REFUSED.items():
            if isinstance(item, kind):
                raise refusal(item.pos, what, hint)
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
        raise refusal(item.pos, Words(f"无法识别 {item}", f"{item} is not understood"), QUOTE_IT)

    def _named(self, item: SearchField, field: str, depth: int) -> Node:
        if field:
            quoted = f'{field}:"{self._text[item.pos :].split()[0]}"'
            raise refusal(
                item.pos,
                Words(f"{item.name}: 出现在 {field}: 的值里", f"{item.name}: stands inside the value of {field}:"),
                Words(
                    f"冒号是值的一部分时请加引号：{quoted}。", f"If the colon belongs to the value, quote it: {quoted}."
                ),
            )
        name = _ESCAPED.sub(r"\1", item.name)
        if name == "_exists_":
            if not isinstance(item.expr, Term):
                what = Words("_exists_: 只接受一个字段名", "_exists_: takes one field name")
                raise refusal(
                    item.expr.pos, what, Words("例如 _exists_:user.name。", "For example _exists_:user.name.")
                )
            return Exists(_literal(item.expr))
        if "*" in name or "?" in name:
            what = Words("字段名不能含通配符", "a field name cannot hold a wildcard")
            hint = Words("不写字段即检索整条日志。", "Search the whole record: leave the field out.")
            raise refusal(item.pos, what, hint)
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
            what = Words(f"{written!r} 在此不是运算符", f"{written!r} is not an operator here")
            hint = Words("请写 AND、OR、NOT，或放进引号。", "Write AND, OR, NOT; or put it in quotes.")
            raise refusal(at, what, hint)
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
        if address is None and field.endswith(".ip") and _ADDRESS_LIKE.fullmatch(value):
            raise refusal(at, Words(f"{value!r} 不是 IP 地址或网段", f"{value!r} is no address or network"), _ADDRESSES)
        if address is not None and address.version == 6:
            return Cidr(field, f"{address}/128")
        if address is not None and field.endswith((".ip", ".address")):
            return Or((Eq(field, str(address)), Eq(field, f"::ffff:{address}")))
        return Eq(field, value)

    def _range(self, item: Interval | Above | Below, field: str) -> Node:
        if not field:
            what = Words("范围须写明字段", "a range needs a field")
            hint = Words(
                "例如 source.port:[1 TO 1023] 或 source.port:>1023。",
                "For example source.port:[1 TO 1023] or source.port:>1023.",
            )
            raise refusal(item.pos, what, hint)
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
            raise refusal(at, Words(f"{value!r} 不是时间", f"{value!r} is no time"), _TIMES)
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
