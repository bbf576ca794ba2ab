"""What can be wrong with segments when they are read."""

from __future__ import annotations

from enum import StrEnum

from shouwang.errors import StoreError
from shouwang.words import Words


class Kind(StrEnum):
    GONE = "gone"
    """The file is not there: compaction took it in, or somebody removed it."""
    DAMAGED = "damaged"
    MEMORY = "memory"
    FAILED = "failed"


class Trouble(Exception):
    """Inside the store; callers outside get ``error``."""

    def __init__(self, kind: Kind, path: str, text: str) -> None:
        super().__init__(kind, path, text)
        self.kind = kind
        self.path = path
        """Of the segment; empty when it is none."""
        self.text = text

    @property
    def error(self) -> StoreError:
        match self.kind:
            case Kind.GONE | Kind.DAMAGED:
                return _damaged(self.path, self.text)
            case Kind.MEMORY:
                return StoreError(
                    Words("检索所需内存过多。", "The search needs more memory than it may have."),
                    hint=Words("请缩小时间范围，或减少分组。", "Ask for less time, or for fewer groups."),
                )
            case Kind.FAILED:
                return StoreError(
                    Words(
                        f"检索已封存日志失败（{self.text}）。", f"The sealed events cannot be searched ({self.text})."
                    ),
                    hint=Words("请重试；守护进程日志有详情。", "Try again; the daemon's log says more."),
                )


def _damaged(path: str, text: str) -> StoreError:
    return StoreError(
        Words(f"日志分段 {path} 无法读取（{text}）。", f"The segment {path} cannot be read ({text})."),
        hint=Words(
            "`shouwang store verify` 可指出损坏之处；请从备份恢复该文件。其他日期不受影响。",
            "`shouwang store verify` shows where it is damaged; restore it from the backup. Other days can be read.",
        ),
    )
