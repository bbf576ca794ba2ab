"""``serve``: the one owner of a home's state, from the lock to the last stored event."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NoReturn

from shouwang import __version__, privilege
from shouwang.api.table import perform, role_in
from shouwang.config import Config, load
from shouwang.errors import ShouwangError
from shouwang.firststart import make_home, refuse_other_store
from shouwang.home import Home, Lock
from shouwang.process import end_on_signals, log_to
from shouwang.server import Server
from shouwang.switching import switch
from shouwang.watch import Watching
from shouwang.wiring import Services, build

log = logging.getLogger(__name__)

TICK_S: Final = 2.0
FIRST_MAINTAIN_S: Final = 5.0
MAINTAIN_EVERY_S: Final = 60.0
MAINTAIN_BUDGET_S: Final = 30.0
UPKEEP_ENDS_S: Final = 5.0


def serve(
    home: Home,
    *,
    log_file: Path | None = None,
    name: str | None = None,
    timezone: str | None = None,
    language: str | None = None,
    store: Mapping[str, str] | None = None,
    anew: Collection[str] = (),
    take_over: bool = False,
) -> int:
    """Until SIGTERM, SIGINT or the act ``stop``; 0 then. ``anew``: see ``homeid.claim``; ``take_over``: see ``build``.

    ``store``: the settings of ``[store]`` that the first start writes: ``url``, ``ca``, ``credentials``.

    Raises ``LockedError`` when another one serves the home.
    """
    stop = threading.Event()
    end_on_signals(stop)
    dropped = privilege.drop(home)
    home.refuse_collector()
    made = make_home(home, name=name, timezone=timezone, language=language, store=store, made_by_root=dropped)
    home.require_mine()
    home.close_to_others()
    config = load(home.config)
    refuse_other_store(home, config, store or {})
    with ExitStack() as stack:
        stack.enter_context(Lock(home, config.site.zone))
        log_to(log_file)
        log.info("shouwang %s starts for %s%s", __version__, home.path, ", made now" if made else "")
        while not stop.is_set():
            config = switch(home, config, home.clock())
            _watch(home, config, stop, anew=anew, take_over=take_over)
            anew, take_over = (), False
        log.info("shouwang ends")
    log.info("shouwang has ended, all that was received is stored")
    if threading.active_count() > 1:
        _leave_now()
    return 0


def _watch(home: Home, config: Config, stop: threading.Event, *, anew: Collection[str], take_over: bool) -> None:
    """Until the event is set, or all is ready for another event store."""
    with ExitStack() as stack:
        services = stack.enter_context(build(home, config, home.clock(), anew=anew, take_over=take_over))
        services.findings += privilege.findings()
        watching = stack.enter_context(Watching(services, stop))
        services.running = watching.running
        stack.enter_context(_server(home, services))
        log.info("shouwang watches %d sources", len(watching.running.sources()))
        stack.enter_context(_upkeep(services))
        while not stop.wait(TICK_S):
            watching.tick()
            if services.moving.is_due:
                log.info("shouwang starts anew, for the switch to another event store")
                return


def _server(home: Home, services: Services) -> Server:
    return Server(
        home.socket_to_make(),
        lambda user, request, file: perform(services, user, request.act, request.args, file, lang=request.lang),
        lambda user: role_in(services, user) is not None,
        services.config.site.language,
    )


@contextmanager
def _upkeep(services: Services) -> Iterator[None]:
    """Of the event store, in a thread of its own: to seal what an absence has left may take minutes."""
    stop = threading.Event()

    def run() -> None:
        pause_s = FIRST_MAINTAIN_S
        while not stop.wait(pause_s):
            _maintain(services)
            pause_s = MAINTAIN_EVERY_S

    thread = threading.Thread(target=run, name="upkeep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        services.stop_upkeep()
        thread.join(UPKEEP_ENDS_S)


def _maintain(services: Services) -> None:
    """Cleaning up first: on a full disk it makes the room that retention needs to write down what goes."""
    jobs: tuple[Callable[[], list[str]], ...] = (
        lambda: services.events.maintain(services.clock.now_us(), MAINTAIN_BUDGET_S),
        services.retention.step,
    )
    for job in jobs:
        try:
            for done in job():
                log.info("upkeep: %s", done)
        except ShouwangError as refused:
            log.warning("upkeep of the event store: %s; it is tried again", refused.message)
        except Exception:  # a scheduled job's fault must not end the watch; it runs again in its turn
            log.exception("upkeep of the event store failed")


def _leave_now() -> NoReturn:
    """A client's act is still in foreign code, and the interpreter would unwind it there: that aborts.

    All that must be kept is on the disk, and the lock ends with the process.
    """
    logging.shutdown()
    os._exit(0)
