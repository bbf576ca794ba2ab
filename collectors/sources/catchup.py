"""Finding again what was read before, wherever rotation has put it meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from collectors.sources.cursor import FileCursor, Mark
from collectors.sources.delivery import Delivery
from collectors.sources.joining import StartPattern
from collectors.sources.opening import Opened, shown
from collectors.sources.rotation import BROKEN, Former, blocks, formers, holds, is_packed
from collectors.sources.selfevent import FILE_DAMAGED
from collectors.sources.tail import RecordReader


class Stopping(Exception):
    """The source is asked to end in the middle of a long file; its cursor stands where it came to."""


_TRIES: Final = 20
"""So often rotation may come between a look at the folder and what follows from it."""


def find_former(cursor: FileCursor) -> Former | None:
    """The former file that goes on from what the cursor has read: the renamed one, else a packed one or a copy."""
    found = formers(cursor.path)
    for _ in range(_TRIES):
        if match := _match(found, cursor):
            return match
        before, found = found, formers(cursor.path)
        if [each.identity for each in before] == [each.identity for each in found]:
            break
    return None


def _match(found: Sequence[Former], cursor: FileCursor) -> Former | None:
    renamed = next((each for each in found if is_renamed(each, cursor) and holds(each, cursor)), None)
    if renamed or not cursor.seen:
        return renamed
    return next((each for each in reversed(found) if holds(each, cursor)), None)


def is_renamed(former: Former, cursor: FileCursor) -> bool:
    """By the inode: what is packed is another file, though it may have been given an inode that was free again."""
    return former.inode == cursor.inode and not is_packed(former.path)


def open_former(cursor: FileCursor) -> tuple[Former, Opened] | None:
    """Found and opened: from then on it may be renamed, packed and removed."""
    for _ in range(_TRIES):
        match = find_former(cursor)
        if match is None:
            return None
        if opened := match.open():
            return match, opened
    return None


def younger(cursor: FileCursor) -> list[Former]:
    """Files that came and went after the cursor's, oldest first. Without its own former file, by time: a file of which
    nothing was read yet may be among them, packed."""
    match, found = find_former(cursor), formers(cursor.path)
    for _ in range(_TRIES):
        if match is None or not cursor.seen:
            break
        if match.identity in [each.identity for each in found]:
            return [each for each in found if each.younger_than(match)]
        match, found = find_former(cursor), formers(cursor.path)
    return [
        each
        for each in found
        if each.mtime_ns > cursor.mtime_ns or (not cursor.seen and each.mtime_ns == cursor.mtime_ns)
    ]


def read_former(
    former: Former,
    opened: Opened,
    start: FileCursor,
    delivery: Delivery,
    pattern: StartPattern | None,
    *,
    stopping: Callable[[], bool],
) -> None:
    """Read it from ``start.offset`` to its end; it is finished then. Raises ``Stopping``."""
    reader = RecordReader(start, pattern, Mark(0))
    try:
        for block in blocks(opened):
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
    except BROKEN as error:
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
