"""The condition of a ``correlation:`` document: bounds, or for temporal ones rules joined by and, or, not. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from math import isfinite
from typing import NamedTuple, TypeAlias, cast, get_args

from detection.ruleset import Bound, CorrelationType, Op, Way
from detection.sigma.conditions import parse
from detection.sigma.faults import RuleFault
from detection.sigma.predicates import Exists
from detection.sigma.tree import And, Atom, Keyword, Node, Not, Or
from shouwang.words import Words

OPS: frozenset[str] = frozenset(get_args(Op))
NUMERIC = frozenset({"value_sum", "value_avg", "value_percentile", "value_median"})
TEMPORAL = frozenset({"temporal", "temporal_ordered"})
MOST_WAYS = 64
_WORD = re.compile(r"[\w.-]+")
_OPERATORS = frozenset({"and", "or", "not"})

Bounds: TypeAlias = tuple[tuple[Op, Bound], ...]


class Written(NamedTuple):
    bounds: Bounds
    fields: tuple[str, ...] = ()
    percentile: Bound = 0


def bounds_of(kind: CorrelationType, written: object, rules: int) -> Written:
    """Of a condition that is a map, or missing. Raises ``RuleFault``."""
    if kind in TEMPORAL and written is None:
        return Written((("gte", rules),))
    if not isinstance(written, dict):
        wanted = Words("condition 应为如 gte: 5 的映射", "condition must be a map such as gte: 5")
        if kind in TEMPORAL:
            wanted = Words(
                f"{wanted.zh}，或以 and、or、not 连接的规则", f"{wanted.en}, or rules joined by and, or, not"
            )
        raise RuleFault(wanted, "condition")
    unknown = [key for key in written if key not in OPS and key not in {"field", "percentile"}]
    if unknown:
        raise RuleFault(
            Words(f"condition 中没有 {unknown[0]!r} 这一项", f"{unknown[0]!r} is not known in a condition"),
            "condition",
            str(unknown[0]),
        )
    ops = [key for key in written if key in OPS]
    if not ops:
        raise RuleFault(Words("condition 没有比较的数值", "condition compares with nothing"), "condition")
    bounds = tuple((cast("Op", op), _bound(kind, op, written[op])) for op in ops)
    if kind in TEMPORAL and any(op in {"gte", "eq"} and bound > rules for op, bound in bounds):
        raise RuleFault(
            Words(
                f"只引用了 {rules} 条规则：条件永远不会成立",
                f"only {rules} rules are named: the condition can never hold",
            ),
            "condition",
        )
    return Written(bounds, _fields(kind, written.get("field")), _percentile(kind, written))


def _bound(kind: CorrelationType, op: str, value: object) -> Bound:
    whole = kind not in NUMERIC
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise RuleFault(
            Words(f"{op} 应为{'整' * whole}数{'字' * (not whole)}", f"{op} must be a {'whole ' * whole}number"),
            "condition",
            op,
        )
    if whole and (not isinstance(value, int) or value < 0):
        raise RuleFault(Words(f"{op} 应为非负整数", f"{op} must be a whole number"), "condition", op)
    return value


def _fields(kind: CorrelationType, field: object) -> tuple[str, ...]:
    fields = field if isinstance(field, list) else [] if field is None else [field]
    if not all(isinstance(each, str) and each for each in fields):
        raise RuleFault(
            Words("field 应为名称或名称列表", "field must be a name or a list of names"), "condition", "field"
        )
    if kind.startswith("value_") != bool(fields):
        needs = kind.startswith("value_")
        zh, en = ("须有", "needs a") if needs else ("不能有", "takes no")
        raise RuleFault(Words(f"{kind} 的 condition 中{zh} field", f"{kind} {en} field in its condition"), "condition")
    if kind in NUMERIC and len(fields) > 1:
        raise RuleFault(Words(f"{kind} 只能有一个字段", f"{kind} takes one field"), "condition", "field")
    return tuple(fields)


def _percentile(kind: CorrelationType, written: Mapping[object, object]) -> Bound:
    percent = written.get("percentile")
    if kind != "value_percentile":
        if percent is not None:
            raise RuleFault(
                Words(f"{kind} 不使用 percentile", f"{kind} takes no percentile"), "condition", "percentile"
            )
        return 0
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 < percent <= 100:
        raise RuleFault(
            Words("percentile 应为大于 0、不大于 100 的数字", "percentile must be a number above 0, at most 100"),
            "condition",
            "percentile",
        )
    return percent


# ----------------------------------------------------------------------------------------- in words


def names_in(text: str) -> tuple[str, ...]:
    """The rules that a condition in words names, in order."""
    return tuple(dict.fromkeys(word for word in _WORD.findall(text) if word not in _OPERATORS))


def ways_of(text: str, ids: Mapping[str, str]) -> tuple[Way, ...]:
    """What a condition in words comes to. ``ids``: name as written -> the rule's id, in the order of the file.

    Raises ``RuleFault``.
    """
    marks: dict[str, Node] = {name: Atom(identity, Exists(True)) for name, identity in ids.items()}
    try:
        tree = parse(text, marks)
    except RuleFault as fault:
        raise fault.under("condition") from None
    unnamed = [name for name in ids if name not in names_in(text)]
    if unnamed:
        raise RuleFault(
            Words(f"condition 没有提到规则 {unnamed[0]!r}", f"the condition does not speak of the rule {unnamed[0]!r}"),
            "condition",
        )
    order = list(dict.fromkeys(ids.values()))
    ways = []
    for wanted, unwanted in _either(tree, holds=True):
        if not wanted & unwanted:
            ways.append(Way(_sorted(wanted, order), _sorted(unwanted, order)))
    if not ways:
        raise RuleFault(Words("条件永远不会成立", "the condition can never hold"), "condition")
    if not all(way.rules for way in ways):
        raise RuleFault(
            Words(
                "什么都没有发生时条件也成立：须有一条必须出现的规则",
                "the condition also holds where nothing occurs: it needs a rule that must occur",
            ),
            "condition",
        )
    return tuple(dict.fromkeys(ways))


def _sorted(ids: frozenset[str], order: Sequence[str]) -> tuple[str, ...]:
    return tuple(identity for identity in order if identity in ids)


_Sides: TypeAlias = tuple[frozenset[str], frozenset[str]]


def _either(node: Node, *, holds: bool) -> list[_Sides]:
    """What must and what must not occur; any of these."""
    match node:
        case Atom(field=identity):
            only, none = frozenset({identity}), frozenset[str]()
            return [(only, none) if holds else (none, only)]
        case Not(part):
            return _either(part, holds=not holds)
        case And(parts) | Or(parts):
            each = [_either(part, holds=holds) for part in parts]
            if isinstance(node, And) == holds:
                return _limited([_joined(sides) for sides in product(*each)] if _size(each) <= MOST_WAYS else None)
            return _limited([sides for found in each for sides in found])
        case Keyword():
            raise TypeError("no keyword in a correlation")


def _size(each: Sequence[Sequence[_Sides]]) -> int:
    size = 1
    for found in each:
        size *= len(found)
    return size


def _joined(sides: Sequence[_Sides]) -> _Sides:
    return frozenset().union(*(wanted for wanted, _ in sides)), frozenset().union(*(not_ for _, not_ in sides))


def _limited(sides: list[_Sides] | None) -> list[_Sides]:
    if sides is None or len(sides) > MOST_WAYS:
        raise RuleFault(
            Words(
                f"满足条件的方式超过 {MOST_WAYS} 种", f"the condition comes to more than {MOST_WAYS} ways to fulfil it"
            ),
            "condition",
        )
    return sides
