"""Leaving the console while it is still asking for something."""

from __future__ import annotations

import asyncio

from tests.tui.driving import console
from tests.tui.fake import Service
from tui.screens.base import ConsoleScreen


async def test_an_answer_that_comes_while_the_console_is_being_closed_is_let_go() -> None:
    outlived: list[bool] = []
    async with console(Service()) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, ConsoleScreen)

        async def answered_too_late() -> None:
            while screen.query("#foot"):
                await asyncio.sleep(0)
            outlived.append(True)
            screen.show_keys()

        screen.attempt(answered_too_late, group="detail")
    assert outlived, "the parts were gone before the work was ended"
