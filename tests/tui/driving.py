"""How the tests drive the console and read what stands on its screen."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from rich.cells import cell_len
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from tests.tui.fake import Service
from tui.app import ShouwangApp

DEADLINE_S = 10.0
LOOK_S = 0.25


@asynccontextmanager
async def console(
    service: Service,
    *,
    size: tuple[int, int] = (120, 36),
    lang: str | None = None,
    ascii_only: bool = False,
    monotonic: Callable[[], float] = time.monotonic,
    may_stop: bool = False,
) -> AsyncIterator[Pilot[int]]:
    """A console that has had its first look."""
    app = ShouwangApp(
        service.call, lang=lang, look_s=LOOK_S, ascii_only=ascii_only, monotonic=monotonic, may_stop=may_stop
    )
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.session.snapshot is not None)
        await pilot.pause()
        yield pilot


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Wait for the condition, at most to the deadline; then say what stood on the screen."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("never came true; on the screen:\n" + "\n".join(shown(pilot)))
        await pilot.pause(0.02)


async def sees(pilot: Pilot[int], text: str) -> None:
    await until(pilot, lambda: text in "\n".join(shown(pilot)))


def shown(pilot: Pilot[int]) -> list[str]:
    """The screen's lines, as text."""
    strips = pilot.app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


def widths(pilot: Pilot[int]) -> set[int]:
    return {cell_len(line) for line in shown(pilot)}


async def types(pilot: Pilot[int], text: str) -> None:
    for character in text:
        await pilot.press(character)


def at_once(pilot: Pilot[int], *keys: str) -> None:
    """All the keys in one bunch, as a slow line or quick fingers send them."""
    for key in keys:
        name, character = (_character_to_key(key), key) if len(key) == 1 else (key, None)
        pilot.app.post_message(events.Key(name, character))
