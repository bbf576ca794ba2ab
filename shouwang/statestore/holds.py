"""The table of silences and maintenance windows, also of those that are over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import apsw

from shouwang.model import Holder, Value
from shouwang.statestore.rows import number, text


@dataclass(frozen=True, slots=True)
class Hold:
    """One row; what it means is its domain's."""

    id: str
    kind: Holder
    from_us: int
    over_us: int
    """From then on it holds nothing more."""
    body: Mapping[str, Value]


class Holds:
    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection

    def put(self, hold: Hold) -> None:
        self._db.execute(
            "INSERT INTO holds (id, kind, from_us, over_us, body) VALUES (?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET"
            " from_us=excluded.from_us, over_us=excluded.over_us, body=excluded.body",
            (hold.id, hold.kind.value, hold.from_us, hold.over_us, json.dumps(hold.body, ensure_ascii=False)),
        )

    def get(self, hold_id: str) -> Hold | None:
        return next(iter(self._found("id = ?", hold_id)), None)

    def over_after(self, time_us: int) -> list[Hold]:
        """Those that hold something then or later, oldest first."""
        return self._found("over_us > ?", time_us)

    def _found(self, where: str, value: int | str) -> list[Hold]:
        sql = f"SELECT id, kind, from_us, over_us, body FROM holds WHERE {where} ORDER BY from_us, rowid"  # noqa: S608  # constants
        return [
            Hold(text(id_), Holder(text(kind)), number(from_us), number(over_us), json.loads(text(body)))
            for id_, kind, from_us, over_us, body in self._db.execute(sql, (value,))
        ]
