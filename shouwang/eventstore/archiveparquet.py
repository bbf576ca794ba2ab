"""An archive's day as Parquet: the columns, written from and read back as stored events. Needs Arrow: workers only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from shouwang.eventstore.archived import MOST_RAW_BYTES, NotAnEvent, context_of, context_text
from shouwang.eventstore.base import Stored
from shouwang.visible import well_formed

SCHEMA: Final = pa.schema(
    [
        pa.field("id", pa.binary(16), nullable=False),
        pa.field("time_us", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("received_us", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("parser", pa.string(), nullable=False),
        pa.field("asset_id", pa.string(), nullable=False),
        pa.field("context", pa.string(), nullable=False),
        pa.field("raw", pa.binary(), nullable=False),
    ]
)
"""``context`` is JSON."""
_PLAIN: Final = pa.schema(
    [pa.field(each.name, pa.int64() if pa.types.is_timestamp(each.type) else each.type) for each in SCHEMA]
)
"""With times as numbers."""
GROUP_ROWS: Final = 16_384
GROUP_BYTES: Final = 64 << 20


class Sink(Protocol):
    def write(self, data: bytes, /) -> int: ...
    def flush(self) -> None: ...


class Writer:
    """Closes nothing but the Parquet file."""

    def __init__(self, sink: Sink) -> None:
        self._writer = pq.ParquetWriter(
            pa.PythonFile(sink, mode="w"), SCHEMA, compression="zstd", compression_level=6, write_page_checksum=True
        )
        self._held: list[Stored] = []
        self._bytes = 0

    def write(self, stored: Stored) -> None:
        self._held.append(stored)
        self._bytes += len(stored.raw)
        if len(self._held) >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if not self._held:
            return
        columns: list[Sequence[object]] = [
            [each.id for each in self._held],
            [each.time_us for each in self._held],
            [each.received_us for each in self._held],
            [each.source for each in self._held],
            [each.parser for each in self._held],
            [each.asset_id for each in self._held],
            [context_text(each.context) for each in self._held],
            [each.raw for each in self._held],
        ]
        arrays = [
            pa.array(values, pa.int64()).cast(field.type)
            if pa.types.is_timestamp(field.type)
            else pa.array(values, field.type)
            for values, field in zip(columns, SCHEMA, strict=True)
        ]
        self._writer.write_table(pa.table(arrays, schema=SCHEMA))
        self._held, self._bytes = [], 0


def rows(file: BinaryIO) -> Iterator[Stored]:
    """Raises ``NotAnEvent``, ``pa.ArrowException``, ``OSError``."""
    with pq.ParquetFile(file, page_checksum_verification=True) as opened:
        if opened.schema_arrow.remove_metadata() != SCHEMA:
            raise NotAnEvent("列与归档格式不符", "its columns are not those of an archive")
        for batch in opened.iter_batches(batch_size=1024):
            for row in batch.cast(_PLAIN).to_pylist():
                yield _stored(row)


def _stored(row: dict[str, object]) -> Stored:
    """Types are the schema's."""
    id, time_us, received_us, raw = row["id"], row["time_us"], row["received_us"], row["raw"]
    texts = [row["source"], row["parser"], row["asset_id"], row["context"]]
    if not isinstance(id, bytes) or not isinstance(raw, bytes) or len(raw) > MOST_RAW_BYTES:
        raise NotAnEvent("id 或 raw 缺失或过长", "its id or raw is missing or too long")
    if not isinstance(time_us, int) or not isinstance(received_us, int):
        raise NotAnEvent("缺少时间", "a time is missing")
    source, parser, asset_id, context = (_text(each) for each in texts)
    if not source or not parser:
        raise NotAnEvent("缺少来源或解析器", "its source or parser is missing")
    return Stored(id, time_us, received_us, source, parser, raw, context_of(context), asset_id)


def _text(value: object) -> str:
    if not isinstance(value, str) or well_formed(value) != value:
        raise NotAnEvent("文本缺失", "a text is missing")
    return value
