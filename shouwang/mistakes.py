"""What pydantic found wrong with an input, in our words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import BaseModel

from shouwang.words import NOTHING, Words

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_TEXT: Final = Words("应为文本", "this must be text")
_WHOLE: Final = Words("应为整数", "this must be a whole number")
_NUMBER: Final = Words("应为数字", "this must be a number")
_FLAG: Final = Words("应为 true 或 false", "this must be true or false")
_LIST: Final = Words("应为列表", "this must be a list")
_TABLE: Final = Words("应为表", "this must be a table")
_OTHER: Final = Words("不符合要求", "this is not allowed here")


def _choice(limits: Mapping[str, Any]) -> Words:
    """From pydantic's ``'a', 'b' or 'c'``."""
    expected = str(limits["expected"])
    return Words(f"应为 {expected.replace(', ', '、').replace(' or ', '、')}", f"this must be {expected}")


_KNOWN: Final[Mapping[str, Words | Callable[[Mapping[str, Any]], Words]]] = {
    "missing": Words("缺少此项", "this is missing"),
    "string_type": _TEXT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _FLAG,
    "bool_parsing": _FLAG,
    "tuple_type": _LIST,
    "list_type": _LIST,
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "greater_than": lambda limits: Words(f"须大于 {limits['gt']:g}", f"this must be more than {limits['gt']:g}"),
    "greater_than_equal": lambda limits: Words(f"不得小于 {limits['ge']:g}", f"the least is {limits['ge']:g}"),
    "less_than": lambda limits: Words(f"须小于 {limits['lt']:g}", f"this must be less than {limits['lt']:g}"),
    "less_than_equal": lambda limits: Words(f"不得大于 {limits['le']:g}", f"the most is {limits['le']:g}"),
    "string_too_long": lambda limits: Words(
        f"最多 {limits['max_length']} 个字符", f"the most is {limits['max_length']} characters"
    ),
    "string_too_short": lambda limits: (
        Words("不得为空", "this must not be empty")
        if limits["min_length"] == 1
        else Words(f"至少 {limits['min_length']} 个字符", f"the least is {limits['min_length']} characters")
    ),
    "string_pattern_mismatch": lambda limits: Words(
        f"须符合 {limits['pattern']}", f"this must match {limits['pattern']}"
    ),
    "literal_error": _choice,
    "enum": _choice,
}
"""Kind of error -> how it is said, or what says it given the limits."""


def mistake(error: ErrorDetails, item: str, model: type[BaseModel]) -> Words:
    """Without a full stop. ``item`` is what a name is called there: ``setting``, ``argument``; ``model`` the whole."""
    if error["type"] == "extra_forbidden":
        known = _beside(model, error["loc"])
        listed = Words(f"。可用：{'、'.join(known)}", f". One of: {', '.join(known)}") if known else NOTHING
        return Words(f"没有这一项{listed.zh}", f"there is no such {item}{listed.en}")
    limits = error.get("ctx", {})
    ours = limits.get("error")
    if isinstance(ours, ValueError):
        said = ours.args[0] if ours.args else ""
        return said if isinstance(said, Words) else Words(str(said), str(said))
    found = _KNOWN.get(error["type"], _OTHER)
    return found if isinstance(found, Words) else found(limits)


def _beside(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """The names that may stand where this one does."""
    for part in place[:-1]:
        field = model.model_fields.get(str(part))
        model = next(_models(field.annotation), model) if field else model
    return list(model.model_fields)


def _models(kind: object) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from _models(inner)
