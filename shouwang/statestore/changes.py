"""Which alerts and incidents changed, in order: for who keeps a copy of them elsewhere. Triggers write it."""

from __future__ import annotations

from typing import NamedTuple

import apsw

from shouwang.model import Alert, Incident
from shouwang.statestore.codec import alert_from, incident_from
from shouwang.statestore.rows import number, one, text


class Change(NamedTuple):
    """How a record stands since its last change."""

    number: int
    """Rises with every change of any record, and is not under the time (UTC microseconds) of the change."""
    record: Alert | Incident


class Changes:
    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection

    def after(self, passed: int, limit: int) -> list[Change]:
        """In order, each record once: with its last change."""
        rows = self._db.execute(
            "SELECT changes.number, changes.kind, coalesce(alerts.body, incidents.body) FROM changes"
            " LEFT JOIN alerts ON changes.kind = 'alert' AND alerts.id = changes.id"
            " LEFT JOIN incidents ON changes.kind = 'incident' AND incidents.id = changes.id"
            " WHERE changes.number > ? ORDER BY changes.number LIMIT ?",
            (passed, limit),
        )
        return [
            Change(number(at), alert_from(text(body)) if kind == "alert" else incident_from(text(body)))
            for at, kind, body in rows
        ]

    def waiting(self, passed: int) -> int:
        """How many records have changed since."""
        return number(one(self._db, "SELECT count(*) FROM changes WHERE number > ?", (passed,)))
