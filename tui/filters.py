"""What may be typed into the filter lines. Pure: text in, arguments of the list acts out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from shouwang.model import IncidentState, Value

_SEVERITIES = {
    "critical": ("c", "crit", "critical", "危", "危急"),
    "high": ("h", "high", "高"),
    "medium": ("m", "med", "medium", "中"),
    "low": ("l", "low", "低"),
    "informational": ("i", "info", "informational", "息", "信息"),
}
_ALERT_STATES = {"open": ("open", "未关闭", "未关"), "closed": ("closed", "已关闭", "已关")}
_ALSO = {IncidentState.OPEN: "未认领", IncidentState.CLOSED: "办结"}
_INCIDENT_STATES = {
    state.value: (state.value, state.words.zh, _ALSO.get(state, state.words.zh)) for state in IncidentState
}
_ALL = ("all", "全部")
_HELD = ("held", "压制")
_AGE = re.compile(r"[0-9]{1,5}[mhd]")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The word that means nothing here."""

    word: str


def _lookup(word: str, table: Mapping[str, tuple[str, ...]]) -> str:
    return next((name for name, words in table.items() if word in words), "")


def _words(text: str) -> list[str]:
    bare = re.sub(r"(级别|level|状态|state|severity)\s*(>=|=|:|：)?", " ", text.lower())
    return bare.replace("，", " ").replace(",", " ").split()


def alerts(text: str) -> dict[str, Value] | Unreadable:
    """``H open 24h``: least severity, state, incident, time, what is held. Nothing typed: all that is open."""
    args: dict[str, Value] = {"state": "open"}
    for word in _words(text):
        if level := _lookup(word, _SEVERITIES):
            args["severity"] = level
        elif state := _lookup(word, _ALERT_STATES):
            args["state"] = state
        elif word in _ALL:
            args.pop("state", None)
        elif re.fullmatch(r"(d-)?inc-[0-9a-z-]+", word):
            args["incident"] = word.upper()
            args.pop("state", None)
        elif word in _HELD:
            args["held"] = True
        elif re.fullmatch(r"(d-)?[sm]-[0-9]{1,9}", word):
            args["held_by"] = word.upper()
        elif _AGE.fullmatch(word):
            args["since"] = word
        else:
            return Unreadable(word)
    return args


def incidents(text: str) -> dict[str, Value] | Unreadable:
    """A state, or all of them. Nothing typed: all."""
    args: dict[str, Value] = {}
    for word in _words(text):
        if state := _lookup(word, _INCIDENT_STATES):
            args["state"] = state
        elif word in _ALL:
            args.pop("state", None)
        else:
            return Unreadable(word)
    return args
