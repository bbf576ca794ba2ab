"""Leaving the console: what it asks, and what it still waits for."""

from __future__ import annotations

import asyncio

import pytest

from tests.tui.driving import console, sees
from tests.tui.fake import Service
from tui.app import ShouwangApp
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


@pytest.mark.parametrize(("lang", "offers"), [("zh", "停止值守"), ("en", "Stop watching")])
@pytest.mark.parametrize(("rights", "stops"), [(1, False), (2, True)])
async def test_a_console_that_started_its_daemon_offers_to_stop_it_in_the_one_question(
    lang: str, offers: str, rights: int, stops: bool
) -> None:
    async with console(Service(), size=(80, 24), lang=lang, may_stop=True) as pilot:
        await pilot.press("ctrl+q")
        await sees(pilot, offers)
        await pilot.press(*["right"] * rights, "enter")
        assert isinstance(pilot.app, ShouwangApp)
    assert pilot.app.return_value == 0
    assert pilot.app.stops is stops


async def test_a_console_over_the_daemon_of_somebody_else_does_not_offer_to_stop_it() -> None:
    async with console(Service()) as pilot:
        await pilot.press("ctrl+q")
        await sees(pilot, "离开控制台")
        assert not pilot.app.screen.query("#stop")
