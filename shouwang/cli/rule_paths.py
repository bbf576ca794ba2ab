"""What the offline verbs on rules share: the files they are given, and a place to keep what was read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from shouwang.errors import UsageError
from shouwang.home import user_cache
from shouwang.words import Words


def readable(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Raises ``UsageError`` for one that is not there or may not be read."""
    for path in paths:
        if not os.access(path, os.R_OK):
            zh, en = ("无权读取", "may not be read") if path.exists() else ("不存在", "is not there")
            raise UsageError(
                Words(f"{path} {zh}。", f"{path} {en}."),
                hint=Words("请给出规则文件或目录。", "Give rule files or folders."),
            )
    return tuple(paths)


def placeholders(given: Sequence[str]) -> dict[str, list[str]]:
    """``NAME=VALUE``, a name as often as it has values. Raises ``UsageError``."""
    found: dict[str, list[str]] = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not sign or not name:
            raise UsageError(
                Words(f"--placeholder {each!r} 不可用。", f"--placeholder {each!r} cannot be used."),
                hint=Words("请写 名称=值。", "Write NAME=VALUE."),
            )
        found.setdefault(name, []).append(value)
    return found


def cache() -> Path | None:
    place = user_cache()
    return None if place is None else place / "rules"
