"""What each collector last said of itself, and what a person should know of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from shouwang.model import Finding, Level
from shouwang.words import Words

SAID_EVERY_S: Final = 15.0
SILENT_US: Final = 90_000_000
"""Since a collector last said something: then it is away."""
CLOCK_US: Final = 60_000_000
"""As far may its clock be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """One collector, when it last reached the cluster."""

    id: str
    """Of its home."""
    host: str
    version: str
    rules: str
    """The same for rules that mean the same."""
    rules_loaded: int
    rules_refused: int
    started_us: int
    seen_us: int
    """By its own clock."""
    ended: bool
    """It was stopped in good order."""
    waiting: int
    """Batches on its host that are not in the cluster yet."""
    waiting_bytes: int
    full: bool
    """No more find room there: its sources wait."""
    received: int
    """Records since its start."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Reason -> records since its start."""
    faults: Mapping[str, int] = field(default_factory=dict)
    """Rule -> events since its start on which it failed."""
    troubles: tuple[Finding, ...] = ()
    """What it found wrong on its host."""


def findings(collectors: Iterable[Attendance], now_us: int, *, version: str, rules: str) -> Iterator[Finding]:
    """``version``, ``rules``: of the one that correlates."""
    for each in collectors:
        yield from _presence(each, now_us)
        if each.version != version:
            yield _degraded(
                each,
                Words(f"版本为 {each.version}，此处为 {version}", f"is version {each.version}; here it is {version}"),
                Words("请安装同一版本。", "Install one version."),
            )
        if each.rules != rules:
            yield _degraded(
                each,
                Words("加载的规则与此处不同", "has other rules than this daemon"),
                Words(
                    "请同步 rules/ 与 [rules] 设置，然后重启采集端。",
                    "Give it the same rules/ and [rules], and restart it.",
                ),
            )
        if each.faults:
            names = ", ".join(f"{name} {number}" for name, number in sorted(each.faults.items())[:5])
            yield _degraded(
                each,
                Words(f"有规则执行出错（次数）：{names}", f"has rules that failed on events: {names}"),
                Words("请修正规则；其日志有原因。", "Mend the rules; its log says why."),
            )
        for trouble in each.troubles:
            what = Words(f"采集端 {each.host}：{trouble.what.zh}", f"Collector {each.host}: {trouble.what.en}")
            yield Finding(trouble.level, what, trouble.hint)


def _presence(each: Attendance, now_us: int) -> Iterator[Finding]:
    silent_us = now_us - each.seen_us
    if each.ended:
        yield _degraded(
            each,
            Words("已停止，其来源无人采集", "was stopped: nothing is read there"),
            Words(
                "`shouwang collect` 可启动；不再使用则见 docs/how-to/elasticsearch.md。",
                "`shouwang collect` starts it; one that is gone for good: docs/how-to/elasticsearch.md.",
            ),
        )
    elif silent_us > SILENT_US:
        minutes = silent_us // 60_000_000
        yield Finding(
            Level.BROKEN,
            Words(
                f"采集端 {each.host} 已 {minutes} 分钟没有消息。", f"Collector {each.host}: no word for {minutes} min."
            ),
            Words(
                "请检查该主机、网络和它的日志；其日志在本机缓存，恢复后补传。",
                "Look at that host, the network, its log; what it reads waits there, and comes when it is back.",
            ),
        )
    elif silent_us < -CLOCK_US:
        yield _degraded(
            each,
            Words(f"时钟快 {-silent_us // 1_000_000} 秒", f"has a clock that is {-silent_us // 1_000_000} s ahead"),
            Words("请校时（NTP）。", "Set it by NTP."),
        )
    if each.full:
        yield Finding(
            Level.BROKEN,
            Words(
                f"采集端 {each.host} 的本机缓存已满，来源在等待。",
                f"Collector {each.host}: its spool is full; sources wait.",
            ),
            Words("请恢复集群，或加大其 store.spool_mb。", "Mend the cluster, or raise its store.spool_mb."),
        )


def _degraded(each: Attendance, what: Words, hint: Words) -> Finding:
    return Finding(Level.DEGRADED, Words(f"采集端 {each.host} {what.zh}。", f"Collector {each.host} {what.en}."), hint)
