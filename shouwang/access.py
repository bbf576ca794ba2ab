"""Who may do what. Pure.

The operating system says who somebody is; ``[roles]`` of shouwang.toml says what they are here. The home's owner is
administrator always. ``root`` has no role of its own: it is administrator where it owns the home, else only what
``[roles]`` gives it. (Root can become any user, so that is no defence; it keeps the audit trail's names honest.)
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never

from shouwang.errors import AccessError
from shouwang.words import Words


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    """管理员: everything."""
    ANALYST = "analyst"
    """分析员: sees everything, works on incidents."""
    AUDITOR = "auditor"
    """审计员: sees everything, the audit trail included; changes nothing."""

    @property
    def zh(self) -> str:
        return {"administrator": "管理员", "analyst": "分析员", "auditor": "审计员"}[self.value]


class Need(StrEnum):
    """What an act asks of the caller."""

    READ = "read"
    WORK = "work"
    """Changes alerts or incidents, brings in events."""
    ADMINISTER = "administer"


def role_of(user: str, *, owner: str, roles: Mapping[str, Role]) -> Role | None:
    """``None``: refused every act."""
    return Role.ADMINISTRATOR if user == owner else roles.get(user)


def may(role: Role | None, need: Need) -> bool:
    match role:
        case None:
            return False
        case Role.ADMINISTRATOR:
            return True
        case Role.ANALYST:
            return need is not Need.ADMINISTER
        case Role.AUDITOR:
            return need is Need.READ
    assert_never(role)


def require(user: str, role: Role | None, need: Need, act: str) -> Role:
    """The role, when it is enough. Raises ``AccessError``."""
    if role is None:
        raise AccessError(
            Words(f"{user} 在此没有角色，不能执行 {act}。", f"{user} has no role here and may not do {act}."),
            hint=Words(
                f'管理员可在 shouwang.toml 的 [roles] 下写入 {user} = "analyst"，然后重新启动。',
                f'An administrator can write {user} = "analyst" under [roles] in shouwang.toml and start again.',
            ),
        )
    if not may(role, need):
        raise AccessError(
            Words(f"{user} 是{role.zh}，无权执行 {act}。", f"{user} is {role.value} and may not do {act}."),
            hint=Words("请联系分析员或管理员。", "Ask an analyst or an administrator of this home."),
        )
    return role
