"""The form of a segment file, schema 1: its columns, how they are encoded, and its footer. Needs Arrow: workers only.

Rows lie in the order of (time_us, id). Columns are read by name. A file gets its name when it is durable: what has it
is whole.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from shouwang import faults
from shouwang.errors import StoreError
from shouwang.eventstore.embedded.schema import PROMOTED, column_of
from shouwang.eventstore.embedded.segments import footer as footers
from shouwang.eventstore.embedded.segments.footer import Footer
from shouwang.words import Words

PROMOTED_COLUMNS: Final = tuple(map(column_of, PROMOTED))
"""Text each: see ``cells``."""

SCHEMA: Final = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("id", pa.binary(16), nullable=False),
        pa.field("time_us", pa.int64(), nullable=False),
        pa.field("received_us", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("parser", pa.string(), nullable=False),
        pa.field("dataset", pa.string(), nullable=False),
        pa.field("shape_version", pa.int32(), nullable=False),
        pa.field("asset_id", pa.string(), nullable=False),
        *(pa.field(name, pa.string()) for name in PROMOTED_COLUMNS),
        pa.field("context", pa.binary()),
        pa.field("raw", pa.binary(), nullable=False),
        pa.field("matches", pa.binary()),
    ]
)
"""``context`` is JSON. ``matches`` too, null where the event has none: a list of rows of the table ``match``, ``[seq,
rule_id, title, severity, time_us, received_us, source, fields, tags]``, the last two as JSON in text."""

ORDER: Final = [("time_us", "ascending"), ("id", "ascending")]
_NUMBERS: Final = ("seq", "time_us", "received_us")
_REPEATED: Final = ("source", "parser", "dataset", "shape_version", "asset_id", *PROMOTED_COLUMNS, "context")
_BLOOM: Final = ("id", "source_ip")
LEVELS: Final = {footers.HOURLY: 3, footers.DAILY: 9}
"""zstd."""
GROUP_ROWS: Final = 32_768
GROUP_BYTES: Final = 32 << 20
"""Of records in a row group, about: who reads holds a group in memory."""


class SegmentWriter:
    """Writes ``path`` by way of a file that ends in ``.tmp``; on leaving without ``finish`` nothing stays."""

    def __init__(self, path: Path, kind: str, group_rows: int = GROUP_ROWS) -> None:
        self.path = path
        self._draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        self._kind = kind
        self._group_rows = group_rows
        self._written = 0

    def __enter__(self) -> Self:
        _make_folder(self.path.parent)
        self._sink = pa.OSFile(str(self._draft), "wb")
        self._draft.chmod(0o600)
        bloom = {name: {"ndv": self._group_rows, "fpp": 0.01} for name in _BLOOM}
        self._writer = pq.ParquetWriter(
            self._sink,
            SCHEMA,
            version="2.6",
            compression="zstd",
            compression_level=LEVELS[self._kind],
            use_dictionary=list(_REPEATED),
            column_encoding=dict.fromkeys(_NUMBERS, "DELTA_BINARY_PACKED"),
            write_statistics=[name for name in SCHEMA.names if name not in {"context", "raw", "matches"}],
            write_page_checksum=True,
            sorting_columns=pq.SortingColumn.from_ordering(SCHEMA, ORDER),
            bloom_filter_options=bloom if self._kind == footers.DAILY else None,
        )
        return self

    def write(self, rows: pa.Table) -> None:
        """In order, after what was written before."""
        self._writer.write_table(rows, row_group_size=self._group_rows)
        faults.reach(f"{self._kind}.written")

    def finish(self, footer: Footer) -> tuple[int, str]:
        """Size in bytes and SHA-256 of the file, which is durable under its name when this returns."""
        self._writer.add_key_value_metadata({footers.KEY: footers.dumps(footer)})
        self._writer.close()
        self._sink.close()
        faults.reach(f"{self._kind}.closed")
        with self._draft.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = os.fstat(file.fileno()).st_size
            os.fsync(file.fileno())
        faults.reach(f"{self._kind}.synced")
        self._draft.replace(self.path)
        faults.reach(f"{self._kind}.renamed")
        sync_folder(self.path.parent)
        return size, digest

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._writer.close()
        self._sink.close()
        self._draft.unlink(missing_ok=True)


def group_rows(rows: int, record_bytes: int, most_bytes: int = GROUP_BYTES) -> int:
    """How many of such records are together about ``most_bytes``, and no more than a group has."""
    mean = max(record_bytes // max(rows, 1), 1)
    return max(min(GROUP_ROWS, most_bytes // mean), 1)


@contextmanager
def opened(path: Path, name: str = "") -> Iterator[tuple[pq.ParquetFile, Footer]]:
    """The file, and its footer read. Raises ``StoreError`` for one that is torn, foreign or newer."""
    name = name or str(path)
    try:
        with pq.ParquetFile(path, memory_map=False, page_checksum_verification=True) as file:
            yield file, footers.loads((file.metadata.metadata or {}).get(footers.KEY, b""), name)
    except (pa.ArrowException, OSError) as wrong:
        raise StoreError(
            Words(f"日志分段 {name} 无法读取（{wrong}）。", f"The segment {name} cannot be read ({wrong})."),
            hint=Words(
                "`shouwang store verify` 可指出损坏之处；请从备份恢复该文件。",
                "`shouwang store verify` shows where it is damaged; restore the file from the backup.",
            ),
        ) from wrong


def read_footer(path: Path, name: str = "") -> Footer:
    """Raises ``StoreError``."""
    with opened(path, name) as (_, footer):
        return footer


def batches(path: Path, columns: Sequence[str] | None = None, rows: int = 8192) -> Iterable[pa.RecordBatch]:
    """In the file's order. Raises ``StoreError``, also on the way."""
    with opened(path) as (file, _):
        yield from file.iter_batches(
            batch_size=rows, use_threads=False, columns=None if columns is None else list(columns)
        )


def _make_folder(folder: Path) -> None:
    """Durable, with the one above it."""
    for each in (folder.parent, folder):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)
            sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
