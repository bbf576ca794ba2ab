"""What must stand in the cluster before anything is written: templates, the control index, a day's indices."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final, cast

import orjson
from elasticsearch import ApiError, Elasticsearch

from shouwang.errors import StoreError
from shouwang.eventstore.elastic.connection import telling, type_of
from shouwang.eventstore.elastic.place import Place
from shouwang.eventstore.elastic.template import (
    SCHEMA,
    Names,
    control_mappings,
    event_mappings,
    index_template,
    match_mappings,
    settings,
)
from shouwang.model import Value
from shouwang.words import Words

Json = dict[str, Value]

_THERE: Final = "resource_already_exists_exception"
_LIFECYCLE: Final[Json] = {
    "phases": {
        "hot": {"actions": {"set_priority": {"priority": 100}}},
        "warm": {"min_age": "2d", "actions": {"forcemerge": {"max_num_segments": 1}, "set_priority": {"priority": 50}}},
    }
}
"""Days are merged when they are over. None is deleted by it: that is ours, with its floor, its holds and its record."""


class Setup:
    """Any thread may call. Raises ``StoreError``, ``StoreAway``."""

    def __init__(
        self, client: Elasticsearch, where: Place, names: Names, kinds: Mapping[str, str], *, collects: bool = False
    ) -> None:
        """``collects``: what stands there is another's, and is looked at only."""
        self._client = client
        self._where = where
        self._names = names
        self._kinds = kinds
        self._collects = collects
        self._lock = threading.Lock()
        self._ready = False
        self._known: set[str] = set()
        self.has_lifecycles = False
        """Whether the server has ILM, which merges the days that are over."""
        self.has_logsdb = False

    def ready(self) -> bool:
        """Whether it had to look."""
        with self._lock:
            if self._ready:
                return False
            if self._collects:
                self._templates_of_the_owner()
            else:
                self._create(self._names.control, {"mappings": control_mappings(), "settings": {"index": _SMALL}})
                self.has_lifecycles = self._lifecycle()
                self._templates()
            self._ready = True
            return True

    def create(self, indices: Iterable[str]) -> None:
        """Days that are new. The server's limit of shards says no here, not on a document."""
        for index in sorted(set(indices)):
            with self._lock:
                if index not in self._known:
                    self._create(index, {})
                    self._known.add(index)

    def forget(self, indices: Iterable[str]) -> None:
        """They may be gone."""
        with self._lock:
            self._known.difference_update(indices)

    def again(self) -> None:
        """Look at everything anew: who knows what happened to the cluster meanwhile."""
        with self._lock:
            self._ready = False
            self._known.clear()

    def _create(self, index: str, body: Json) -> None:
        with telling(self._where):
            try:
                self._client.perform_request("PUT", f"/{index}", headers=_JSON, body=body)
            except ApiError as error:
                if type_of(error) != _THERE:
                    raise

    def _lifecycle(self) -> bool:
        with telling(self._where):
            try:
                name = f"/_ilm/policy/{self._names.prefix}"
                self._client.perform_request("PUT", name, headers=_JSON, body={"policy": _LIFECYCLE})
            except ApiError as error:
                if error.status_code in (400, 403, 404, 405):
                    return False
                raise
        return True

    def _templates(self) -> None:
        self.has_logsdb = self._put("events", logsdb=True)
        if not self.has_logsdb:
            self._put("events", logsdb=False)
        self._put("matches", logsdb=False)

    def _put(self, kind: str, *, logsdb: bool) -> bool:
        """Whether the server takes it."""
        mappings = event_mappings(self._kinds) if kind == "events" else match_mappings()
        lifecycle = self._names.prefix if self.has_lifecycles else ""
        template = index_template(self._names, kind, mappings, settings(logsdb=logsdb, lifecycle=lifecycle))
        meta = cast(Json, template["_meta"])
        meta["fingerprint"] = blake2b(orjson.dumps(template), digest_size=8).hexdigest()
        path = f"/_index_template/{self._names.alias(kind)}"
        with telling(self._where):
            if self._stands(path, meta):
                return True
            try:
                self._client.perform_request("PUT", path, headers=_JSON, body=template)
            except ApiError as error:
                if logsdb and error.status_code == 400:
                    return False
                raise
        return True

    def _stands(self, path: str, meta: Json) -> bool:
        """Whether exactly this was put before."""
        return self._held(path) == [meta]

    def _held(self, path: str) -> list[Json]:
        """What the templates of this name say of themselves."""
        try:
            found = self._client.perform_request("GET", path, headers=_JSON).body
        except ApiError as error:
            if error.status_code == 404:
                return []
            raise
        return [each["index_template"].get("_meta") or {} for each in found["index_templates"]]

    def _templates_of_the_owner(self) -> None:
        """Documents of another schema would be found by half. Fields that one side lacks are no harm."""
        for kind in ("events", "matches"):
            with telling(self._where):
                held = self._held(f"/_index_template/{self._names.alias(kind)}")
            schemas = [cast(Json, each.get("shouwang") or {}).get("schema") for each in held]
            if schemas != [SCHEMA]:
                raise _of_another_version(self._where, self._names.alias(kind), schemas[0] if schemas else None)


def _of_another_version(where: Place, template: str, schema: Value) -> StoreError:
    found = Words("没有", "missing") if schema is None else Words(f"结构 {schema}", f"of schema {schema}")
    return StoreError(
        Words(
            f"Elasticsearch（{where}）上的索引模板 {template}：{found.zh}；本版本写入结构 {SCHEMA}。",
            f"The template {template} on Elasticsearch at {where} is {found.en}; this version writes schema {SCHEMA}.",
        ),
        hint=Words(
            "请让采集端与值守守护进程使用同一版本；值守守护进程启动时写入模板。日志先存在本机，不丢失。",
            "Collectors and the daemon that owns the cluster must be of one version; that daemon puts the templates "
            "when it starts. Logs wait on this host.",
        ),
    )


_JSON: Final = {"accept": "application/json", "content-type": "application/json"}
_SMALL: Final[Json] = {"number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": "1s"}
