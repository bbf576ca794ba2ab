"""The fixed words of answers in Chinese: what a severity, a level, a role is called. English has them as they are."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Final

from shouwang.cli.answer import Answer
from shouwang.cli.options import language
from shouwang.model import IncidentState

CHINESE: Final[Mapping[str, str]] = {
    "critical": "危急",
    "high": "高",
    "medium": "中",
    "low": "低",
    "informational": "信息",
    "ok": "正常",
    "degraded": "降级",
    "broken": "异常",
    "administrator": "管理员",
    "analyst": "分析员",
    "auditor": "审计员",
    "system": "系统",
    **{state.value: state.words.zh for state in IncidentState},
    "ordinary": "一般",
    "important": "重要",
    "especially_important": "特别重要",
}
"""The states are an incident's."""

ALERT_STATES: Final[Mapping[str, str]] = {"open": "未关闭", "closed": "已关闭"}


def named(args: argparse.Namespace, word: str) -> str:
    """For a table; JSON keeps the word."""
    return CHINESE.get(word, word) if language(args) == "zh" else word


def id_of(args: argparse.Namespace, made: Answer, key: str = "id") -> str:
    """An alert's or incident's, with 演练 beside it when a drill made it: also where only the results are kept."""
    mark = "演练" if language(args) == "zh" else "DRILL 演练"
    return f"{made[key]} [{mark}]" if made[key] and made.flag("drill") else made[key]


def alert_state(args: argparse.Namespace, word: str) -> str:
    """An alert is only open or closed; nobody claims it."""
    return ALERT_STATES.get(word, word) if language(args) == "zh" else word
