"""A new ``events.db`` takes up the segments of a lost one. Before anybody else uses the store."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import apsw

from shouwang import faults
from shouwang.eventstore.embedded.database import Database
from shouwang.eventstore.embedded.ledger import LATEST
from shouwang.eventstore.embedded.rows import MATCH_COLUMNS, Cell
from shouwang.eventstore.embedded.segments import footer as footers
from shouwang.eventstore.embedded.segments import manifest, tidying
from shouwang.eventstore.embedded.segments.jobs import Jobs
from shouwang.eventstore.embedded.segments.product import product
from shouwang.eventstore.embedded.segments.recovery import Plan, Surveyed, plan
from shouwang.model import Value
from shouwang.words import Words

log = logging.getLogger(__name__)

Json = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Recovered:
    events: int
    days: int
    to_seq: int
    resumes: bool
    """Whether the sources go on from where they were; else they begin as on the first start."""
    aside: Mapping[str, Words] = field(default_factory=dict)
    """Files that were moved to ``segments/aside``, and why."""
    incomplete: tuple[str, ...] = ()
    """Days of which something is missing."""

    def told(self) -> dict[str, Value]:
        """For the audit trail."""
        return {
            "events": self.events,
            "days": self.days,
            "resumes": self.resumes,
            "aside": [*sorted(self.aside)],
            "incomplete": [*self.incomplete],
        }


def recover(database: Database, jobs: Jobs, home: str) -> Recovered | None:
    """``None`` where nothing is to be taken up: no segments, or the database has had events.

    In one transaction, in which the database also becomes the home's. Raises ``StoreError`` for a segment of a newer
    version; nothing has changed then.
    """
    with database.reading() as db:
        if manifest.last_seq(db) or manifest.sealed_to(db):
            return None
    paths = tidying.files(database.path)
    if not paths:
        return None
    found, torn = _survey(database, jobs, paths)
    planned = plan(found, home, torn)
    faults.reach("recover.planned")
    for path, why in planned.aside.items():
        to = tidying.set_aside(database.path, path)
        log.warning("%s was set aside as %s: %s", path, to, why)
    with database.writing() as db:
        _insert(db, planned)
        _matches(db, database, jobs, planned)
        db.execute("INSERT OR REPLACE INTO meta VALUES ('home', ?)", (home,))
        faults.reach("recover.inserted")
    rows = sum(each.footer.rows for each in planned.kept)
    log.warning("the event store was made again from %d segments, %d events", len(planned.kept), rows)
    for day in planned.incomplete:
        log.warning("events of %s are missing", day)
    days = len({each.footer.day for each in planned.kept})
    return Recovered(rows, days, planned.to_seq, planned.state is not None, planned.aside, tuple(planned.incomplete))


def _survey(database: Database, jobs: Jobs, paths: list[str]) -> tuple[list[Surveyed], dict[str, Words]]:
    found: list[Surveyed] = []
    torn: dict[str, Words] = {}

    def told(said: Json) -> None:
        path = str(said["path"])
        if "wrong" in said:
            zh, en = cast("list[str]", said["wrong"])
            torn[path] = Words(zh, en)
            return
        footer = footers.loads(str(said["footer"]).encode("ascii"), path)
        found.append(Surveyed(path, footer, cast(int, said["size_bytes"]), str(said["sha256"])))

    jobs.run("store.survey", {"events": str(database.path), "paths": list(paths), "matches": False}, told)
    return found, torn


def _insert(db: apsw.Connection, planned: Plan) -> None:
    latest: dict[str, int] = {}
    for each in planned.kept:
        made = product(each.path, each.footer, each.size_bytes, each.sha256)
        manifest.insert(db, made.segment, made.sums)
        for name, one in made.sums.items():
            latest[name] = max(latest.get(name, 0), one.latest_us)
    for path in planned.superseded:
        db.execute("INSERT OR REPLACE INTO grave VALUES (?, 0)", (path,))
    manifest.advance(db, planned.to_seq, resumable=planned.state is not None)
    db.executemany("INSERT INTO meta VALUES (?, ?)", [(LATEST + name, at_us) for name, at_us in latest.items()])
    state = planned.state
    db.executemany("INSERT INTO cursor VALUES (?, ?)", list(state.cursors.items()) if state else [])
    for row in planned.ledger:
        db.execute(
            "INSERT INTO ledger (day, source, received, stored, bytes, digest) VALUES (?, ?, ?, ?, ?, ?)",
            (row.day, row.source, row.received, row.stored, row.bytes, bytes.fromhex(row.digest)),
        )
        for reason, number in row.drops.items():
            db.execute("INSERT INTO ledger_drop VALUES (?, ?, ?, ?)", (row.day, row.source, reason, number))
    db.execute("INSERT INTO sqlite_sequence VALUES ('event', ?)", (planned.to_seq,))


def _matches(db: apsw.Connection, database: Database, jobs: Jobs, planned: Plan) -> None:
    """With the numbers that they had."""

    def told(said: Json) -> None:
        for id, cell in cast("list[list[str]]", said["matches"]):
            for seq, rule, title, severity, time_us, received_us, source, fields, tags in json.loads(cell):
                row: tuple[Cell, ...] = (seq, bytes.fromhex(id), rule, title, severity, time_us, received_us, source)
                db.execute(
                    f"INSERT OR IGNORE INTO match (seq, {MATCH_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # our own words and columns; values are bound
                    (*row, fields.encode(), tags.encode()),
                )

    paths = [each.path for each in planned.kept if each.footer.matched]
    if paths:
        jobs.run("store.survey", {"events": str(database.path), "paths": list(paths), "matches": True}, told)
    newest = max(manifest.last_seq(db, "match"), planned.state.match_seq if planned.state else 0)
    db.execute("DELETE FROM sqlite_sequence WHERE name = 'match'")
    db.execute("INSERT INTO sqlite_sequence VALUES ('match', ?)", (newest,))
