"""Names and mappings: what the server is told of our documents, made from the field dictionary. Pure.

``dynamic`` is false everywhere: no event can change a mapping or be refused for a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, cast

from shouwang.eventstore.elastic.fields import LONGEST_TEXT
from shouwang.eventstore.elastic.terms import FIELD
from shouwang.model import Value

Json = dict[str, Value]

SCHEMA: Final = 1
"""Of documents and mappings. A field that becomes prose, or is prose no more, needs another (see ``terms``)."""
PRIORITY: Final = 350
_KEYWORD: Final[Json] = {"type": "keyword", "ignore_above": LONGEST_TEXT}
_SHOWN: Final[Json] = {"type": "keyword", "index": False, "doc_values": False}
_SORTED: Final[Json] = {"type": "keyword", "index": False}
_DATE: Final[Json] = {"type": "date", "format": "strict_date_optional_time", "ignore_malformed": True}
TYPES: Final[Mapping[str, Json]] = {
    "keyword": _KEYWORD,
    "wildcard": _KEYWORD,
    "text": {"type": "text", "norms": False},
    "long": {"type": "long"},
    "float": {"type": "double"},
    "ip": {"type": "ip"},
    "boolean": {"type": "boolean"},
}
"""Type in ``fields.toml`` -> the server's. Not ``wildcard``, which needs a module that a plain server may lack."""
COUNTED: Final = frozenset({"keyword", "wildcard", "long", "ip"})
"""Types whose values the server counts exactly as ``Tally`` does, where an event is not odd there."""

_OURS: Final[Json] = {
    "time_us": {"type": "long"},
    "received_us": {"type": "long"},
    "seq": {"type": "long"},
    "writer": {"type": "keyword"},
    "batch": _SORTED,
    "source": _KEYWORD,
    "parser": {"type": "keyword"},
    "version": {"type": "integer", "index": False},
    "asset": {"type": "keyword"},
    "context": _SHOWN,
    "raw": {"type": "binary"},
    "terms": {"type": "keyword", "doc_values": False, "norms": False},
    "odd": {"type": "keyword", "doc_values": False},
    "loose": {"type": "boolean"},
    "other": {"type": "flattened", "ignore_above": LONGEST_TEXT},
}
_OF_MATCHES: Final[Json] = {
    **{name: _OURS[name] for name in ("time_us", "received_us", "seq", "writer", "batch", "source")},
    "event": {"type": "keyword"},
    "severity": {"type": "keyword"},
    "fields": _SHOWN,
    "tags": _SHOWN,
}
_CONTROL: Final[Json] = {
    "kind": {"type": "keyword"},
    "key": {"type": "keyword"},
    "writer": {"type": "keyword"},
    "home": {"type": "keyword"},
    "day": {"type": "keyword"},
}


@dataclass(frozen=True, slots=True)
class Names:
    """Of everything that is ours in the cluster; ``prefix`` keeps two installations apart."""

    prefix: str

    @property
    def events(self) -> str:
        """Alias of all days' events."""
        return f"{self.prefix}-events"

    @property
    def matches(self) -> str:
        return f"{self.prefix}-matches"

    @property
    def control(self) -> str:
        """Index of the owner, the writers and the ledger."""
        return f"{self.prefix}-control"

    def alias(self, kind: str) -> str:
        return self.events if kind == "events" else self.matches

    def index(self, kind: str, day: str) -> str:
        """``day`` as 2026-11-24, of receipt."""
        return f"{self.alias(kind)}-{day.replace('-', '.')}"

    def day_of(self, index: str) -> date | None:
        """``None`` for a name that is none of ours."""
        found = re.fullmatch(rf"{re.escape(self.prefix)}-(?:events|matches)-(\d{{4}})\.(\d\d)\.(\d\d)", index)
        try:
            return date(*map(int, found.groups())) if found else None
        except ValueError:  # somebody's month 13
            return None


def event_mappings(kinds: Mapping[str, str]) -> Json:
    properties: Json = {
        "@timestamp": _DATE,
        "event.ingested": _DATE,
        "event.id": _SORTED,
        "event.dataset": {"type": "keyword"},
        "event.original": _SHOWN,
    }
    for name, kind in kinds.items():
        if kind in TYPES and name not in properties:
            properties[name] = TYPES[kind]
    properties["shouwang"] = {"properties": _OURS}
    return {**_mappings(properties, "events"), "_source": {"excludes": [FIELD]}}


def match_mappings() -> Json:
    properties: Json = {
        "@timestamp": _DATE,
        "event.ingested": _DATE,
        "rule.id": {"type": "keyword"},
        "rule.name": _KEYWORD,
        "shouwang": {"properties": _OF_MATCHES},
    }
    return _mappings(properties, "matches")


def control_mappings() -> Json:
    return _mappings(_CONTROL, "control")


def _mappings(properties: Json, kind: str) -> Json:
    return {
        "dynamic": False,
        "date_detection": False,
        "_meta": {"shouwang": {"schema": SCHEMA, "kind": kind}},
        "properties": nested(properties.items()),
    }


def nested(properties: Iterable[tuple[str, Value]]) -> Json:
    """Dotted names as objects within objects."""
    found: Json = {}
    for name, mapping in properties:
        *folders, last = name.split(".")
        here = found
        for folder in folders:
            holder = cast(Json, here.setdefault(folder, {"properties": {}}))
            here = cast(Json, holder.setdefault("properties", {}))
        here[last] = mapping
    return found


def settings(*, logsdb: bool, lifecycle: str = "") -> Json:
    """One shard: a day of logs of one site is small. Copies as many as the cluster can hold, one at most."""
    found: Json = {"number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": "5s"}
    if logsdb:
        found.update({"mode": "logsdb", "mapping.source.mode": "stored"})
    else:
        found["codec"] = "best_compression"
    if lifecycle:
        found["lifecycle.name"] = lifecycle
    return found


def index_template(names: Names, kind: str, mappings: Json, index: Json) -> Json:
    return {
        "index_patterns": [f"{names.alias(kind)}-*"],
        "priority": PRIORITY,
        "template": {"settings": {"index": index}, "mappings": mappings, "aliases": {names.alias(kind): {}}},
        "_meta": {"shouwang": {"schema": SCHEMA}},
    }
