"""What several sources say about themselves."""

from __future__ import annotations

from typing import Final

from shouwang.words import Words

NOT_STARTED: Final = Words("尚未启动", "not started")


def cannot_listen(at: str, error: OSError) -> Words:
    return Words(f"无法监听 {at}：{error.strerror}", f"cannot listen at {at}: {error.strerror}")
