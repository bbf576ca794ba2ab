"""The manifest of an archive of stored events: which files there are, their SHA-256, and what they hold. Pure.

An archive is a folder with one file a receipt day and ``manifest.json``. A file is named by its day, so no name of an
archive leads out of its folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from shouwang.errors import UsageError
from shouwang.model import Value
from shouwang.words import Words

SUFFIX: Final[Mapping[str, str]] = {"jsonl": ".jsonl.zst", "parquet": ".parquet"}
MANIFEST: Final = "manifest.json"
SCHEMA: Final = 1
MOST_MANIFEST_BYTES: Final = 64 << 20
MOST_FILES: Final = 40_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive."""

    day: date
    form: str
    sha256: str
    size: int
    events: int
    bytes: int
    """Of the records."""
    sources: Mapping[str, Mapping[str, Value]]
    """Source -> events, bytes, digest."""
    ledger: Mapping[str, Mapping[str, Value]]
    """Source -> received, stored, dropped (by reason): the day's ledger where it came from."""

    @property
    def name(self) -> str:
        return f"{self.day.isoformat()}{SUFFIX[self.form]}"

    def plain(self) -> dict[str, Value]:
        return {
            "file": self.name,
            "day": self.day.isoformat(),
            "format": self.form,
            "sha256": self.sha256,
            "size": self.size,
            "events": self.events,
            "bytes": self.bytes,
            "sources": {name: dict(each) for name, each in self.sources.items()},
            "ledger": {name: dict(each) for name, each in self.ledger.items()},
        }


def manifest_of(entries: Iterable[Entry], about: Mapping[str, Value]) -> bytes:
    said: dict[str, Value] = {
        "schema": SCHEMA,
        "made_by": "shouwang",
        **about,
        "files": [entry.plain() for entry in entries],
    }
    return json.dumps(said, indent=1, ensure_ascii=False).encode("utf-8") + b"\n"


def entries_of(data: bytes, name: str) -> tuple[list[Entry], str]:
    """And the zone whose days they are. Raises ``UsageError`` for what is no manifest, or a newer one."""
    try:
        found = json.loads(data)
        schema, zone, files = found["schema"], found["timezone"], found["files"]
        if not isinstance(zone, str) or not isinstance(files, list) or len(files) > MOST_FILES:
            raise TypeError("timezone, files")
        if schema == SCHEMA:
            entries = [_entry(each) for each in files]
            if len({entry.name for entry in entries}) != len(entries):
                raise ValueError("a file is named twice")
            return entries, zone
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
        raise UsageError(
            Words(f"{name} 不是守望的归档清单：{wrong!r:.200}", f"{name} is no manifest of Shouwang: {wrong!r:.200}"),
            hint=Words("归档由 `shouwang store export` 生成。", "`shouwang store export` makes archives."),
        ) from None
    raise UsageError(
        Words(
            f"{name} 的结构版本为 {schema!r:.20}，本版本支持 {SCHEMA}。",
            f"{name} has schema {schema!r:.20}; this version knows {SCHEMA}.",
        ),
        hint=Words("请用生成它的版本或更新的版本导入。", "Import it with the version that made it, or a newer one."),
    )


def entry_of(found: Mapping[str, object]) -> Entry:
    """Of what ``Entry.plain`` gave. Raises ``UsageError``."""
    try:
        return _entry(found)
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise UsageError(
            Words(f"归档清单中的条目不对：{wrong!r:.200}", f"That is no file of an archive's manifest: {wrong!r:.200}")
        ) from None


def _entry(found: Mapping[str, object]) -> Entry:
    day, form, sources, ledger = found["day"], found["format"], found["sources"], found["ledger"]
    if not isinstance(day, str) or form not in SUFFIX or not isinstance(sources, dict) or not isinstance(ledger, dict):
        raise TypeError("day, format, sources, ledger")
    entry = Entry(
        day=date.fromisoformat(day),
        form=str(form),
        sha256=_hash(found["sha256"]),
        size=_count(found["size"]),
        events=_count(found["events"]),
        bytes=_count(found["bytes"]),
        sources={str(name): _sum(each) for name, each in sources.items()},
        ledger={str(name): _booked(each) for name, each in ledger.items()},
    )
    if found["file"] != entry.name:
        raise ValueError(f"the file of {day} must be called {entry.name}, not {found['file']!r:.100}")
    return entry


def _sum(found: Mapping[str, object]) -> dict[str, Value]:
    return {
        "events": _count(found["events"]),
        "bytes": _count(found["bytes"]),
        "digest": _hash(found["digest"]),
    }


def _booked(found: Mapping[str, object]) -> dict[str, Value]:
    dropped = found["dropped"]
    if not isinstance(dropped, dict):
        raise TypeError("dropped")
    return {
        "received": _count(found["received"]),
        "stored": _count(found["stored"]),
        "dropped": {str(reason): _count(number) for reason, number in dropped.items()},
    }


def _hash(value: object) -> str:
    if not isinstance(value, str) or len(bytes.fromhex(value)) != 32:
        raise TypeError("sha256, digest")
    return value.lower()


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise TypeError(f"{value!r:.40} is no count")
    return value
