"""The table of alerts."""

from __future__ import annotations

import json
from collections.abc import Iterable

import apsw

from shouwang.model import Alert, AlertState, Severity
from shouwang.statestore.codec import alert_from, alert_text
from shouwang.statestore.rows import Cell, number, one, text, texts


class Alerts:
    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection

    def get(self, alert_id: str) -> Alert | None:
        return self._one("SELECT body FROM alerts WHERE id = ?", alert_id)

    def by_key(self, key: str) -> Alert | None:
        return self._one("SELECT body FROM alerts WHERE key = ?", key)

    def of_rules(self, rules: Iterable[str], since_us: int) -> list[Alert]:
        """All alerts of these rules that reach into the time since, whatever holds them."""
        sql = (
            "SELECT body FROM alerts WHERE last_us >= ? AND body ->> '$.rule_id' IN (SELECT value FROM json_each(?))"
            " ORDER BY last_us, id"
        )
        return [alert_from(body) for body in texts(self._db, sql, (since_us, json.dumps(sorted(rules))))]

    def put(self, alert: Alert) -> None:
        """Add it, or take the place of the one with this id."""
        self._db.execute(
            "INSERT INTO alerts (id, key, severity, state, incident_id, last_us, body, suppressed_by, count)"
            " VALUES (?,?,?,?,?,?,?,?,?)"
            " ON CONFLICT (id) DO UPDATE SET key=excluded.key, severity=excluded.severity, state=excluded.state,"
            " incident_id=excluded.incident_id, last_us=excluded.last_us, body=excluded.body,"
            " suppressed_by=excluded.suppressed_by, count=excluded.count",
            (
                alert.id,
                alert.key,
                int(alert.severity),
                alert.state.value,
                alert.incident_id,
                alert.last_us,
                alert_text(alert),
                alert.suppression.id if alert.suppression else "",
                alert.count,
            ),
        )

    def list(
        self,
        *,
        state: AlertState | None = None,
        severity: Severity | None = None,
        incident_id: str | None = None,
        since_us: int | None = None,
        held: bool | None = None,
        held_by: str | None = None,
        limit: int = 200,
        offset: int = 0,
    ) -> tuple[int, list[Alert]]:
        """How many there are, and one page of them; newest ``last_us`` first, of equals the greater number.

        ``severity`` is the least wanted.
        ``held``: only those that something holds back, or only the others. ``held_by``: by what of this id.
        """
        where, values = _where(state, severity, incident_id, since_us, held=held, held_by=held_by)
        total = number(one(self._db, f"SELECT count(*) FROM alerts{where}", values))  # noqa: S608  # constants
        found = texts(
            self._db,
            f"SELECT body FROM alerts{where} ORDER BY last_us DESC, length(id) DESC, id DESC LIMIT ? OFFSET ?",  # noqa: S608  # constants
            (*values, limit, offset),
        )
        return total, [alert_from(body) for body in found]

    def open_by_severity(self) -> dict[Severity, int]:
        """Every severity, also with none; without what is held back."""
        found = dict.fromkeys(sorted(Severity, reverse=True), 0)
        sql = "SELECT severity, count(*) FROM alerts WHERE state = ? AND suppressed_by = '' GROUP BY severity"
        for severity, count in self._db.execute(sql, (AlertState.OPEN.value,)):
            found[Severity(severity)] = number(count)
        return found

    def held_by(self) -> dict[str, tuple[int, int]]:
        """What holds alerts back -> how many alerts, of how many events."""
        sql = "SELECT suppressed_by, count(*), sum(count) FROM alerts WHERE suppressed_by > '' GROUP BY suppressed_by"
        return {text(name): (number(alerts), number(events)) for name, alerts, events in self._db.execute(sql)}

    def _one(self, sql: str, value: str) -> Alert | None:
        body = one(self._db, sql, (value,))
        return alert_from(text(body)) if body is not None else None


def _where(
    state: AlertState | None,
    severity: Severity | None,
    incident_id: str | None,
    since_us: int | None,
    *,
    held: bool | None,
    held_by: str | None,
) -> tuple[str, tuple[Cell, ...]]:
    asked: list[tuple[str, Cell]] = []
    if state is not None:
        asked.append(("state = ?", state.value))
    if severity is not None:
        asked.append(("severity >= ?", int(severity)))
    if incident_id is not None:
        asked.append(("incident_id = ?", incident_id))
    if since_us is not None:
        asked.append(("last_us >= ?", since_us))
    if held is not None:
        asked.append(("suppressed_by > ?" if held else "suppressed_by = ?", ""))
    if held_by is not None:
        asked.append(("suppressed_by = ?", held_by))
    clause = " WHERE " + " AND ".join(sql for sql, _ in asked) if asked else ""
    return clause, tuple(value for _, value in asked)
