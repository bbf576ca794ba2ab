"""The query process: it reads sealed segments for the daemon, which stays small and sound whatever a search needs.

``python -m shouwang.eventstore.embedded.segments.service HOME MODULE:FUNCTION``, where the function rehydrates. Asks
come on standard input, each a length and a pickle: only who started us writes there. Answers go to standard output,
each a length and msgpack, plain values only: the daemon does not trust what has read hostile bytes.
"""

from __future__ import annotations

import os
import pickle
import queue
import resource
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final, assert_never

import msgspec

from shouwang.eventstore.base import Rehydrate
from shouwang.eventstore.embedded.rows import Row
from shouwang.eventstore.embedded.segments import counting
from shouwang.eventstore.embedded.segments.asks import (
    END,
    LENGTH_BYTES,
    ROWS,
    TROUBLE,
    Arrivals,
    Ask,
    Count,
    FirstSince,
    Read,
)
from shouwang.eventstore.embedded.segments.reader import Reader
from shouwang.eventstore.embedded.segments.trouble import Kind, Trouble

MEMORY_BYTES: Final = 4 << 30
"""Address space, of which DuckDB's tables are the smaller part: what it maps counts too."""
NICENESS: Final = 5
_AT_ONCE: Final = 256
_BYTES_AT_ONCE: Final = 1 << 20


def answer(reader: Reader, ask: Ask) -> Iterator[Row]:
    match ask:
        case Read():
            return reader.read(ask)
        case Count():
            return counting.count(reader, ask)
        case Arrivals():
            return reader.arrivals(ask)
        case FirstSince():
            return reader.first_since(ask)
        case _:
            assert_never(ask)


def main(home: str, reference: str) -> None:
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    asks: queue.Queue[Ask] = queue.Queue()
    threading.Thread(target=_listen, args=(asks,), daemon=True).start()
    module, _, name = reference.partition(":")
    rehydrate: Rehydrate = getattr(import_module(module), name)
    with Reader(Path(home), rehydrate) as reader:
        while True:
            ask = asks.get()
            try:
                for rows in _chunks(answer(reader, ask)):
                    _say(ROWS, rows)
                _say(END, [])
            except Trouble as trouble:
                _say(TROUBLE, [trouble.kind.value, trouble.path, trouble.text])
            except MemoryError as error:
                _say(TROUBLE, [Kind.MEMORY.value, "", str(error)])


def _listen(asks: queue.Queue[Ask]) -> None:
    """Who started us closes our input when it needs us no more, or is gone: then nobody wants an answer."""
    while length := _exactly(LENGTH_BYTES):
        asks.put(pickle.loads(_exactly(int.from_bytes(length, "big"))))  # noqa: S301  # of who started us
    os._exit(0)


def _exactly(size: int) -> bytes:
    """Nothing at the end. Not by ``sys.stdin``, whose lock would keep the process from ending."""
    found = b""
    while len(found) < size:
        piece = os.read(0, size - len(found))
        if not piece:
            return b""
        found += piece
    return found


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    held: list[Row] = []
    size = 0
    for row in rows:
        held.append(row)
        size += sum(len(cell) for cell in row if isinstance(cell, bytes))
        if len(held) == _AT_ONCE or size >= _BYTES_AT_ONCE:
            yield held
            held, size = [], 0
    if held:
        yield held


def _say(kind: str, what: object) -> None:
    line = msgspec.msgpack.encode((kind, what))
    sys.stdout.buffer.write(len(line).to_bytes(LENGTH_BYTES, "big") + line)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
