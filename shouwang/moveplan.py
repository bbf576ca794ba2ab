"""What a move to another event store would be, and whether it can be: asked before anything is changed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from typing import Final

from shouwang.errors import StoreError, UsageError
from shouwang.eventstore.elastic.place import place
from shouwang.moves import Aim, Move
from shouwang.statestore.store import StateStore
from shouwang.storewiring import HOME, aim_of, target_of
from shouwang.wiring import Services
from shouwang.words import Words

CLUSTER_TIMES: Final = 2.0
"""Bytes that a cluster needs for one of a record, with a copy: an estimate, for the refusal of what cannot fit."""
HOME_TIMES: Final = 0.5
"""Bytes that segments and journal need for one of a record; the largest day is there once more while it is moved."""


@dataclass(frozen=True, slots=True)
class Plan:
    aim: Aim
    left: Aim
    days: int
    first: date | None
    last: date | None
    events: int
    bytes: int
    """Of the records."""
    needs_bytes: int
    free_bytes: int
    version: str
    """Of the cluster; empty: the home."""


def plan(services: Services, aim: Aim) -> Plan:
    """Raises ``UsageError``, ``StoreError`` where it cannot be."""
    left = aim_of(services.config)
    if services.drill:
        raise UsageError(Words("演练目录不迁移。", "A drill's home is not moved."))
    if aim.url == left.url:
        raise UsageError(
            Words(f"日志已在 {aim}。", f"The events are in {aim} already."),
            hint=Words("--to 指定另一处：集群地址或 embedded。", "--to names the other: a cluster's URL, or embedded."),
        )
    _refuse_collectors(services)
    rows = services.events.days()
    sizes: dict[date, int] = {}
    for row in rows:
        sizes[row.day] = sizes.get(row.day, 0) + row.bytes
    total, largest = sum(sizes.values()), max(sizes.values(), default=0)
    if aim.url:
        needs = int(total * CLUSTER_TIMES)
        version, free = _cluster(services, aim, needs)
    else:
        needs = int(total * HOME_TIMES) + 2 * largest
        version, free = "", _disk(services, needs)
    return Plan(
        aim=aim,
        left=left,
        days=len(sizes),
        first=min(sizes, default=None),
        last=max(sizes, default=None),
        events=sum(row.received for row in rows),
        bytes=total,
        needs_bytes=needs,
        free_bytes=free,
        version=version,
    )


def begun(services: Services, planned: Plan, by: str) -> Move:
    """To be kept. What arrives from now on comes by the tail."""
    position = services.events.end("events").token
    return Move(planned.aim, planned.left, by, services.clock.now_us(), position)


def _cluster(services: Services, aim: Aim, needs: int) -> tuple[str, int]:
    from shouwang.eventstore.elastic.fitness import fitness  # noqa: PLC0415  # a client that others do without

    where = place(aim.url, ca=aim.ca, credentials=aim.credentials, folder=services.home.path)
    home = _home_id(services.state)
    if not home:
        raise StoreError(Words("此数据目录尚无标识。", "This home has no id yet."))
    found = fitness(where, aim.prefix, home, needs)
    return found.version, found.free_bytes


def _disk(services: Services, needs: int) -> int:
    home = services.home
    if home.events.exists():
        target_of(home, services.config, services.clock, services.state, Aim()).close()
    free = shutil.disk_usage(home.path).free
    if free < needs:
        raise StoreError(
            Words(
                f"{home.path} 所在磁盘空间不足：可用 {free >> 20} MiB，约需 {needs >> 20} MiB。",
                f"The disk of {home.path} has not the room: {free >> 20} MiB free, about {needs >> 20} needed.",
            ),
            hint=Words("请先腾出空间。尚未改动任何内容。", "Make room first. Nothing was changed."),
        )
    return free


def _refuse_collectors(services: Services) -> None:
    alive = [each.host for each in services.collectors() if not each.ended]
    if alive:
        raise UsageError(
            Words(f"采集端仍在写入集群：{', '.join(alive)}。", f"Collectors still write there: {', '.join(alive)}."),
            hint=Words(
                "请先停止它们（shouwang collect），本机存储没有采集端。",
                "Stop them first (shouwang collect): a home's own store has none.",
            ),
        )


def _home_id(state: StateStore) -> str:
    return (state.memory.get(HOME) or b"").decode()
