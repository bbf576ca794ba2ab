"""The worker's job ``store.compact``: the files of one receipt day become one, tighter and quicker to search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

import apsw
import pyarrow as pa
import pyarrow.compute as pc

from shouwang import faults
from shouwang.errors import StoreError
from shouwang.eventstore.embedded.segments import footer as footers
from shouwang.eventstore.embedded.segments import layout, manifest
from shouwang.eventstore.embedded.segments.footer import Bounds, Footer, LedgerRow, Seal
from shouwang.eventstore.embedded.segments.merging import Input, grouped, merged
from shouwang.eventstore.embedded.segments.product import Product, plain, product
from shouwang.eventstore.embedded.segments.sealing import bounds_of, matched, reading, telling_of_disk
from shouwang.eventstore.embedded.segments.sums import added
from shouwang.eventstore.embedded.segments.tables import matches_of
from shouwang.model import Value
from shouwang.words import Words

Json = dict[str, Value]
BATCH_BYTES: Final = 4 << 20
"""Of records read at once from each file, about: all that overlap in time are read side by side."""


def work(args: Json, files: Sequence[int], say: Callable[[Json], None]) -> Json:
    """``files``: none. args: ``events`` (path of ``events.db``), ``home`` (its id), ``day``, ``paths`` (its segments).

    Matches are those that the journal has now. Gives the ``file``, as ``Product``. Raises ``StoreError`` for a file
    that cannot be read, and where rows are missing or twice there.
    """
    journal = Path(str(args["events"]))
    paths = [str(path) for path in cast("list[Value]", args["paths"])]
    parts = [layout.read_footer(manifest.place(journal, path), path) for path in paths]
    faults.reach("compact.begun")
    inputs = [
        Input(part.bounds.min_time_us, iter(layout.batches(manifest.place(journal, path), rows=_batch_rows(part))))
        for path, part in zip(paths, parts, strict=True)
    ]
    with reading(journal, snapshot=False) as db, telling_of_disk(journal):
        made = _written(db, journal, _whole(str(args["home"]), str(args["day"]), paths, parts), inputs, say)
    faults.reach("compact.answer")
    return {"file": plain(made)}


def _whole(home: str, day: str, paths: Sequence[str], parts: Sequence[Footer]) -> Footer:
    """What the footer will be, but for the matches."""
    return Footer(
        home=home,
        kind=footers.DAILY,
        day=day,
        rows=sum(each.rows for each in parts),
        matched=0,
        bounds=_around([each.bounds for each in parts]),
        seal=_newest([each.seal for each in parts]),
        sources=added([each.sources for each in parts]),
        supersedes=sorted({*paths, *(path for each in parts for path in each.supersedes)}),
    )


def _written(
    db: apsw.Connection, journal: Path, whole: Footer, inputs: Sequence[Input], say: Callable[[Json], None]
) -> Product:
    path = f"{manifest.FOLDER}/{whole.day}/day-{whole.bounds.from_seq}-{whole.bounds.to_seq}.parquet"
    group_rows = layout.group_rows(whole.rows, sum(each.bytes for each in whole.sources.values()))
    rows = with_matches = 0
    seen: list[Bounds] = []
    with layout.SegmentWriter(manifest.place(journal, path), footers.DAILY, group_rows) as writer:
        try:
            for group in grouped(merged(inputs), group_rows, layout.GROUP_BYTES):
                table = _with_matches(db, group)
                writer.write(table)
                rows, with_matches = rows + table.num_rows, with_matches + matched(table)
                seen.append(bounds_of(table))
                say({"rows": rows})
        except ValueError as wrong:  # pyarrow's own are StoreErrors by now
            raise _differs(whole.day, str(wrong)) from wrong
        if rows != whole.rows or _around(seen) != whole.bounds:
            raise _differs(whole.day, f"{rows} != {whole.rows}")
        footer = replace(whole, matched=with_matches)
        return product(path, footer, *writer.finish(footer))


def _differs(day: str, how: str) -> StoreError:
    return StoreError(
        Words(
            f"{day} 的日志分段内容与其页脚不符（{how}）。未合并。",
            f"The segments of {day} do not hold what their footers say ({how}). They were left as they are.",
        ),
        hint=Words("`shouwang store verify` 可指出是哪个文件。", "`shouwang store verify` shows which file it is."),
    )


def _batch_rows(part: Footer) -> int:
    size = sum(each.bytes for each in part.sources.values())
    return layout.group_rows(part.rows, size, BATCH_BYTES)


def _with_matches(db: apsw.Connection, group: pa.Table) -> pa.Table:
    found = matches_of(db, group["id"].to_pylist())
    if not found:
        return group
    cells = [found.get(id) for id in group["id"].to_pylist()]
    at = group.schema.get_field_index("matches")
    column = pc.coalesce(pa.array(cells, pa.binary()), group["matches"].combine_chunks())
    return group.set_column(at, group.schema.field(at), column)


def _around(bounds: Sequence[Bounds]) -> Bounds:
    return Bounds(
        min(each.from_seq for each in bounds),
        max(each.to_seq for each in bounds),
        min(each.min_time_us for each in bounds),
        max(each.max_time_us for each in bounds),
        min(each.min_received_us for each in bounds),
        max(each.max_received_us for each in bounds),
        min(each.min_id for each in bounds),
        max(each.max_id for each in bounds),
    )


def _newest(seals: Sequence[Seal]) -> Seal:
    """The newest with a state, else the newest; with the newest of each row of the ledger that any of them has."""
    ordered = sorted(seals, key=lambda each: (each.state is not None, each.to_seq))
    rows: dict[tuple[str, str], LedgerRow] = {}
    for seal in ordered:
        for row in seal.state.ledger if seal.state else ():
            rows[row.day, row.source] = row
    newest = ordered[-1]
    if newest.state is None:
        return newest
    return replace(newest, state=replace(newest.state, ledger=[rows[key] for key in sorted(rows)]))
