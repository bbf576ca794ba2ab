"""A home's hunts: begun, watched, stopped and shown here; done by workers, which read the events and write files."""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from shouwang import worker
from shouwang.clock import Clock
from shouwang.errors import ShouwangError, StoreError, UsageError
from shouwang.huntfolder import HuntFolder, Lines, Plan, State
from shouwang.model import Value
from shouwang.words import Words

log = logging.getLogger(__name__)

Json = dict[str, Value]
Outcome = Literal["running", "done", "full", "stopped", "failed"]
Ended = Callable[[Outcome, str, State], None]
"""Told how a run ended, and why when it failed; from another thread."""
MOST_AT_ONCE: Final = 2
END_S: Final = 3.0
_ID: Final = re.compile(r"(?:D-)?H-[0-9]{1,12}")


class _Stopped(Exception):
    pass


@dataclass(slots=True)
class _Run:
    thread: threading.Thread
    stop: threading.Event = field(default_factory=threading.Event)
    progress: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hunt:
    """As it is now."""

    plan: Plan
    state: State
    outcome: Outcome
    why: str
    """Of a hunt that failed."""
    kind: str
    """Of the error then."""
    progress: Json
    """passed, total, read, matches, took_s."""


class Hunts:
    """Any thread may call."""

    def __init__(self, folder: Path, needs: Json, clock: Clock) -> None:
        """``needs``: what every worker is told (``flows.hunting.work``)."""
        self._folder = folder
        self.needs = needs
        """Of the workers that begin from now on."""
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[str, _Run] = {}

    def begin(self, plan: Plan, archive: int | None, ended: Ended, lang: str) -> None:
        """``archive``: rules handed over, in an open file that stays the caller's. Raises ``UsageError``."""
        self.require_room()
        HuntFolder(self._folder / plan.id).make(plan)
        self._start(plan.id, [] if archive is None else [os.dup(archive)], ended, lang)

    def resume(self, id: str, ended: Ended, lang: str) -> None:
        """Raises ``UsageError`` for one that runs or is done."""
        hunt = self.get(id)
        if hunt.outcome in ("running", "done"):
            raise UsageError(
                Words(f"狩猎 {id} 正在进行或已完成。", f"The hunt {id} runs or is done."),
                hint=Words(f"`shouwang hunts show {id}` 可查看。", f"See `shouwang hunts show {id}`."),
            )
        self.require_room()
        self._start(id, [], ended, lang)

    def require_room(self) -> None:
        with self._lock:
            if len(self._running) >= MOST_AT_ONCE:
                running = ", ".join(self._running)
                raise UsageError(
                    Words(f"已有 {MOST_AT_ONCE} 个狩猎在进行：{running}。", f"{MOST_AT_ONCE} hunts run: {running}."),
                    hint=Words("请等其结束，或 `shouwang hunts stop`。", "Wait for one, or `shouwang hunts stop` it."),
                )

    def stop(self, id: str) -> bool:
        """Whether it ran. Returns when it has ended, or soon will."""
        self._place(id)
        with self._lock:
            run = self._running.get(id)
        if run is None:
            return False
        run.stop.set()
        run.thread.join(END_S)
        return True

    def remove(self, id: str) -> None:
        """With all that it found. Raises ``UsageError`` for one that runs."""
        place = self._place(id)
        if id in self._running:
            raise UsageError(
                Words(f"狩猎 {id} 正在进行。", f"The hunt {id} runs."),
                hint=Words(f"请先 `shouwang hunts stop {id}`。", f"First: `shouwang hunts stop {id}`."),
            )
        shutil.rmtree(place.path)

    def get(self, id: str) -> Hunt:
        """Raises ``UsageError`` for one that is not there."""
        place = self._place(id)
        run, end, state = self._running.get(id), place.end() or {}, place.state()
        progress: Json = {
            "passed": state.passed,
            "total": state.total,
            "read": state.read,
            "matches": state.matches,
            "took_s": state.took_s,
        }
        return Hunt(
            place.plan(),
            state,
            "running" if run is not None else _outcome(end, state),
            "" if run is not None else str(end.get("why", "")),
            "" if run is not None else str(end.get("kind", "")),
            run.progress if run is not None and run.progress else progress,
        )

    def all(self) -> list[Hunt]:
        """The newest first; a folder that is not whole is left out."""
        found = []
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if _ID.fullmatch(path.name):
                with suppress(StoreError):
                    found.append(self.get(path.name))
        return sorted(found, key=lambda hunt: (hunt.plan.made_us, int(hunt.plan.id.rpartition("-")[2])), reverse=True)

    def matches(self, id: str, after: int, limit: int) -> Lines:
        """``after``: 0, or ``next`` of the page before."""
        place = self._place(id)
        return place.lines(place.matches, after, limit)

    def correlated(self, id: str, after: int, limit: int) -> Lines:
        place = self._place(id)
        return place.lines(place.correlated, after, limit)

    def close(self) -> None:
        """Stops what runs; each goes on when it is asked to."""
        with self._lock:
            running = list(self._running.values())
        for run in running:
            run.stop.set()
        for run in running:
            run.thread.join(END_S)

    def _place(self, id: str) -> HuntFolder:
        if not _ID.fullmatch(id) or not (self._folder / id).is_dir():
            raise UsageError(
                Words(f"没有狩猎 {id!r}。", f"There is no hunt {id!r}."),
                hint=Words("`shouwang hunts list` 列出全部。", "`shouwang hunts list` lists them."),
            )
        return HuntFolder(self._folder / id)

    def _start(self, id: str, files: list[int], ended: Ended, lang: str) -> None:
        place = HuntFolder(self._folder / id)
        place.forget_end()
        run = _Run(threading.Thread(target=self._run, args=(place, files, ended, lang), name=f"hunt-{id}", daemon=True))
        with self._lock:
            self._running[id] = run
        run.thread.start()

    def _run(self, place: HuntFolder, files: list[int], ended: Ended, lang: str) -> None:
        run = self._running[place.path.name]

        def told(progress: Json) -> None:
            run.progress = progress
            if run.stop.is_set():
                raise _Stopped

        failed = kind = ""
        try:
            needs = {**self.needs, **place.plan().rules}
            worker.run("hunt", {"folder": str(place.path), "lang": lang, **needs}, files=files, told=told)
        except _Stopped:
            pass
        except ShouwangError as wrong:
            failed, kind = wrong.whole.of(lang), wrong.kind
        except Exception as wrong:  # whatever it was, the hunt has failed and is shown so
            log.exception("a hunt failed")
            failed, kind = f"{type(wrong).__name__}: {wrong}", ShouwangError.kind
        finally:
            for each in files:
                os.close(each)
        try:
            state = place.state()
            outcome = "failed" if failed else _outcome({"outcome": "stopped"}, state)
            place.note_end(outcome, why=failed, kind=kind, at_us=self._clock.now_us())
            ended(outcome, failed, state)
        except Exception:  # the home goes away while the daemon ends
            log.exception("the end of a hunt could not be kept")
        finally:
            with self._lock:
                self._running.pop(place.path.name, None)


def _outcome(end: Json, state: State) -> Outcome:
    """Without a word on its end the daemon was killed while it ran."""
    if end.get("outcome") == "failed":
        return "failed"
    if state.done:
        return "full" if state.full else "done"
    return "stopped"
