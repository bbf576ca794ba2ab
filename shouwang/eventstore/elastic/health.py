"""What a person should know about the cluster, and what to do: asked of it, judged by ``diagnosis``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final, cast

from elasticsearch import ApiError, Elasticsearch

from shouwang.errors import StoreError
from shouwang.eventstore.base import StoreAway
from shouwang.eventstore.elastic import diagnosis
from shouwang.eventstore.elastic.connection import telling
from shouwang.eventstore.elastic.place import Place
from shouwang.eventstore.elastic.template import Names
from shouwang.eventstore.elastic.watermarks import Disk, Watermarks
from shouwang.model import Finding, Level, Value

Json = dict[str, Value]

FRESH_S: Final = 15.0
_BLOCKS: Final = ("index.blocks.read_only_allow_delete", "index.blocks.write", "index.blocks.read_only")
_SHARDS: Final = "cluster.max_shards_per_node"
_WATCHED: Final = "cluster.routing.allocation.disk.threshold_enabled"
_UNKNOWN_HERE: Final = frozenset({400, 404, 405, 500})
"""How servers refuse what they do not have."""


class ClusterHealth:
    """Any thread may call. About a dozen small requests, made anew when the last are ``FRESH_S`` old."""

    def __init__(self, client: Elasticsearch, where: Place, names: Names, mappings: Mapping[str, Json]) -> None:
        """``mappings``: kind -> what its indices must have."""
        self._client = client
        self._where = where
        self._names = names
        self._mappings = mappings
        self._last: tuple[float, list[Finding]] | None = None

    def findings(self, now_us: int) -> list[Finding]:
        """Of a cluster that cannot be asked: none; who writes to it says that it is away."""
        last = self._last
        if last is None or time.monotonic() - last[0] > FRESH_S:
            self._last = last = time.monotonic(), self._look(now_us)
        return last[1]

    def _look(self, now_us: int) -> list[Finding]:
        found: list[Finding] = []
        forbidden: list[str] = []
        asked: tuple[Callable[[], list[Finding]], ...] = (
            self._versions,
            lambda: self._licence(now_us / 1e6),
            self._shards,
            lambda: self._nodes(now_us),
            self._blocked,
            self._templates,
        )
        for ask in asked:
            try:
                with telling(self._where):
                    found += self._allowed(ask, forbidden)
            except StoreAway:
                return found
            except StoreError as error:
                found.append(Finding(Level.BROKEN, error.message, error.hint))
        return [*found, *diagnosis.forbidden(forbidden)]

    def _allowed(self, ask: Callable[[], list[Finding]], forbidden: list[str]) -> list[Finding]:
        try:
            return ask()
        except ApiError as error:
            if error.status_code != 403:
                raise
            forbidden.append(str(error.body))
            return []

    def _versions(self) -> list[Finding]:
        asked = ["nodes.*.version", "nodes.*.name"]
        nodes = self._client.nodes.info(metric="process", filter_path=asked).body["nodes"]
        return diagnosis.versions({str(node["name"]): str(node["version"]) for node in nodes.values()})

    def _licence(self, now_s: float) -> list[Finding]:
        try:
            held = self._client.license.get().body["license"]
        except ApiError as error:
            if error.status_code in _UNKNOWN_HERE:
                return []  # a server without the module
            raise
        return diagnosis.licence(str(held["type"]), str(held["status"]), held.get("expiry_date_in_millis"), now_s)

    def _shards(self) -> list[Finding]:
        health = self._client.cluster.health().body
        defaults, changed = self._settings()
        limit = changed.get(_SHARDS) or defaults.get(_SHARDS, "1000")
        open_now = health["active_shards"] + health["unassigned_shards"] + health["initializing_shards"]
        room = int(limit) * health["number_of_data_nodes"]
        return [
            *diagnosis.copies(health["status"], health["unassigned_shards"]),
            *diagnosis.shard_limit(open_now, room, health["number_of_data_nodes"]),
        ]

    def _nodes(self, now_us: int) -> list[Finding]:
        began = time.monotonic()
        asked = ["nodes.*.timestamp", "nodes.*.name", "nodes.*.fs.total"]
        nodes = self._client.nodes.stats(metric="fs", filter_path=asked).body["nodes"].values()
        took_s = time.monotonic() - began
        ahead_s = {str(node["name"]): node["timestamp"] / 1000 - now_us / 1e6 for node in nodes}
        disks = [
            Disk(node["name"], node["fs"]["total"]["total_in_bytes"], node["fs"]["total"]["available_in_bytes"])
            for node in nodes
            if node.get("fs", {}).get("total")
        ]
        defaults, changed = self._settings()
        watched = {**defaults, **changed}.get(_WATCHED, "true") == "true"
        full = diagnosis.disks(disks, Watermarks.of(defaults, changed)) if watched else []
        return [*full, *diagnosis.clocks(ahead_s, took_s)]

    def _settings(self) -> tuple[dict[str, str], dict[str, str]]:
        """The cluster's: those that hold where nothing was changed, and those that were."""
        answer = self._client.cluster.get_settings(
            include_defaults=True, flat_settings=True, filter_path=["*.cluster*"]
        ).body
        return answer.get("defaults", {}), {**answer.get("persistent", {}), **answer.get("transient", {})}

    def _blocked(self) -> list[Finding]:
        """Our indices that take nothing because a disk is full, or somebody said so."""
        found = self._client.indices.get_settings(
            index=f"{self._names.prefix}-*", name=list(_BLOCKS), flat_settings=True, ignore_unavailable=True
        ).body
        return diagnosis.blocked(sorted(name for name, each in found.items() if "true" in each["settings"].values()))

    def _templates(self) -> list[Finding]:
        """What a day's next index would have, and what the newest has, beside what it must have."""
        if not self._client.indices.exists(index=self._names.control):
            return []  # nothing was written yet
        found: list[Finding] = []
        for kind, mappings in self._mappings.items():
            wanted = types_of(mappings)
            next_index = f"{self._names.alias(kind)}-9999.12.31"
            effective = self._client.indices.simulate_index_template(name=next_index).body.get("template", {})
            found += diagnosis.drift(self._names.alias(kind), wanted, types_of(effective.get("mappings") or {}))
            newest = self._newest(kind)
            if newest:
                held = self._client.indices.get_mapping(index=newest).body[newest]["mappings"]
                found += diagnosis.index_drift(newest, wanted, types_of(held))
        return found

    def _newest(self, kind: str) -> str:
        found = self._client.indices.get_settings(
            index=f"{self._names.alias(kind)}-*", name="index.creation_date", ignore_unavailable=True
        ).body
        days = [(day, name) for name in found if (day := self._names.day_of(name)) is not None]
        return max(days)[1] if days else ""


def types_of(mappings: Json) -> dict[str, str]:
    """Dotted name -> type of every field."""
    found: dict[str, str] = {}

    def walk(properties: Json, head: str) -> None:
        for name, each in properties.items():
            field = cast(Json, each)
            if "type" in field:
                found[head + name] = str(field["type"])
            walk(cast(Json, field.get("properties") or {}), f"{head}{name}.")

    walk(cast(Json, mappings.get("properties") or {}), "")
    return found
