"""Finding again what was read before, wherever rotation has put it meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from collectors.sources.cursor import FileCursor, Mark
from collectors.sources.delivery import Delivery
from collectors.sources.joining import StartPattern
from collectors.sources.opening import CannotOpen, shown
from collectors.sources.rotation import BROKEN, Former, blocks, formers, holds
from collectors.sources.selfevent import FILE_DAMAGED
from collectors.sources.tail import RecordReader


class Stopping(Exception):
    """The source is asked to end in the middle of a long file; its cursor stands where it came to."""


def find_former(cursor: FileCursor) -> Former | None:
    """The former file that goes on from what the cursor has read: the renamed one, else a packed one or a copy."""
    found = formers(cursor.path)
    renamed = next((each for each in found if each.inode == cursor.inode and holds(each.path, cursor)), None)
    if renamed or not cursor.seen:
        return renamed
    return next((each for each in reversed(found) if holds(each.path, cursor)), None)


def younger(cursor: FileCursor, match: Former | None) -> list[Former]:
    """Files that came and went after the cursor's, oldest first. Without its own former file, by time: a file of which
    nothing was read yet may be among them, packed."""
    found = formers(cursor.path)
    if match is not None:
        return [each for each in found if each.younger_than(match)]
    return [
        each
        for each in found
        if each.mtime_ns > cursor.mtime_ns or (not cursor.seen and each.mtime_ns == cursor.mtime_ns)
    ]


def read_former(
    former: Former,
    start: FileCursor,
    delivery: Delivery,
    pattern: StartPattern | None,
    stopping: Callable[[], bool],
) -> None:
    """Read it from ``start.offset`` to its end; it is finished then. Raises ``Stopping``."""
    reader = RecordReader(start, pattern, Mark(0))
    try:
        for block in blocks(former.path):
            if stopping():
                raise Stopping
            before = start.offset - reader.mark.position
            if before > 0:
                reader.skip(block[:before])
                block = block[before:]  # noqa: PLW2901  # the part that was not read yet
            if block:
                nul_bytes = reader.splitter.nul_bytes
                records = reader.feed(block)
                cursor = reader.cursor(mtime_ns=former.mtime_ns)
                skipped = reader.splitter.nul_bytes - nul_bytes
                delivery.give(reader, records, cursor, backlog=True, nul_bytes=skipped)
    except (CannotOpen, *BROKEN) as error:
        delivery.tell(
            FILE_DAMAGED,
            f"{shown(former.path)} cannot be read to its end: {shown(str(error))}.",
            {"log.file.path": shown(start.path)},
        )
    records = reader.flush_all()
    cursor = replace(
        reader.cursor(mtime_ns=former.mtime_ns, done=True), device=former.status.st_dev, inode=former.inode
    )
    delivery.give(reader, records, cursor, backlog=True)
