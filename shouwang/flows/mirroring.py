"""Alerts and incidents -> a copy in the cluster, for who looks there. ``state.db`` is the truth; nothing comes back.

At least once and in the order of the changes: the position is written after the copy took them, and a copy never goes
back to an older state. A copy that is not the one that was written last begins from the first record.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Final, Protocol

from shouwang.clock import Clock
from shouwang.errors import StoreError
from shouwang.model import Alert, Finding, Incident, Level
from shouwang.statestore.store import StateStore
from shouwang.words import Words

log = logging.getLogger(__name__)

POSITION: Final = "mirror/position"
"""Name in the memory table: which copy, and the number of the last change that it took."""
AT_ONCE: Final = 200
POLL_S: Final = 1.0
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
LATE_US: Final = 60_000_000


class Copy(Protocol):
    """What takes the records. Raises ``StoreError``."""

    def ready(self) -> str:
        """Which copy it is; another answer than before: another copy, or an empty one."""
        ...

    def put(self, home: str, changes: Sequence[tuple[int, Alert | Incident]]) -> Sequence[tuple[str, str]]:
        """Id and reason of those that it can never take."""
        ...


class Mirroring:
    """``run`` is one thread's; ``findings`` any's."""

    def __init__(self, state: StateStore, copy: Copy, clock: Clock, home: str) -> None:
        """``home``: the id; ids of records are unique with it."""
        self._state = state
        self._copy = copy
        self._clock = clock
        self._home = home
        self._which = ""
        """Empty: the copy is to be looked at first."""
        self._passed = _kept(state)[1]
        self._trouble: StoreError | None = None
        self._refused: dict[str, str] = {}

    def run(self, stop: threading.Event) -> None:
        pause_s = FIRST_PAUSE_S
        while not stop.is_set():
            try:
                busy = self.step()
            except StoreError as trouble:
                if self._trouble is None:
                    log.warning("alerts and incidents are not mirrored: %s; it is tried again", trouble)
                self._trouble, self._which = trouble, ""
                stop.wait(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
                continue
            if self._trouble is not None:
                log.info("alerts and incidents are mirrored again")
            self._trouble, pause_s = None, FIRST_PAUSE_S
            if not busy:
                stop.wait(POLL_S)

    def step(self) -> bool:
        """Whether there was something to copy. Raises ``StoreError``; then the same is copied again."""
        if not self._which:
            self._begin(self._copy.ready())
        with self._state.reading() as tables:
            changes = tables.changes.after(self._passed, AT_ONCE)
        if not changes:
            return False
        for id, reason in self._copy.put(self._home, changes):
            log.error("%s cannot be mirrored: %s", id, reason)
            self._refused[id] = reason
        self._keep(changes[-1].number)
        return True

    def _begin(self, which: str) -> None:
        known, passed = _kept(self._state)
        self._passed = passed if known == which else 0
        self._which = which

    def _keep(self, number: int) -> None:
        with self._state.work() as tx:
            tx.memory.put(POSITION, f"{self._which}:{number}".encode())
        self._passed = number

    def findings(self) -> list[Finding]:
        found = []
        with self._state.reading() as tables:
            waiting = tables.changes.waiting(self._passed)
            first = tables.changes.after(self._passed, 1)
        trouble = self._trouble
        if trouble is not None or (first and self._clock.now_us() - first[0].number > LATE_US):
            why = trouble.message if trouble is not None else Words("正在补传。", "It is catching up.")
            found.append(
                Finding(
                    Level.DEGRADED,
                    Words(
                        f"集群中的告警与事件镜像落后 {waiting} 条：{why.zh}",
                        f"The mirror of alerts and incidents in the cluster is {waiting} behind: {why.en}",
                    ),
                    Words(
                        "本机数据不受影响；集群恢复后自动补齐。",
                        "Nothing is missing here; it catches up by itself when the cluster is back.",
                    ),
                )
            )
        if self._refused:
            id, reason = next(reversed(self._refused.items()))
            found.append(
                Finding(
                    Level.DEGRADED,
                    Words(
                        f"{len(self._refused)} 条未能写入集群镜像，最近 {id}：{reason}",
                        f"{len(self._refused)} records are missing from the mirror in the cluster, last {id}: {reason}",
                    ),
                    Words(
                        "请检查 shouwang-alerts、shouwang-incidents 的索引映射。",
                        "Look at the mappings of the indices shouwang-alerts and shouwang-incidents.",
                    ),
                )
            )
        return found


def _kept(state: StateStore) -> tuple[str, int]:
    which, _, number = (state.memory.get(POSITION) or b"").decode().rpartition(":")
    return which, int(number or 0)
