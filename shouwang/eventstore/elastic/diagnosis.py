"""What the cluster's answers mean: each finding says what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from shouwang.eventstore.elastic.watermarks import Disk, Watermarks
from shouwang.model import Finding, Level
from shouwang.words import Words

OLDEST: Final = (8, 19)
NEWEST_MAJOR: Final = 9
SKEW_S: Final = 5.0
SOON_S: Final = 30 * 86_400.0
NEARLY: Final = 0.9
_NAMED: Final = 5
"""Of many, that a finding names."""


def versions(by_node: Mapping[str, str]) -> list[Finding]:
    """Node -> its version."""
    found = []
    numbers = {node: tuple(int(part) for part in version.split("-")[0].split(".")) for node, version in by_node.items()}
    old = sorted(node for node, number in numbers.items() if number[:2] < OLDEST)
    if old:
        found.append(
            Finding(
                Level.BROKEN,
                Words(
                    f"Elasticsearch 版本过旧：{_listed(old, by_node)}。",
                    f"Elasticsearch is too old: {_listed(old, by_node)}.",
                ),
                Words("请升级到 8.19 或 9.x。", "Upgrade it to 8.19 or 9.x."),
            )
        )
    new = sorted(node for node, number in numbers.items() if number[0] > NEWEST_MAJOR)
    if new:
        found.append(
            Finding(
                Level.DEGRADED,
                Words(
                    f"本版本未在该版 Elasticsearch 上试过：{_listed(new, by_node)}。",
                    f"This release was never tried with this Elasticsearch: {_listed(new, by_node)}.",
                ),
                Words("请升级守望，或使用 8.19 至 9.x。", "Upgrade Shouwang, or use 8.19 to 9.x."),
            )
        )
    if len(set(by_node.values())) > 1:
        found.append(
            Finding(
                Level.DEGRADED,
                Words(
                    f"集群各节点版本不一：{_listed(sorted(by_node), by_node)}。",
                    f"The cluster's nodes have different versions: {_listed(sorted(by_node), by_node)}.",
                ),
                Words("请完成滚动升级。", "Finish the rolling upgrade."),
            )
        )
    return found


def _listed(nodes: Sequence[str], by_node: Mapping[str, str]) -> str:
    return _some([f"{node} {by_node[node]}" for node in nodes])


def licence(kind: str, status: str, expires_ms: int | None, now_s: float) -> list[Finding]:
    """The basic one never ends, and is all that is needed."""
    advice = Words(
        "请续期，或改用永不过期的基础许可：POST _license/start_basic?acknowledge=true。",
        "Renew it, or go to the basic one, which never ends and is enough: POST _license/start_basic?acknowledge=true.",
    )
    if status != "active":
        return [
            Finding(
                Level.BROKEN,
                Words(
                    f"Elasticsearch 许可（{kind}）已失效：{status}。",
                    f"The licence of Elasticsearch ({kind}) is {status}.",
                ),
                advice,
            )
        ]
    if expires_ms is None or expires_ms / 1000 - now_s > SOON_S:
        return []
    day = datetime.fromtimestamp(expires_ms / 1000, UTC).date().isoformat()
    return [
        Finding(
            Level.DEGRADED,
            Words(
                f"Elasticsearch 许可（{kind}）将于 {day} 到期。",
                f"The licence of Elasticsearch ({kind}) ends on {day}.",
            ),
            advice,
        )
    ]


def copies(status: str, unassigned: int) -> list[Finding]:
    """A shard that is being made at this moment is not missing."""
    if not unassigned:
        return []
    explain = Words(
        "请启动停掉的节点；GET _cluster/allocation/explain 会说明原因。",
        "Start the nodes that are down; GET _cluster/allocation/explain says why.",
    )
    if status == "red":
        return [
            Finding(
                Level.BROKEN,
                Words(
                    f"Elasticsearch 集群状态为 red：{unassigned} 个分片不可用，查询缺少其中日志。",
                    f"The cluster is red: {unassigned} shards are not there, and searches lack what they hold.",
                ),
                explain,
            )
        ]
    if status == "yellow":
        return [
            Finding(
                Level.DEGRADED,
                Words(
                    f"Elasticsearch 集群状态为 yellow：{unassigned} 个分片副本缺失，再坏一个节点就会缺数据。",
                    f"The cluster is yellow: {unassigned} copies are missing, and one more node lost would lose data.",
                ),
                explain,
            )
        ]
    return []


def shard_limit(shards: int, room: int, nodes: int) -> list[Finding]:
    """``room``: shards that the whole cluster may have."""
    if shards < room * NEARLY:
        return []
    level = Level.BROKEN if shards >= room else Level.DEGRADED
    return [
        Finding(
            level,
            Words(
                f"集群已有 {shards} 个分片，上限 {room}：达到后无法为新的一天建索引。",
                f"The cluster has {shards} of {room} shards; at the limit no new day can begin.",
            ),
            Words(
                f"请删除不用的索引、增加节点（现有 {nodes} 个数据节点），"
                "或调高 cluster.max_shards_per_node。日志先存入本机缓存。",
                f"Delete indices nobody needs, add to the {nodes} data nodes, or raise cluster.max_shards_per_node. "
                "Logs wait on this host meanwhile.",
            ),
        )
    ]


_STAGES: Final[Mapping[str, tuple[Level, Words]]] = {
    "low": (Level.DEGRADED, Words("不再接收新分片", "it gets no more shards")),
    "high": (Level.DEGRADED, Words("正在迁出分片", "its shards are moved away")),
    "flood_stage": (Level.BROKEN, Words("其上索引禁止写入", "its indices take nothing")),
}


def disks(found: Sequence[Disk], marks: Watermarks) -> list[Finding]:
    told = []
    for disk in found:
        stage = marks.stage(disk)
        if not stage:
            continue
        level, what = _STAGES[stage]
        least = marks.least_bytes(stage, disk.total_bytes) - disk.free_bytes
        told.append(
            Finding(
                level,
                Words(
                    f"节点 {disk.node} 磁盘剩余 {_gb(disk.free_bytes)}（水位线 {stage}）：{what.zh}。",
                    f"Node {disk.node} has {_gb(disk.free_bytes)} of disk left, past the {stage} watermark: {what.en}.",
                ),
                Words(
                    f"请腾出至少 {_gb(least)}，或扩容、增加节点；写入会自动恢复。",
                    f"Free at least {_gb(least)}, or add disk or a node; writing goes on by itself.",
                ),
            )
        )
    return told


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def clocks(ahead_s: Mapping[str, float], took_s: float) -> list[Finding]:
    """``ahead_s``: node -> how far its clock is ahead of ours, known to ``took_s``, which asking took."""
    return [
        Finding(
            Level.DEGRADED,
            Words(
                f"节点 {node} 的时钟与本机相差 {abs(ahead):.0f} 秒。",
                f"The clock of node {node} is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this host's.",
            ),
            Words("请在各主机上启用同一 NTP 时间源。", "Let all hosts follow the same NTP servers."),
        )
        for node, ahead in sorted(ahead_s.items())
        if abs(ahead) > SKEW_S + took_s
    ]


def blocked(indices: Sequence[str]) -> list[Finding]:
    if not indices:
        return []
    return [
        Finding(
            Level.BROKEN,
            Words(
                f"Elasticsearch 禁止写入 {_some(indices)}，多因节点磁盘将满。",
                f"Elasticsearch takes nothing into {_some(indices)}; mostly a node's disk is nearly full.",
            ),
            Words(
                "请为节点腾出磁盘空间，写入会自动恢复；日志先存入本机缓存。",
                "Make room on the node's disk: it goes on by itself. Logs wait on this host meanwhile.",
            ),
        )
    ]


def drift(template: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> list[Finding]:
    """``found``: field -> type that the next day's index would have, by all templates of the cluster together."""
    wrong = _differing(wanted, found)
    if not wrong:
        return []
    return [
        Finding(
            Level.DEGRADED,
            Words(
                f"索引模板 {template} 被改动：{_some(wrong)}。新一天的索引将不完整。",
                f"The index template {template} was changed: {_some(wrong)}. The next day's index will lack that.",
            ),
            Words(
                f"删除与 {template}-* 重叠、优先级更高的模板，再重启守望，它会重新写入。",
                f"Delete templates of higher priority that match {template}-*, and restart Shouwang: it puts its own.",
            ),
        )
    ]


def index_drift(index: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> list[Finding]:
    wrong = _differing(wanted, found)
    if not wrong:
        return []
    return [
        Finding(
            Level.DEGRADED,
            Words(
                f"索引 {index} 的字段与模板不符：{_some(wrong)}。按这些字段查询会变慢。",
                f"The index {index} has not the template's fields: {_some(wrong)}. Searches by them are slow.",
            ),
            Words(
                "原件完好；次日的索引会恢复正常。",
                "The originals are whole, and the next day's index will be right again.",
            ),
        )
    ]


def _differing(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    return sorted(name for name, kind in wanted.items() if found.get(name) != kind)


def forbidden(reasons: Sequence[str]) -> list[Finding]:
    if not reasons:
        return []
    return [
        Finding(
            Level.DEGRADED,
            Words(
                f"角色权限不足，无法体检集群的 {len(reasons)} 项。",
                f"The role may not look at {len(reasons)} sides of the cluster.",
            ),
            Words("`shouwang store role` 会给出所需角色。", "`shouwang store role` prints the role that is needed."),
        )
    ]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" (+{more})" if more > 0 else "")
