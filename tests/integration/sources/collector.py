"""A collector as the daemon makes it, in a process that a test may kill: ``python -m ... STORE PATTERN``."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import UTC
from pathlib import Path

from collectors.registry import PARSERS
from collectors.rehydrate import rehydrate
from collectors.sources.delivery import FileSettings
from collectors.sources.file import FileSource
from detection.engine import Engine
from detection.ruleset import RuleSet
from shouwang.assets import AssetRegister
from shouwang.clock import SystemClock
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.flows.intake import Intake
from shouwang.flows.supervising import Supervisor


def main(store_path: Path, pattern: str) -> None:
    """Until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    clock = SystemClock()
    settings = FileSettings(pattern, parser="text", grace_s=2.0, poll_s=0.02, rescan_s=0.1)
    with (
        EmbeddedStore(store_path, zone=UTC, rehydrate=rehydrate) as store,
        Intake(store, Engine(RuleSet(), ()), clock, assets=AssetRegister()) as intake,
        Supervisor([FileSource(settings, PARSERS, clock)], intake.deliver, store.cursors),
    ):
        print("ready", flush=True)
        stop.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
