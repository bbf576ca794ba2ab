"""The table of the audit trail; ``shouwang.audit`` is the chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import apsw

from shouwang.audit import Broken, Entry, Head, entry, verify
from shouwang.model import Value
from shouwang.statestore.rows import Cell, number, one, text

COLUMNS = "seq, at_us, actor, role, act, target, detail, prev_hash, hash"


class Audit:
    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection

    def append(self, *, at_us: int, actor: str, role: str, act: str, target: str, detail: Mapping[str, Value]) -> Entry:
        made = entry(self.head(), at_us=at_us, actor=actor, role=role, act=act, target=target, detail=detail)
        self._db.execute(
            f"INSERT INTO audit ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?)",  # noqa: S608  # constants
            (
                made.seq,
                made.at_us,
                made.actor,
                made.role,
                made.act,
                made.target,
                made.detail,
                made.prev_hash,
                made.hash,
            ),
        )
        self._db.execute(
            "INSERT INTO audit_head (one, seq, hash) VALUES (1,?,?)"
            " ON CONFLICT (one) DO UPDATE SET seq=excluded.seq, hash=excluded.hash",
            (made.seq, made.hash),
        )
        return made

    def head(self) -> Head:
        for seq, digest in self._db.execute("SELECT seq, hash FROM audit_head"):
            return Head(number(seq), text(digest))
        return Head()

    def list(self, *, target: str | None = None, limit: int = 200, offset: int = 0) -> tuple[int, list[Entry]]:
        """How many there are, and one page of them; newest first."""
        where = " WHERE target = ?" if target is not None else ""
        values: tuple[Cell, ...] = (target,) if target is not None else ()
        total = number(one(self._db, f"SELECT count(*) FROM audit{where}", values))  # noqa: S608  # constants
        sql = f"SELECT {COLUMNS} FROM audit{where} ORDER BY seq DESC LIMIT ? OFFSET ?"  # noqa: S608  # constants
        return total, list(self._entries(sql, (*values, limit, offset)))

    def verify(self) -> tuple[int, Broken | None]:
        """How many entries there are, and the first place where the chain is broken."""
        total = number(one(self._db, "SELECT count(*) FROM audit"))
        return total, verify(self._entries(f"SELECT {COLUMNS} FROM audit ORDER BY seq", ()), self.head())  # noqa: S608  # constants

    def _entries(self, sql: str, values: tuple[Cell, ...]) -> Iterator[Entry]:
        for seq, at_us, actor, role, act, target, detail, prev, digest in self._db.execute(sql, values):
            yield Entry(
                number(seq),
                number(at_us),
                text(actor),
                text(role),
                text(act),
                text(target),
                text(detail),
                text(prev),
                text(digest),
            )
