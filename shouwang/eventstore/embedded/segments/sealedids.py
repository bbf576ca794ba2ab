"""Which ids are sealed already: so that a batch that comes again changes nothing, however late.

Ids begin with their receipt time. Those of live events are newer than all that is sealed, which one look at the newest
sealed id tells; others are asked of the segments that may hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import apsw

from shouwang.eventstore.embedded.segments import manifest
from shouwang.eventstore.embedded.segments.manifest import Segment

Ask = Callable[[Mapping[str, Sequence[bytes]]], frozenset[bytes]]
"""Path of a segment -> ids that it may hold; gives those that are there. Raises ``ShouwangError``."""


class SealedIds:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._segments: Sequence[Segment] = ()
        self._newest = b""
        self.version = 0
        """Changes with the manifest, under the write lock: what ``known`` said of one version holds for it."""

    def refresh(self, db: apsw.Connection) -> None:
        """Inside the transaction that changes the manifest, or before anybody writes."""
        self._segments = manifest.segments(db)
        self._newest = max((each.max_id for each in self._segments), default=b"")
        self.version += 1

    def known(self, ids: Sequence[bytes]) -> frozenset[bytes]:
        """Those that are sealed."""
        if not ids or min(ids) > self._newest:
            return frozenset()
        old = sorted(id for id in ids if id <= self._newest)
        asked = {
            each.path: mine
            for each in self._segments
            if each.min_id <= old[-1] and each.max_id >= old[0]
            and (mine := [id for id in old if each.min_id <= id <= each.max_id])
        }  # fmt: skip
        return self._ask(asked) if asked else frozenset()
