"""``field|modifier|modifier``: which modifiers there are, which go together, and the predicates that values become.

Sigma 2.1, appendix "Modifiers". Pure.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import product
from math import isfinite
from typing import get_args

from detection.regexes import searcher
from detection.sigma import patterns
from detection.sigma.faults import RuleFault
from detection.sigma.predicates import (
    Compare,
    Comparison,
    Equals,
    Exists,
    InNetwork,
    Null,
    Number,
    Part,
    Pattern,
    Predicate,
    Reference,
    Regex,
    SameAs,
    TimePart,
    Token,
    Truth,
)
from shouwang.comparison import text_of
from shouwang.words import Words

LONG_NAMES = {"ignorecase": "i", "multiline": "m", "dotall": "s", "wide": "utf16le"}
POSITIONS: tuple[Reference, ...] = ("startswith", "endswith", "contains")
WIDE = ("utf16le", "utf16be", "utf16")
BASE64 = ("base64", "base64offset")
FLAGS = ("i", "m", "s")
COMPARISONS: dict[str, Comparison] = {"lt": "lt", "lte": "lte", "gt": "gt", "gte": "gte"}
PARTS: dict[str, Part] = {part: part for part in get_args(Part)}
KINDS = ("re", "cidr", "exists", "fieldref")
KNOWN = frozenset(
    {"all", "neq", "cased", "windash", "expand", *POSITIONS, *WIDE, *BASE64, *FLAGS, *COMPARISONS, *PARTS, *KINDS}
)
_GOES_WITH: dict[str, frozenset[str]] = {
    "re": frozenset({*FLAGS, *POSITIONS, "expand"}),
    "cidr": frozenset({"expand"}),
    "exists": frozenset(),
    "fieldref": frozenset({*POSITIONS, "cased"}),
    "compare": frozenset(),
    "part": frozenset(COMPARISONS),
}
"""What may stand beside a modifier that sets the kind of the test; ``all`` and ``neq`` always may, but for exists."""
_PLACEHOLDER = re.compile(r"(?<!\\)%(\w+)%")
_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?")

Placeholders = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a detection item, taken apart."""

    field: str
    """As the rule writes it; ``""`` for keywords."""
    modifiers: tuple[str, ...]
    """In order, short names, without ``all`` and ``neq``."""
    every: bool
    """``all``"""
    negated: bool
    """``neq``"""

    def has(self, modifier: str) -> bool:
        return modifier in self.modifiers


def read_key(key: str) -> Key:
    field, *written = key.split("|")
    named = [LONG_NAMES.get(modifier, modifier) for modifier in written]
    for modifier in named:
        if modifier not in KNOWN:
            raise RuleFault(Words(f"没有修饰符 {modifier!r}", f"unknown modifier {modifier!r}"))
    parsed = Key(field, tuple(m for m in named if m not in {"all", "neq"}), "all" in named, "neq" in named)
    _check(parsed)
    return parsed


def _check(key: Key) -> None:
    kind = _kind(key)
    if kind:
        beside = [m for m in key.modifiers if m != kind and m not in _GOES_WITH[kind]]
        beside = [
            m for m in beside if not (kind == "compare" and m in COMPARISONS) and not (kind == "part" and m in PARTS)
        ]
        if beside:
            raise RuleFault(
                Words(
                    f"修饰符 {beside[0]!r} 不能与 {_written(key, kind)!r} 同用",
                    f"modifier {beside[0]!r} cannot be combined with {_written(key, kind)!r}",
                )
            )
        if kind == "exists" and (key.every or key.negated):
            raise RuleFault(Words("exists 不能与 all、neq 同用", "exists cannot be combined with all or neq"))
        if kind in {"exists", "fieldref", "cidr", "compare", "part"} and not key.field:
            raise RuleFault(
                Words(f"修饰符 {_written(key, kind)!r} 须有字段", f"modifier {_written(key, kind)!r} needs a field")
            )
    elif any(key.has(flag) for flag in FLAGS):
        raise RuleFault(Words("修饰符 i、m、s 只用于 re", "modifiers i, m and s belong to re"))
    if sum(m in COMPARISONS for m in key.modifiers) > 1 or sum(m in PARTS for m in key.modifiers) > 1:
        raise RuleFault(Words("一个键中有两种比较", "two comparisons in one key"))


def _kind(key: Key) -> str:
    kinds = [m for m in key.modifiers if m in KINDS]
    if any(m in PARTS for m in key.modifiers):
        kinds.append("part")
    elif any(m in COMPARISONS for m in key.modifiers):
        kinds.append("compare")
    if len(kinds) > 1:
        raise RuleFault(
            Words(
                f"修饰符 {kinds[0]!r} 与 {kinds[1]!r} 不能同用",
                f"modifiers {kinds[0]!r} and {kinds[1]!r} cannot be combined",
            )
        )
    return kinds[0] if kinds else ""


def _written(key: Key, kind: str) -> str:
    return kind if kind in KINDS else next(m for m in key.modifiers if m in COMPARISONS or m in PARTS)


