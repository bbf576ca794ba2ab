"""Which ATT&CK techniques and tactics there are, for tags of rules and for coverage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from shouwang.words import NOTHING, Words

VERSION: Final = "19"
"""Of ATT&CK Enterprise."""
TACTICS: Final[Mapping[str, str]] = {
    "reconnaissance": "侦察",
    "resource-development": "资源开发",
    "initial-access": "初始访问",
    "execution": "执行",
    "persistence": "持久化",
    "privilege-escalation": "权限提升",
    "stealth": "隐匿",
    "defense-impairment": "削弱防御",
    "credential-access": "凭据访问",
    "discovery": "发现",
    "lateral-movement": "横向移动",
    "collection": "收集",
    "command-and-control": "命令与控制",
    "exfiltration": "渗出",
    "impact": "影响",
}
"""Of Enterprise, in the matrix's order, with the Chinese name."""
ICS_TACTICS: Final = frozenset({"inhibit-response-function", "impair-process-control", "evasion"})
"""Of the matrix for control systems, beside those of the same name."""
_GONE_TACTICS: Final = {"defense-evasion": ("stealth", "defense-impairment")}
_DATA: Final = Path(__file__).with_name("attack_numbers.txt")
_TECHNIQUE: Final = re.compile(r"attack\.t(\d{4}(?:\.\d{3})?)")
_OTHER: Final = re.compile(r"attack\.(?:g|s|c|m|ds|a|det|an)\d{4}")
"""Groups, software, campaigns and the like: their numbers are not known here."""


class Technique(NamedTuple):
    tactics: tuple[str, ...]
    gone: bool = False
    successor: str = ""
    """Of one that is gone; empty when nothing took its place."""


@lru_cache(maxsize=1)
def techniques() -> Mapping[str, Technique]:
    """Number (``T1110.001``) -> what it is; those that went are among them."""
    found = {}
    for line in _DATA.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        number, *rest = line.split()
        gone = rest[:1] == [">"]
        found[number] = Technique((), True, "".join(rest[1:])) if gone else Technique(tuple(rest))
    return found


def technique_of(tag: str) -> str:
    """``attack.t1110.001`` -> ``T1110.001``; else empty."""
    found = _TECHNIQUE.fullmatch(tag.lower())
    return f"T{found[1]}" if found else ""


def fault_of(tag: str) -> tuple[Words, Words]:
    """What is wrong with an ATT&CK tag, and what to write; nothing for good ones and for tags of other kinds."""
    tag = tag.lower()
    if not tag.startswith("attack.") or _OTHER.fullmatch(tag):
        return NOTHING, NOTHING
    name = tag.removeprefix("attack.")
    number = technique_of(tag)
    if number:
        return _fault_of_technique(number)
    if name in TACTICS or name in ICS_TACTICS:
        return NOTHING, NOTHING
    hyphened = name.replace("_", "-")
    there = _GONE_TACTICS.get(hyphened, (hyphened,))
    if all(each in TACTICS for each in there):
        instead = " / ".join(f"attack.{each}" for each in there)
        return (
            Words(f"标签 {tag} 不是 ATT&CK {VERSION} 的战术", f"the tag {tag} is no tactic of ATT&CK {VERSION}"),
            Words(f"请改为 {instead}", f"write {instead}"),
        )
    return (
        Words(
            f"标签 {tag} 既不是 ATT&CK 战术也不是技术编号", f"the tag {tag} is neither a tactic nor a number of ATT&CK"
        ),
        Words(
            "例如可写 attack.execution 或 attack.t1059.001", "write for example attack.execution or attack.t1059.001"
        ),
    )


def _fault_of_technique(number: str) -> tuple[Words, Words]:
    known = techniques().get(number)
    if known is None:
        return (
            Words(f"ATT&CK {VERSION} 没有技术 {number}", f"ATT&CK {VERSION} has no technique {number}"),
            Words(
                "请核对编号：https://attack.mitre.org/techniques/", "look it up: https://attack.mitre.org/techniques/"
            ),
        )
    if not known.gone:
        return NOTHING, NOTHING
    instead = f"attack.{known.successor.lower()}"
    return (
        Words(f"技术 {number} 已从 ATT&CK 中撤销", f"the technique {number} was taken out of ATT&CK"),
        Words(f"请改为 {instead}", f"write {instead}") if known.successor else Words("请删除此标签", "remove the tag"),
    )
