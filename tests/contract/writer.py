"""A process that writes until it is killed, and says after each batch how many are durable.

``python -m tests.contract.writer MODULE:FUNCTION FOLDER``
"""

from __future__ import annotations

import importlib
import os
import sys
from itertools import count
from pathlib import Path

from shouwang.eventstore.base import Batch, EventStore
from tests.contract.records import NOON_US, match_on, numbered

BATCH = 50


def main() -> None:
    module, _, function = sys.argv[1].partition(":")
    store: EventStore = getattr(importlib.import_module(module), function)(Path(sys.argv[2]))
    done = int(store.cursors().get("writer", b"0"))
    for batch in count(done):
        events = [numbered(batch * BATCH + n) for n in range(BATCH)]
        store.put(Batch(events, [match_on(events[0])], received_us=NOON_US), {"writer": b"%d" % (batch + 1)})
        os.write(1, b"%d\n" % (batch + 1))


if __name__ == "__main__":
    main()
