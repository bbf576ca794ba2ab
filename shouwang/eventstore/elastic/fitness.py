"""Whether a cluster can take a home's events: asked before anything is written there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from elasticsearch import ApiError

from shouwang.errors import StoreError
from shouwang.eventstore.elastic import diagnosis
from shouwang.eventstore.elastic.connection import connect, telling
from shouwang.eventstore.elastic.place import Place
from shouwang.eventstore.elastic.registry import Registry, of_another
from shouwang.eventstore.elastic.template import Names
from shouwang.eventstore.elastic.watermarks import Disk, Watermarks
from shouwang.model import Level, Value
from shouwang.words import Words

_WATCHED: Final = "cluster.routing.allocation.disk.threshold_enabled"


@dataclass(frozen=True, slots=True)
class Fitness:
    version: str
    owner: str
    """The home that it belongs to; empty: nobody's yet."""
    free_bytes: int
    """Until its nodes take no new shards."""


def fitness(where: Place, prefix: str, home: str, needs_bytes: int) -> Fitness:
    """Raises ``StoreError`` where it is another home's, too old, or has not the room; ``StoreAway``."""
    with connect(where) as client:
        owner = Registry(client, where, Names(prefix)).owner()
        if owner is not None and owner.home != home:
            raise of_another(where, owner.home, owner.host)
        with telling(where):
            nodes: dict[str, dict[str, Value]] = client.nodes.info(
                metric="process", filter_path=["nodes.*.version", "nodes.*.name"]
            ).body["nodes"]
            stats = client.nodes.stats(metric="fs", filter_path=["nodes.*.name", "nodes.*.fs.total"]).body["nodes"]
            try:
                held = client.cluster.get_settings(include_defaults=True, flat_settings=True).body
            except ApiError as error:
                if error.status_code != 403:
                    raise
                held = {}
        by_node = {str(node["name"]): str(node["version"]) for node in nodes.values()}
        for finding in diagnosis.versions(by_node):
            if finding.level is Level.BROKEN:
                raise StoreError(finding.what, hint=finding.hint)
        defaults, changed = held.get("defaults", {}), {**held.get("persistent", {}), **held.get("transient", {})}
        marks = Watermarks.of(defaults, changed)
        watched = {**defaults, **changed}.get(_WATCHED, "true") == "true"
        disks = [
            Disk(str(node["name"]), node["fs"]["total"]["total_in_bytes"], node["fs"]["total"]["available_in_bytes"])
            for node in stats.values()
            if node.get("fs", {}).get("total")
        ]
        free = sum(room_of(disk, marks if watched else None) for disk in disks)
    if free < needs_bytes:
        raise no_room(free, needs_bytes)
    return Fitness(min(by_node.values(), default=""), owner.home if owner else "", free)


def room_of(disk: Disk, marks: Watermarks | None) -> int:
    """Of one node, until it is past the low watermark; ``None``: nobody watches."""
    return max(disk.free_bytes - (marks.least_bytes("low", disk.total_bytes) if marks else 0), 0)


def no_room(free: int, needs_bytes: int) -> StoreError:
    return StoreError(
        Words(
            f"新存储空间不足：到低水位线为止可用 {free >> 20} MiB，约需 {needs_bytes >> 20} MiB。",
            f"The new store has not the room: {free >> 20} MiB free, about {needs_bytes >> 20} needed.",
        ),
        hint=Words("请加节点或磁盘，再迁移。尚未改动任何内容。", "Add nodes or disks, then move. Nothing was changed."),
    )