def predicates(key: Key, value: object, placeholders: Placeholders) -> tuple[Predicate, ...]:
    """What one value of the key asks for; several mean any of them."""
    if isinstance(value, dict | list):
        raise RuleFault(Words("值应为文本、数字、布尔值或 null", "a value must be text, a number, a boolean or null"))
    match _kind(key):
        case "exists":
            return (Exists(_truth(value)),)
        case "compare":
            op = next(COMPARISONS[m] for m in key.modifiers if m in COMPARISONS)
            return (Compare(op, _number(value, op)),)
        case "part":
            part = next(PARTS[m] for m in key.modifiers if m in PARTS)
            ops = [COMPARISONS[m] for m in key.modifiers if m in COMPARISONS]
            return (TimePart(part, ops[0] if ops else "eq", _number(value, part)),)
        case "fieldref":
            return (_reference(key, value),)
        case "re":
            return tuple(_regex(key, text) for text in _expanded(key, _text(value, "re"), placeholders))
        case "cidr":
            return tuple(_network(text) for text in _expanded(key, _text(value, "cidr"), placeholders))
        case _:
            return _plain(key, value, placeholders)


def _plain(key: Key, value: object, placeholders: Placeholders) -> tuple[Predicate, ...]:
    if value is None:
        if key.modifiers or not key.field:
            raise RuleFault(Words("null 不能带修饰符，且须有字段", "null takes no modifier and needs a field"))
        return (Null(),)
    if key.field and not key.modifiers:
        if isinstance(value, bool):
            return (Truth(value),)
        if isinstance(value, int | float):
            return (Equals(value),)
    cased = key.has("cased")
    before = key.has("contains") or key.has("endswith")
    after = key.has("contains") or key.has("startswith")
    if not key.field and not (before or after):
        before = after = True
    texts = _expanded(key, text_of(value), placeholders)
    return tuple(
        Pattern(patterns.surrounded(tokens, before=before, after=after), cased)
        for text in texts
        for tokens in _encoded(key, patterns.parse(text))
    )


def _encoded(key: Key, tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], ...]:
    """windash and the encodings, in the order written."""
    current: list[tuple[Token, ...]] = [tokens]
    data: list[bytes] | None = None
    last = ""
    for modifier in key.modifiers:
        if modifier == "windash":
            current = [patterns.with_dashes(each) for each in current]
        elif modifier in WIDE or modifier in BASE64:
            if data is None:
                plain = [text for each in current for text in patterns.spellings(each, modifier)]
                data = [patterns.utf16(t, modifier) if modifier in WIDE else t.encode() for t in plain]
            elif modifier in WIDE:
                raise RuleFault(Words(f"{modifier} 之前不能有另一种编码", f"{modifier} cannot follow another encoding"))
            last = modifier
            if modifier in BASE64:
                current = [(text,) for each in data for text in _base64(each, modifier)]
                data = None
    if data is not None:
        current = [patterns.joined([patterns.as_text(each, last)]) for each in data]
    return tuple(current)


def _base64(data: bytes, modifier: str) -> tuple[str, ...]:
    if modifier == "base64":
        return (b64encode(data).decode("ascii"),)
    return patterns.base64_offsets(data)


def _expanded(key: Key, text: str, placeholders: Placeholders) -> tuple[str, ...]:
    if not key.has("expand"):
        return (text,)
    names = list(dict.fromkeys(_PLACEHOLDER.findall(text)))
    for name in names:
        if name not in placeholders:
            raise RuleFault(Words(f"占位符 %{name}% 在此没有取值", f"placeholder %{name}% has no values here"))
    found = []
    for chosen in product(*(placeholders[name] for name in names)):
        values = dict(zip(names, chosen, strict=True))
        found.append(_PLACEHOLDER.sub(lambda m, values=values: values[m[1]], text).replace("\\%", "%"))  # type: ignore[misc]  # mypy cannot infer the default
    return tuple(found)


def _reference(key: Key, value: object) -> SameAs:
    field = _text(value, "fieldref")
    positions = [m for m in POSITIONS if key.has(m)]
    if len(positions) > 1:
        raise RuleFault(
            Words(
                "fieldref 只能配 startswith、endswith、contains 之一",
                "fieldref takes one of startswith, endswith, contains",
            )
        )
    return SameAs(field, positions[0] if positions else "equals", key.has("cased"))


def _regex(key: Key, text: str) -> Regex:
    start, end = key.has("startswith"), key.has("endswith")
    regex = Regex(text, key.has("i"), key.has("m"), key.has("s"), start, end)
    searcher(regex)
    return regex


def _network(text: str) -> InNetwork:
    if "%" in text:
        raise RuleFault(
            Words(f"{text!r} 不是网段：其中不能有区域标识", f"{text!r} is no network: a zone has no meaning there")
        )
    try:
        return InNetwork(ip_network(text))
    except ValueError as error:
        raise RuleFault(Words(f"{text!r} 不是网段：{error}", f"{text!r} is no network: {error}")) from None


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise RuleFault(Words("exists 的值应为 true 或 false", "exists takes true or false"))
    return value


def _text(value: object, modifier: str) -> str:
    if value is None or isinstance(value, bool):
        raise RuleFault(Words(f"{modifier} 的值应为文本", f"{modifier} takes text"))
    return text_of(value)


def _number(value: object, modifier: str) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise RuleFault(Words(f"{modifier} 的值应为数字", f"{modifier} takes a number"))
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            raise RuleFault(Words(f"{modifier} 的值应为数字", f"{modifier} takes a number"))
        return float(value) if "." in value else int(value)
    if not isfinite(value):
        raise RuleFault(Words(f"{modifier} 的值应为有限的数字", f"{modifier} takes a finite number"))
    return value
