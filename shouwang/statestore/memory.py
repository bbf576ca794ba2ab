"""What a flow must remember over a restart (correlation state, position in the matches), by name."""

from __future__ import annotations

import apsw

from shouwang.statestore.rows import one


class Memory:
    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection

    def get(self, name: str) -> bytes | None:
        value = one(self._db, "SELECT value FROM memory WHERE name = ?", (name,))
        if value is not None and not isinstance(value, bytes):
            raise TypeError(f"{name} is no blob")
        return value

    def put(self, name: str, value: bytes) -> None:
        sql = "INSERT INTO memory (name, value) VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value=excluded.value"
        self._db.execute(sql, (name, value))
