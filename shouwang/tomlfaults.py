"""What tomllib found wrong with a text, in both languages. Pure."""

from __future__ import annotations

import re
from typing import Final

from shouwang.words import Words

_PLACE: Final = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")
_SAID: Final = (
    (
        r"Cannot (declare|mutate|overwrite|redefine)|Duplicate",
        Words("同一项或同一表写了两次", "a setting or a table stands here for the second time"),
    ),
    (r"Expected '\]", Words("表头没有写完，应以 ] 结束", "the table's header is not closed by ]")),
    (r"Expected '='", Words("设置名之后应为 = 和值", "a setting's name must be followed by = and a value")),
    (
        r"""Illegal character '\\n'|Expected ["']|Unterminated""",
        Words("引号没有结束", "the text in quotes is not closed"),
    ),
    (r"Expected newline", Words("值之后还有多余的内容", "something stands behind the value")),
    (r"Invalid value", Words("值无法读取；文本须加引号", "the value cannot be read; text stands in quotes")),
    (r"Unescaped", Words(r"引号中的 \ 须写作 \\，或改用单引号", r"write \\ for a \ in quotes, or use single quotes")),
    (r"Unclosed", Words("列表或表没有结束", "a list or table is not closed")),
)
_OTHER: Final = Words("不符合 TOML 的写法", "this is no TOML")


def toml_fault(said: str, text: str) -> tuple[int, Words]:
    """The line, and what is wrong there, without a full stop; ``said`` is the message of a ``TOMLDecodeError``."""
    place = _PLACE.search(said)
    line = int(place[1]) if place and place[1] else max(1, len(text.splitlines()))
    return line, next((words for pattern, words in _SAID if re.match(pattern, said)), _OTHER)
