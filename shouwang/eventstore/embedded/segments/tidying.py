"""Files that nothing names: drafts and orphans of what was killed, and graves whose time has come."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from shouwang import faults
from shouwang.eventstore.embedded.database import Database
from shouwang.eventstore.embedded.segments import manifest

ASIDE: Final = "aside"
"""Folder in ``segments`` for files that are not ours to delete: torn, foreign, or of a store that knew more."""
_NAME: Final = re.compile(r"(?:day-)?(\d{1,19})-(\d{1,19})\.parquet")
_DRAFT: Final = re.compile(r".*\.\d+\.tmp")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def files(database: Path) -> list[str]:
    """Paths, as in the manifest, of all segments that lie there."""
    return [path for path in _found(database) if path.endswith(".parquet")]


def missing(database: Database) -> list[str]:
    """Paths that the manifest names and that are not there."""
    with database.reading() as db:
        named = [each.path for each in manifest.segments(db)]
    there = set(files(database.path))
    return [path for path in named if path not in there]


def tidy(database: Database) -> tuple[list[str], list[str]]:
    """Removes drafts, and segments that nothing names and whose rows are elsewhere; sets others aside. Gives both.

    The rows of an orphan are in the journal or in the manifest (or were, and their day is gone) when the journal has
    given its numbers. Else it was made by a store that knew more than this one, as after restoring an older backup.
    """
    with database.reading() as db:
        named = {each.path for each in manifest.segments(db)} | set(manifest.graves(db))
        newest = manifest.last_seq(db)
    gone, aside = [], []
    for path in _found(database.path):
        if path in named:
            continue
        name = path.rpartition("/")[2]
        found = _NAME.fullmatch(name)
        if _DRAFT.fullmatch(name) or (found is not None and int(found[2]) <= newest):
            manifest.place(database.path, path).unlink(missing_ok=True)
            gone.append(path)
        elif name.endswith(".parquet"):
            set_aside(database.path, path)
            aside.append(path)
    return gone, aside


def set_aside(database: Path, path: str) -> Path:
    """Where it lies now. One of the same name that lies there stays."""
    folder = manifest.place(database, manifest.FOLDER) / ASIDE
    folder.mkdir(mode=0o700, exist_ok=True)
    _, day, name = path.split("/")
    to = folder / f"{day}_{name}"
    number = 1
    while to.exists():
        number += 1
        to = folder / f"{day}_{number}_{name}"
    manifest.place(database, path).rename(to)
    return to


def aside(database: Path) -> int:
    """How many files lie there."""
    try:
        return len(list((manifest.place(database, manifest.FOLDER) / ASIDE).iterdir()))
    except OSError:  # none was ever made
        return 0


def sweep(database: Database, now_us: int) -> list[str]:
    """Unlinks the files whose grace is over. Also where the clock went back."""
    with database.reading() as db:
        due = [path for path, since_us in manifest.graves(db).items() if abs(now_us - since_us) >= manifest.GRACE_US]
    for path in due:
        file = manifest.place(database.path, path)
        file.unlink(missing_ok=True)
        faults.reach("grave.unlinked")
        if file.parent.is_dir() and not any(file.parent.iterdir()):
            file.parent.rmdir()
    if due:
        with database.writing() as db:
            for path in due:
                manifest.forget(db, path)
    return due


def _found(database: Path) -> list[str]:
    folder = manifest.place(database, manifest.FOLDER)
    if not folder.is_dir():
        return []
    days = sorted(each for each in folder.iterdir() if _DAY.fullmatch(each.name) and each.is_dir())
    return [
        f"{manifest.FOLDER}/{day.name}/{each.name}" for day in days for each in sorted(day.iterdir()) if each.is_file()
    ]
