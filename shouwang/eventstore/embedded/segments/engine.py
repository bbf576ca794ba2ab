"""DuckDB, as far as segments need it: it reads their folder, and nothing else of the machine.

No extension is loaded or fetched, no setting can be changed by a statement, memory and what it puts on the disk are
bounded. Values are bound to statements; file names come from the manifest and have one form.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

import duckdb

from shouwang.eventstore.embedded.rows import Cell
from shouwang.eventstore.embedded.segments.conditions import Bound
from shouwang.eventstore.embedded.segments.manifest import FOLDER, Segment
from shouwang.eventstore.embedded.segments.trouble import Kind, Trouble

MEMORY: Final = "512MB"
"""Of tables and buffers; more than that goes to the disk, where a sort or a grouping can."""
THREADS: Final = 2
SPILL: Final = "query-spill"
"""Folder beside the segments, for what does not fit in memory."""
_MOST_SPILL_BYTES: Final = 8 << 30
_AT_ONCE: Final = 256

_NAME = re.compile(FOLDER + r"/\d{4}-\d\d-\d\d/[a-z0-9-]+\.parquet")
_NAMED = re.compile(r"\$(v\w+)")
Tuple: TypeAlias = tuple[Cell, ...]


class Engine:
    """One thread's. ``home``: the folder of ``events.db``. Raises ``Trouble``."""

    def __init__(self, home: Path) -> None:
        self._home = home.resolve()
        spill = self._home / SPILL
        free = shutil.disk_usage(self._home).free
        self._db = duckdb.connect(
            ":memory:",
            config={
                "threads": THREADS,
                "memory_limit": MEMORY,
                "temp_directory": str(spill),
                "max_temp_directory_size": f"{min(_MOST_SPILL_BYTES, free // 4) >> 20}MB",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "preserve_insertion_order": False,
            },
        )
        self._db.execute(f"SET allowed_directories = [{_constant(f'{self._home / FOLDER}/')}]")
        self._db.execute("SET enable_external_access = false")
        self._db.execute("SET lock_configuration = true")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()

    def source(self, segments: Sequence[Segment]) -> str:
        """What stands behind FROM: their columns, and ``t``, the record as text where it is UTF-8."""
        names = ", ".join(_constant(self._path(segment.path)) for segment in segments)
        return f"(SELECT *, try(decode(raw)) AS t FROM read_parquet([{names}], union_by_name = true))"  # noqa: S608  # names of one form

    def rows(self, segments: Sequence[Segment], sql: str, values: Mapping[str, Bound]) -> Iterator[Tuple]:
        """One statement at a time: a new one ends the one before. ``values`` may have more than it names."""
        named = {name: values[name] for name in set(_NAMED.findall(sql))}
        with self._telling(segments):
            self._db.execute(sql, named)
            while found := self._db.fetchmany(_AT_ONCE):
                yield from found

    def all(self, segments: Sequence[Segment], sql: str, values: Mapping[str, Bound] | None = None) -> list[Tuple]:
        return list(self.rows(segments, sql, values or {}))

    def groups(self, segment: Segment) -> list[tuple[int, int, int]]:
        """Of each row group: rows, first and last time."""
        sql = (
            "SELECT row_group_num_rows, stats_min_value, stats_max_value FROM parquet_metadata("  # noqa: S608  # a name of one form
            f"{_constant(self._path(segment.path))}) WHERE path_in_schema = 'time_us' ORDER BY row_group_id"
        )
        return [(int(str(rows)), int(str(low)), int(str(high))) for rows, low, high in self.all([segment], sql)]

    def _path(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise Trouble(Kind.DAMAGED, name, "no name of a segment")
        return str(self._home / name)

    @contextmanager
    def _telling(self, segments: Sequence[Segment]) -> Iterator[None]:
        try:
            yield
        except duckdb.OutOfMemoryException as error:
            raise Trouble(Kind.MEMORY, "", _said(error)) from error
        except (duckdb.Error, MemoryError) as error:
            raise self._located(segments, error) from error

    def _located(self, segments: Sequence[Segment], error: BaseException) -> Trouble:
        """Which file it is, where it is one."""
        for segment in segments:
            path = Path(self._path(segment.path))
            try:
                if path.stat().st_size != segment.size_bytes:
                    return Trouble(Kind.DAMAGED, segment.path, f"{path.stat().st_size} of {segment.size_bytes} bytes")
            except FileNotFoundError:
                return Trouble(Kind.GONE, segment.path, "no such file")
            except OSError as wrong:
                return Trouble(Kind.DAMAGED, segment.path, str(wrong))
        for segment in segments:
            try:
                source = f"read_parquet({_constant(self._path(segment.path))})"
                self._db.execute(f"SELECT max(hash(COLUMNS(*))) FROM {source}")  # noqa: S608  # a name of one form
                self._db.fetchall()
            except duckdb.Error as wrong:
                return Trouble(Kind.DAMAGED, segment.path, _said(wrong))
        return Trouble(Kind.FAILED, "", _said(error))


def _said(error: BaseException) -> str:
    """Its first line: DuckDB adds the statement, which may be long."""
    return (str(error).splitlines() or [type(error).__name__])[0][:300]


def _constant(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
