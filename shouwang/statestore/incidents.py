"""The table of incidents."""

from __future__ import annotations

import apsw

from shouwang.model import Incident, IncidentState
from shouwang.statestore.codec import incident_from, incident_text
from shouwang.statestore.rows import Cell, number, one, text, texts


class Incidents:
    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection

    def get(self, incident_id: str) -> Incident | None:
        return self._one("SELECT body FROM incidents WHERE id = ?", (incident_id,))

    def open_with_key(self, key: str) -> Incident | None:
        """The newest incident with this key that is not closed."""
        return self._one(
            "SELECT body FROM incidents WHERE key = ? AND state <> ?"
            " ORDER BY found_at_us DESC, length(id) DESC, id DESC LIMIT 1",
            (key, IncidentState.CLOSED.value),
        )

    def put(self, incident: Incident) -> None:
        """Add it, or take the place of the one with this id."""
        self._db.execute(
            "INSERT INTO incidents (id, key, state, found_at_us, body) VALUES (?,?,?,?,?)"
            " ON CONFLICT (id) DO UPDATE SET key=excluded.key, state=excluded.state,"
            " found_at_us=excluded.found_at_us, body=excluded.body",
            (incident.id, incident.key, incident.state.value, incident.found_at_us, incident_text(incident)),
        )

    def list(
        self, *, state: IncidentState | None = None, limit: int = 200, offset: int = 0
    ) -> tuple[int, list[Incident]]:
        """How many there are, and one page of them; found last comes first."""
        where = " WHERE state = ?" if state is not None else ""
        values: tuple[Cell, ...] = (state.value,) if state is not None else ()
        total = number(one(self._db, f"SELECT count(*) FROM incidents{where}", values))  # noqa: S608  # constants
        found = texts(
            self._db,
            f"SELECT body FROM incidents{where} ORDER BY found_at_us DESC, length(id) DESC, id DESC LIMIT ? OFFSET ?",  # noqa: S608  # constants
            (*values, limit, offset),
        )
        return total, [incident_from(body) for body in found]

    def by_state(self) -> dict[IncidentState, int]:
        """Every state, also with none."""
        found = dict.fromkeys(IncidentState, 0)
        for state, count in self._db.execute("SELECT state, count(*) FROM incidents GROUP BY state"):
            found[IncidentState(state)] = number(count)
        return found

    def _one(self, sql: str, values: tuple[Cell, ...]) -> Incident | None:
        body = one(self._db, sql, values)
        return incident_from(text(body)) if body is not None else None
