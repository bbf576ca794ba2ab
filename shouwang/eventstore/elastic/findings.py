"""What the store itself has to say: about what waits, what was kept in part, and whose the cluster is."""

from __future__ import annotations

from shouwang.errors import StoreError
from shouwang.eventstore.elastic.spool import Spool
from shouwang.model import Finding, Level
from shouwang.words import Words


def away(trouble: StoreError, spool: Spool) -> Finding:
    waiting = f"{spool.waiting_bytes / (1 << 20):.1f} MiB"
    return Finding(
        Level.BROKEN if spool.is_full else Level.DEGRADED,
        Words(
            f"{trouble.message.zh.rstrip('。')}；本机缓存待补传 {spool.waiting} 批（{waiting}）。",
            f"{trouble.message.en} {spool.waiting} batches ({waiting}) wait on this host.",
        ),
        trouble.hint,
    )


def stripped(number: int) -> Finding:
    return Finding(
        Level.DEGRADED,
        Words(
            f"有 {number} 条日志因索引映射冲突，只保存了原文，检索较慢。",
            f"{number} events were kept without their fields: the mapping of their index is not ours. Searches read "
            "them.",
        ),
        Words(
            "请检查是否有其他索引模板覆盖了 shouwang 的模板；明日的索引会用正确的映射。",
            "Does another index template stand above ours? The next day's index has the right mapping then.",
        ),
    )


def taken_over(owner: str) -> Finding:
    return Finding(
        Level.BROKEN,
        Words(f"集群已由另一个数据目录（{owner}）接管。", f"The cluster was taken over by another home ({owner})."),
        Words("请停止此守护进程，或改为 `shouwang collect`。", "Stop this daemon, or run `shouwang collect` here."),
    )
