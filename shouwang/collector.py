"""``collect``: the process that brings one host's events and matches into the cluster, and tells how it does."""

from __future__ import annotations

import logging
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from shouwang import __version__, privilege
from shouwang.attendance import SAID_EVERY_S, Attendance
from shouwang.collectorhome import refuse_daemons, refuse_without_cluster
from shouwang.collectorwiring import Collecting, build
from shouwang.config import load
from shouwang.errors import StoreError
from shouwang.firststart import make_home, refuse_other_store
from shouwang.home import Home, Lock
from shouwang.model import Level
from shouwang.process import end_on_signals, log_to
from shouwang.supervised import Supervised
from shouwang.words import Words

log = logging.getLogger(__name__)

TELLING_ENDS_S: Final = 3.0
MOST_NAMED: Final = 20
"""Rules, reasons and troubles that are told of."""


def collect(
    home: Home,
    *,
    log_file: Path | None = None,
    name: str | None = None,
    timezone: str | None = None,
    language: str | None = None,
    store: Mapping[str, str] | None = None,
    anew: bool = False,
) -> int:
    """Until SIGTERM or SIGINT; 0 then. ``store``, ``name`` and the like: see ``daemon.serve``; ``anew``: see ``build``.

    Raises ``LockedError`` when another process has the home, and what ``build`` raises.
    """
    stop = threading.Event()
    end_on_signals(stop)
    asked = store or {}
    if not home.exists():
        refuse_without_cluster(asked.get("url", ""))
    dropped = privilege.drop(home)
    refuse_daemons(home)
    make_home(home, name=name, timezone=timezone, language=language, store=store, made_by_root=dropped)
    home.require_mine()
    home.close_to_others()
    config = load(home.config)
    refuse_other_store(home, config, asked)
    refuse_without_cluster(config.store.url)
    with ExitStack() as stack:
        stack.enter_context(Lock(home, config.site.zone))
        log_to(log_file)
        log.info("shouwang %s collects for %s", __version__, home.path)
        collecting = stack.enter_context(build(home, config, home.clock(), anew=anew))
        collecting.found += privilege.findings()
        telling = stack.enter_context(_telling(collecting))
        with collecting.intake, collecting.supervisor:
            telling.start()
            log.info("shouwang collects from %d sources", len(collecting.supervisor.status()))
            stop.wait()
            log.info("shouwang ends")
    log.info("shouwang has ended, all that was received is in the spool or the cluster")
    return 0


@contextmanager
def _telling(collecting: Collecting) -> Iterator[Supervised]:
    """In a thread of its own: a cluster that does not answer holds up nothing."""
    started_us = collecting.clock.now_us()

    def run(stop: threading.Event) -> None:
        while not stop.is_set():
            collecting.store.tell(attendance(collecting, started_us))
            stop.wait(SAID_EVERY_S)

    thread = Supervised(Words("状态上报", "telling how it does"), run)
    try:
        yield thread
    finally:
        thread.ask_to_stop()
        if thread.join(TELLING_ENDS_S):
            try:
                collecting.store.tell(attendance(collecting, started_us, ended=True))
            except StoreError as away:
                log.warning("the cluster was not told that this collector ends: %s", away)


def attendance(collecting: Collecting, started_us: int, *, ended: bool = False) -> Attendance:
    waiting = collecting.store.waiting()
    dropped: Counter[str] = Counter()
    for (_, reason), number in dict(collecting.intake.dropped).items():
        dropped[reason] += number
    return Attendance(
        id=collecting.id,
        host=socket.gethostname(),
        version=__version__,
        rules=collecting.rules.version,
        rules_loaded=collecting.rules.loaded,
        rules_refused=collecting.rules.refused,
        started_us=started_us,
        seen_us=collecting.clock.now_us(),
        ended=ended,
        waiting=waiting.batches,
        waiting_bytes=waiting.bytes,
        full=waiting.full,
        received=collecting.intake.received,
        dropped=dict(dropped.most_common(MOST_NAMED)),
        faults=dict(Counter(collecting.rules.faults()).most_common(MOST_NAMED)),
        troubles=tuple(each for each in collecting.findings() if each.level is not Level.OK)[:MOST_NAMED],
    )
