"""The words of grades and degrees in both languages, and reading them back. Pure."""

from __future__ import annotations

from typing import TypeVar

from shouwang.errors import UsageError
from shouwang.model import Grade, Importance, Loss, SocialEffect
from shouwang.words import Words

Degree = Importance | Loss | SocialEffect
D = TypeVar("D", Importance, Loss, SocialEffect)

FACTS: dict[str, dict[str, str]] = {
    "zh": {"importance": "系统重要程度", "loss": "系统损失", "social": "社会影响"},
    "en": {"importance": "importance of the system", "loss": "loss", "social": "social effect"},
}

SAYINGS: dict[str, dict[str, str]] = {
    "zh": {
        "colon": ": ",
        "comma": "、",
        "and": " 且 ",
        "not asked": "未询问此项事实, 由人工判断",
        "nothing stated": "未陈述",
        "not met": "不符合",
        "starred": " *表中未列明, 按其余情形归为 IV",
        "residual: nothing stated": "尚未陈述任何事实 (系统重要程度、系统损失、社会影响), 按其余情形暂定 IV一般",
        "residual: none met": "所陈述的事实均未达到更高级别, 按其余情形为 IV一般",
        "residual: graver met": "其余情形; 已有更高级别成立",
        "residual: incomplete": "已陈述的事实未达到更高级别, 其余尚未陈述, 按其余情形暂定 IV一般",
        "is": "{fact}为{degree}",
        "would raise": "若核实{stated}, 则升为 {grade}",
    },
    "en": {
        "colon": ": ",
        "comma": ", ",
        "and": " and ",
        "not asked": "not asked for; a person must judge",
        "nothing stated": "nothing stated",
        "not met": "not met",
        "starred": " *not listed in the table; IV by the residual rule",
        "residual: nothing stated": "nothing stated (importance, loss, social effect): IV for now by the residual rule",
        "residual: none met": "none of the stated facts reaches a higher grade: IV by the residual rule",
        "residual: graver met": "everything else; a higher grade holds",
        "residual: incomplete": "what is stated reaches no higher grade, the rest is not stated: IV for now",
        "is": "{fact} = {degree}",
        "would raise": "if {stated} is found: {grade}",
    },
}

GRADES_EN = {Grade.I: "especially major", Grade.II: "major", Grade.III: "relatively major", Grade.IV: "general"}


def grade_word(grade: Grade, lang: str) -> str:
    """``III较大``; ``III (relatively major)``."""
    return f"{grade.name} ({GRADES_EN[grade]})" if lang == "en" else f"{grade.name}{grade.zh}"


def degree(value: Degree | None, lang: str) -> str:
    if value is None:
        return SAYINGS[lang]["nothing stated"]
    return value.name.lower().replace("_", " ") if lang == "en" else value.zh


def read_degree(kind: type[D], written: str) -> D:
    """``important``, ``especially-important`` or ``特别重要``. Raises ``UsageError`` with the choices."""
    plain = written.strip().lower().replace("-", "_").replace(" ", "_")
    for one in kind:
        if plain in (one.name.lower(), one.zh):
            return one
    choices = ", ".join(f"{one.name.lower()} ({one.zh})" for one in kind)
    raise UsageError(
        Words(f"{written!r} 不是可选的程度。", f"{written!r} is no degree of {kind.__name__.lower()}."),
        hint=Words(f"可选：{choices}。", f"One of: {choices}."),
    )


def read_grade(written: str) -> Grade:
    """``III`` or ``较大``. Raises ``UsageError``."""
    plain = written.strip().upper()
    for one in Grade:
        if plain in (one.name, one.zh, f"{one.name}{one.zh}"):
            return one
    choices = ", ".join(f"{one.name} ({one.zh})" for one in sorted(Grade, reverse=True))
    raise UsageError(
        Words(f"{written!r} 不是事件级别。", f"{written!r} is no grade."),
        hint=Words(f"可选：{choices}。", f"One of: {choices}."),
    )
