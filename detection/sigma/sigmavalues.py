"""Values of detection items <-> pySigma's, so that pipelines see what they expect and nothing is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigma.exceptions import SigmaError
from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
    sigma_type,
)

from detection.sigma.faults import RuleFault
from detection.sigma.modifiers import POSITIONS, Key
from shouwang.words import Words

_TEXT_ONLY = frozenset({*POSITIONS, "cased", "expand"})
"""Beside these alone a position is the wildcards that it stands for; with others it says something else."""
_OPERATORS = {
    CompareOperators.LT: "lt",
    CompareOperators.LTE: "lte",
    CompareOperators.GT: "gt",
    CompareOperators.GTE: "gte",
}
_FLAGS = {
    "i": SigmaRegularExpressionFlag.IGNORECASE,
    "m": SigmaRegularExpressionFlag.MULTILINE,
    "s": SigmaRegularExpressionFlag.DOTALL,
}
_SPECIAL = re.compile(r"[\\*?]")


def shown(key: Key, value: object) -> tuple[SigmaType, tuple[str, ...]]:
    """A value as pipelines see it, and the modifiers of its key that still have to be applied afterwards."""
    if key.has("fieldref") and isinstance(value, str):
        start, end = key.has("startswith"), key.has("endswith")
        rest = tuple(m for m in key.modifiers if m not in {"fieldref", "startswith", "endswith"})
        return SigmaFieldReference(value, start, end), ("fieldref", *rest)
    if key.has("re") and isinstance(value, str) and (regex := _regex(key, value)) is not None:
        return regex, tuple(m for m in key.modifiers if m != "re" and m not in _FLAGS)
    if not isinstance(value, str | int | float | None):
        raise RuleFault(Words("值应为文本、数字、布尔值或 null", "a value must be text, a number, a boolean or null"))
    if key.modifiers and isinstance(value, int | float) and not isinstance(value, bool) and _only_text(key):
        value = str(value)
    made: SigmaType = sigma_type(value)
    if not isinstance(made, SigmaString) or not _only_text(key):
        return made, key.modifiers
    if key.has("expand"):
        made = made.insert_placeholders()
    for modifier in key.modifiers:
        made = _placed(made, modifier)
    return made, tuple(m for m in key.modifiers if m not in POSITIONS)


def _only_text(key: Key) -> bool:
    return _TEXT_ONLY.issuperset(key.modifiers)


def _regex(key: Key, text: str) -> SigmaType | None:
    try:
        return SigmaRegularExpression(text, {flag for name, flag in _FLAGS.items() if key.has(name)})
    except SigmaError:
        return None


def _placed(text: SigmaString, position: str) -> SigmaString:
    if position in {"contains", "endswith"} and not text.startswith(SpecialChars.WILDCARD_MULTI):
        text = SpecialChars.WILDCARD_MULTI + text
    if position in {"contains", "startswith"} and not text.endswith(SpecialChars.WILDCARD_MULTI):
        text = text + SpecialChars.WILDCARD_MULTI
    return text


def written(value: SigmaType, *, expands: bool) -> Iterator[tuple[tuple[str, ...], object]]:
    """A value as rules write it: further modifiers, and what stands behind the key; several mean any of them."""
    if isinstance(value, SigmaExpansion):
        for each in value.values:
            yield from written(each, expands=expands)
    elif isinstance(value, SigmaString):
        yield ("cased",) if isinstance(value, SigmaCasedString) else (), _text(value, expands=expands)
    else:
        yield _plain(value)


def _plain(value: SigmaType) -> tuple[tuple[str, ...], object]:
    match value:
        case SigmaTimestampPart():
            return (value.timestamp_part.name.lower(),), value.number
        case SigmaNumber():
            return (), value.number
        case SigmaBool():
            return (), value.boolean
        case SigmaNull():
            return (), None
        case SigmaExists():
            return ("exists",), bool(value)
        case SigmaRegularExpression():
            flags = sorted(value.sigma_to_re_flag[flag] for flag in value.flags)
            return ("re", *flags), str(value.regexp)
        case SigmaCIDRExpression():
            return ("cidr",), value.cidr
        case SigmaCompareExpression() if value.op in _OPERATORS:
            return (_OPERATORS[value.op],), value.number.number
        case SigmaFieldReference():
            return ("fieldref", *(["startswith"] * value.starts_with), *(["endswith"] * value.ends_with)), value.field
        case _:
            raise RuleFault(
                Words(
                    f"管道产生的值是其他系统的查询：{type(value).__name__}",
                    f"a pipeline made a value that is a query of another system: {type(value).__name__}",
                )
            )


def _text(value: SigmaString, *, expands: bool) -> str:
    out = ""
    for part in value.s:
        if isinstance(part, Placeholder):
            out += f"%{part.name}%"
        elif isinstance(part, str):
            plain = _SPECIAL.sub(r"\\\g<0>", part)
            out += plain.replace("%", r"\%") if expands else plain
        else:
            out += "*" if part is SpecialChars.WILDCARD_MULTI else "?"
    return out
