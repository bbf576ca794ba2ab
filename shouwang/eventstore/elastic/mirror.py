"""Alerts and incidents as documents, for Kibana. The truth is elsewhere: nothing of it is read back.

A record is replaced by its newer state only: its version is the number of the change, and the server refuses an older.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Final, NamedTuple, cast

import orjson
from elasticsearch import ApiError, Elasticsearch

from shouwang.eventstore.elastic.bulk import OF_THE_DOCUMENT, THERE
from shouwang.eventstore.elastic.connection import meaning, telling, type_of
from shouwang.eventstore.elastic.fields import LONGEST_TEXT
from shouwang.eventstore.elastic.place import Place
from shouwang.eventstore.elastic.template import PRIORITY, Names, nested
from shouwang.model import Alert, Incident, Value
from shouwang.timespan import rfc3339
from shouwang.visible import well_formed

Json = dict[str, Value]

SCHEMA: Final = 1
KINDS: Final = ("alerts", "incidents")
ENTITIES: Final = (
    *("host.name", "user.name", "source.ip", "destination.ip", "url.domain", "process.name", "file.path"),
)
"""Stand under their own names too, as in events."""
_KEYWORD: Final[Json] = {"type": "keyword", "ignore_above": LONGEST_TEXT}
_DATE: Final[Json] = {"type": "date", "format": "strict_date_optional_time"}
_IP: Final[Json] = {"type": "ip", "ignore_malformed": True}
_NUMBER: Final[Json] = {"type": "long"}
_FLAG: Final[Json] = {"type": "boolean"}
_OF_BOTH: Final[Json] = {
    "@timestamp": _DATE,
    "event.kind": _KEYWORD,
    "event.start": _DATE,
    "event.end": _DATE,
    **{f"shouwang.{name}": _KEYWORD for name in ("id", "home", "state", "asset", "title.zh", "title.en")},
    "shouwang.drill": _FLAG,
}
_OF_ALERTS: Final[Json] = {
    **_OF_BOTH,
    "event.severity": _NUMBER,
    "rule.id": _KEYWORD,
    "rule.name": _KEYWORD,
    **{name: _IP if name.endswith(".ip") else _KEYWORD for name in ENTITIES},
    **{f"shouwang.{name}": _KEYWORD for name in ("severity", "incident", "tags", "events", "held_by", "maintenance")},
    "shouwang.count": _NUMBER,
    "shouwang.at_least": _FLAG,
    "shouwang.entities": {"type": "flattened", "ignore_above": LONGEST_TEXT},
}
_OF_INCIDENTS: Final[Json] = {
    **_OF_BOTH,
    **{f"shouwang.{name}": _KEYWORD for name in ("grade", "confirmed.grade", "confirmed.by", "owner", "disposition")},
    **{f"shouwang.{name}": _KEYWORD for name in ("alerts", "maintenance")},
    "shouwang.closed": _DATE,
    "shouwang.imported": _FLAG,
}
_MAPPINGS: Final = {"alerts": _OF_ALERTS, "incidents": _OF_INCIDENTS}


class Refused(NamedTuple):
    id: str
    reason: str


class Mirror:
    """One thread's. ``allowed`` raises where the cluster is another home's by now. Raises ``StoreError``."""

    def __init__(self, client: Elasticsearch, where: Place, names: Names, allowed: Callable[[], None]) -> None:
        self._client = client
        self._where = where
        self._indices = {kind: f"{names.prefix}-{kind}" for kind in KINDS}
        self._allowed = allowed

    def ready(self) -> str:
        """Make what is missing. What it is that stands there: another answer means that it is empty, or a stranger."""
        self._allowed()
        with telling(self._where):
            for kind, index in self._indices.items():
                self._client.perform_request(
                    "PUT", f"/_index_template/{index}", headers=_JSON, body=_template(index, kind)
                )
                try:
                    self._client.perform_request("PUT", f"/{index}", headers=_JSON, body={})
                except ApiError as error:
                    if type_of(error) != "resource_already_exists_exception":
                        raise
            held = self._client.indices.get_settings(
                index=[*self._indices.values()], name="index.uuid", flat_settings=True
            ).body
        return "+".join(str(held[index]["settings"]["index.uuid"]) for index in self._indices.values())

    def put(self, home: str, changes: Sequence[tuple[int, Alert | Incident]]) -> list[Refused]:
        """In order. Those that the server can never take."""
        self._allowed()
        lines: list[bytes] = []
        for version, record in changes:
            kind, document = (
                ("alerts", of_alert(record)) if isinstance(record, Alert) else ("incidents", of_incident(record))
            )
            action = {"_index": self._indices[kind], "_id": f"{home}-{record.id}", "version": version}
            cast(Json, document["shouwang"])["home"] = home
            lines += (orjson.dumps({"index": {**action, "version_type": "external"}}), orjson.dumps(document))
        with telling(self._where):
            answer = self._client.bulk(operations=cast("list[Json]", lines), filter_path=_ANSWER).body
        refused: list[Refused] = []
        for (_, record), item in zip(changes, answer["items"], strict=True):
            error = item["index"].get("error")
            if error is None or error["type"] == THERE:  # the same, or a newer state, is there
                continue
            reason = f"{error['type']}: {' '.join(str(error['reason']).split())[:300]}"
            if error["type"] not in OF_THE_DOCUMENT:
                raise meaning(self._where, item["index"]["status"], reason)
            refused.append(Refused(record.id, reason))
        return refused


def of_alert(alert: Alert) -> Json:
    entities: Json = {name: [well_formed(each) for each in values] for name, values in alert.entities.items()}
    return {
        "@timestamp": rfc3339(alert.last_us, UTC),
        "event": {
            "kind": "alert",
            "start": rfc3339(alert.first_us, UTC),
            "end": rfc3339(alert.last_us, UTC),
            "severity": int(alert.severity),
        },
        "rule": {"id": well_formed(alert.rule_id), "name": well_formed(alert.title.zh)},
        **{name: entities[name] for name in ENTITIES if name in entities},
        "shouwang": {
            "id": alert.id,
            "title": {"zh": well_formed(alert.title.zh), "en": well_formed(alert.title.en)},
            "severity": alert.severity.name.lower(),
            "state": alert.state.value,
            "incident": alert.incident_id,
            "asset": well_formed(alert.asset_id),
            "count": alert.count,
            "at_least": alert.at_least,
            "tags": [well_formed(each) for each in alert.tags],
            "events": [each.hex() for each in alert.event_ids],
            "held_by": alert.suppression.id if alert.suppression else "",
            "maintenance": alert.maintenance,
            "entities": entities,
            "drill": alert.drill,
        },
    }


def of_incident(incident: Incident) -> Json:
    confirmed = incident.confirmation
    return {
        "@timestamp": rfc3339(incident.found_at_us, UTC),
        "event": {
            "kind": "state",
            "start": rfc3339(incident.first_us or incident.found_at_us, UTC),
            "end": rfc3339(incident.last_us or incident.found_at_us, UTC),
        },
        "shouwang": {
            "id": incident.id,
            "title": {"zh": well_formed(incident.title.zh), "en": well_formed(incident.title.en)},
            "state": incident.state.value,
            "grade": incident.grading.grade.name,
            "confirmed": {"grade": confirmed.grade.name, "by": well_formed(confirmed.by)} if confirmed else None,
            "owner": well_formed(incident.owner),
            "disposition": incident.disposition.value if incident.disposition else "",
            "closed": rfc3339(incident.closed_at_us, UTC) if incident.closed_at_us else None,
            "alerts": list(incident.alert_ids),
            "asset": [well_formed(each) for each in incident.asset_ids],
            "maintenance": list(incident.maintenance),
            "imported": incident.imported,
            "drill": incident.drill,
        },
    }


def _template(index: str, kind: str) -> Json:
    return {
        "index_patterns": [index],
        "priority": PRIORITY,
        "template": {
            "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": "1s"}},
            "mappings": {
                "dynamic": False,
                "date_detection": False,
                "_meta": {"shouwang": {"schema": SCHEMA, "kind": kind}},
                "properties": nested(_MAPPINGS[kind].items()),
            },
        },
        "_meta": {"shouwang": {"schema": SCHEMA}},
    }


_JSON: Final = {"accept": "application/json", "content-type": "application/json"}
_ANSWER: Final = ["items.index.status", "items.index.error.type", "items.index.error.reason"]
