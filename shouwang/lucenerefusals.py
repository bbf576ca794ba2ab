"""Why a Lucene query cannot be read, with the column and what to write instead. Pure."""

from __future__ import annotations

import re
from typing import Final

from shouwang.errors import UsageError
from shouwang.words import Words

Refusal = tuple[Words, Words]
"""What is wrong, without a full stop; what to do."""

FUZZY: Final[Refusal] = (
    Words("不支持模糊检索 (~)", "Fuzzy search (~) is not offered"),
    Words(
        "请用通配符；~ 是值的一部分时，把值放进引号。",
        "Use a wildcard, or put the value in quotes if ~ belongs to it.",
    ),
)
PROXIMITY: Final[Refusal] = (
    Words("不支持邻近检索 (~)", "Proximity search (~) is not offered"),
    Words("请同时检索两个词：first AND second。", "Ask for both words: first AND second."),
)
BOOST: Final[Refusal] = (
    Words("不支持加权 (^)，结果按时间排列", "Boosting (^) is not offered: results come by time"),
    Words("请去掉 ^，或把值放进引号。", "Leave ^ out, or put the value in quotes."),
)
REGEX: Final[Refusal] = (
    Words("不支持正则表达式 (/.../)", "Regular expressions (/.../) are not offered"),
    Words('请用通配符；路径放进引号："/var/log"。', 'Use wildcards; a path stands in quotes: "/var/log".'),
)
QUOTE_IT: Final = Words("请把值放进引号。", "Put the value in quotes.")
_POSITION = re.compile(r"at position (\d+)")
_BY_SIGN: Final = {
    ":": Words(
        '含冒号的值要放进引号：source.ip:"fe80::1"、"C:\\Windows"。',
        'A value that holds a colon stands in quotes: source.ip:"fe80::1", "C:\\Windows".',
    ),
    "/": Words(
        '以 / 开头的值要放进引号：url.path:"/admin"；带通配符时写 \\/admin*。',
        'A value that begins with / stands in quotes: url.path:"/admin"; with a wildcard write \\/admin*.',
    ),
    '"': Words('请补上另一半引号；引号内的引号写作 \\"。', 'Close the quotes; a quote inside them is written \\".'),
    "\\": Words(
        "末尾的反斜杠后面没有字符；反斜杠本身写作 \\\\。",
        "A backslash at the end has nothing to escape; write \\\\ for the character itself.",
    ),
    ")": Words("缺少对应的 (，或它前面没有内容。", "There is no ( for it, or nothing stands before it."),
}


def refusal(at: int, what: Words, hint: Words) -> UsageError:
    said = Words(
        f"检索式第 {at + 1} 个字符处无法识别：{what.zh}。", f"The query cannot be read at column {at + 1}: {what.en}."
    )
    return UsageError(said, hint=hint)


def too_long(length: int, longest: int) -> UsageError:
    return UsageError(
        Words(
            f"检索式长 {length} 个字符，最多 {longest} 个。",
            f"The query has {length} characters; at most {longest} are read.",
        )
    )


def unreadable(text: str, said: str) -> UsageError:
    """``said`` is luqum's sentence."""
    found = _POSITION.search(said)
    if found is None:
        what = Words("末尾缺少内容", "something is missing at the end")
        if text.count("(") > text.count(")"):
            what = Words("缺少右括号", "a closing parenthesis is missing")
        hint = Words(
            "请补全每个 ( 和 [，并给每个运算符和每个“字段:”写上值。",
            "Close every ( and [, and give each operator and each field: a value.",
        )
        return refusal(len(text.rstrip()), what, hint)
    at = int(found.group(1))
    word = "".join(re.findall(r"\A(?:\w+|.)", text[at:], re.DOTALL))
    if word in ("AND", "OR", "TO"):
        return refusal(
            at,
            Words(f"{word} 前面没有内容", f"{word} has nothing before it"),
            Words(
                f'它要写在两个部分之间；检索这个词本身时写 "{word}"。',
                f'It stands between two parts; the word itself is "{word}".',
            ),
        )
    what = Words(f"此处不应出现 {word!r}", f"{word!r} is not expected here")
    return refusal(at, what, _BY_SIGN.get(text[at : at + 1], QUOTE_IT))
