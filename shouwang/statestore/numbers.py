"""Counters for ids: ``A-17``, ``INC-20261124-0007``."""

from __future__ import annotations

import apsw

from shouwang.statestore.rows import number, one


class Numbers:
    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection

    def next(self, name: str) -> int:
        """1, 2, 3 ... per name; given back when the transaction fails."""
        sql = (
            "INSERT INTO numbers (name, value) VALUES (?, 1)"
            " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
        )
        return number(one(self._db, sql, (name,)))
