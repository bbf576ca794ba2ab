"""What to do about a document that is refused: by what the refusal says. Pure."""

from __future__ import annotations

import re
from typing import Final

from shouwang.words import Words

_ADVICE: Final = tuple(
    (re.compile(pattern), Words(zh, en))
    for pattern, zh, en in (
        (
            r"is already that of",
            "每条规则须有自己的编号：uuidgen -r 可生成",
            "each rule needs an id of its own: uuidgen -r makes one",
        ),
        (
            r"id must be|UUID",
            "编号须为 UUID：uuidgen -r 可生成",
            "the id must be a UUID: uuidgen -r makes one",
        ),
        (r"stands twice in one map", "请合并为一项，或改名", "put both under one key, or rename one"),
        (r"is not YAML", "请检查缩进、引号与冒号", "look at indents, quotes and colons there"),
        (r"is not UTF-8", "请另存为 UTF-8", "save the file as UTF-8"),
        (
            r"unknown modifier",
            "可用的修饰符见 docs/reference/sigma.md",
            "docs/reference/sigma.md lists the modifiers",
        ),
        (
            r"cannot be combined",
            "请拆成两项，分别写修饰符",
            "make two items of it, each with one of the modifiers",
        ),
        (
            r"timeframe|count\(\)|near|aggregation",
            "聚合须写成 correlation 文档，见 docs/how-to/rules.md",
            "write a correlation document instead: docs/how-to/rules.md",
        ),
        (
            r"placeholder|%\w+%",
            "请为占位符提供取值，或删除该规则",
            "give the placeholder values, or leave the rule out",
        ),
        (
            r"detection is missing|is no rule",
            "规则须有 title、logsource、detection；测试文件请命名为 NAME.test.yml",
            "a rule has title, logsource, detection; a file of tests is named NAME.test.yml",
        ),
        (r"logsource", "请写 logsource: {product: ..., service: ...}", "write logsource: {product: ..., service: ...}"),
        (r"condition", "请写 condition，引用上面的名称", "write a condition over the names above it"),
        (
            r"is not loaded|applies to no rule",
            "请同时给出它引用的规则文件",
            "give the files of the rules that it names as well",
        ),
        (r"empty", "请填写，或删除该键", "fill it in, or remove the key"),
    )
)
_ELSE: Final = Words(
    "请按原因修改；格式见 docs/how-to/rules.md", "correct what the reason names; the form is in docs/how-to/rules.md"
)


def advice(reason: Words) -> Words:
    return next((words for pattern, words in _ADVICE if pattern.search(reason.en)), _ELSE)
