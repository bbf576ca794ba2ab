"""What pydantic found wrong with an input, in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from shouwang.words import Words

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def _listed(expected: str) -> str:
    """pydantic's ``'a', 'b' or 'c'``."""
    return expected.replace(", ", "、").replace(" or ", "、")


_KNOWN: Final[Mapping[str, Callable[[Mapping[str, Any], str], Words]]] = {
    "missing": lambda _, __: Words("缺少此项", "this is missing"),
    "string_type": lambda _, said: Words("应为文本", said),
    "int_type": lambda _, said: Words("应为整数", said),
    "int_parsing": lambda _, said: Words("应为整数", said),
    "int_from_float": lambda _, said: Words("应为整数", said),
    "float_type": lambda _, said: Words("应为数字", said),
    "float_parsing": lambda _, said: Words("应为数字", said),
    "bool_type": lambda _, said: Words("应为 true 或 false", said),
    "bool_parsing": lambda _, said: Words("应为 true 或 false", said),
    "tuple_type": lambda _, said: Words("应为列表", said),
    "list_type": lambda _, said: Words("应为列表", said),
    "dict_type": lambda _, said: Words("应为表", said),
    "model_type": lambda _, said: Words("应为表", said),
    "greater_than": lambda limits, said: Words(f"须大于 {limits['gt']}", said),
    "greater_than_equal": lambda limits, said: Words(f"不得小于 {limits['ge']}", said),
    "less_than": lambda limits, said: Words(f"须小于 {limits['lt']}", said),
    "less_than_equal": lambda limits, said: Words(f"不得大于 {limits['le']}", said),
    "string_too_long": lambda limits, said: Words(f"最多 {limits['max_length']} 个字符", said),
    "string_too_short": lambda limits, said: Words(f"至少 {limits['min_length']} 个字符", said),
    "string_pattern_mismatch": lambda limits, said: Words(f"须符合 {limits['pattern']}", said),
    "literal_error": lambda limits, said: Words(f"应为 {_listed(limits['expected'])}", said),
    "enum": lambda limits, said: Words(f"应为 {_listed(limits['expected'])}", said),
}
"""Kind of error -> how it is said, given its limits and pydantic's own sentence."""


def mistake(error: ErrorDetails, item: str) -> Words:
    """Without a full stop. ``item`` is what a name is called there: ``setting``, ``argument``."""
    if error["type"] == "extra_forbidden":
        return Words("没有这一项", f"there is no such {item}")
    limits = error.get("ctx", {})
    ours = limits.get("error")
    if isinstance(ours, ValueError) and ours.args and isinstance(ours.args[0], Words):
        return ours.args[0]
    said = error["msg"].removeprefix("Value error, ")
    known = _KNOWN.get(error["type"])
    return known(limits, said) if known else Words(said, said)
