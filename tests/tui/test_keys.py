"""Keys that come faster than the screens: each counts, and meets what the one before it opened."""

from __future__ import annotations

from tests.tui.driving import at_once, console, sees, shown, until
from tests.tui.fake import Service
from tui.app import ShouwangApp
from tui.keys import WAIT_MAX_S, KeyLine
from tui.widgets.table import VirtualTable


async def test_keys_typed_behind_the_first_visit_to_a_screen_meet_that_screen() -> None:
    service = Service()
    async with console(service) as pilot:
        at_once(pilot, "2", "j", "j", "a", "3", "end")
        await sees(pilot, "详情 INC-20261124-0004")
        assert pilot.app.screen.query_one("#list", VirtualTable).chosen == "INC-20261124-0004"
    assert [args["id"] for args in service.did("incidents.claim")] == ["INC-20261124-0003"]


async def test_keys_typed_while_the_console_starts_are_not_lost() -> None:
    app = ShouwangApp(Service().call)
    async with app.run_test(size=(120, 36)) as pilot:
        at_once(pilot, "7", "/", *"40007", "enter")
        await sees(pilot, "检索结果 1")


async def test_letters_behind_a_key_that_opens_a_line_are_text_and_no_commands() -> None:
    service = Service()
    async with console(service) as pilot:
        at_once(pilot, "3", "/", *"claimed", "enter")
        await sees(pilot, "事件 1")
        at_once(pilot, "ctrl+p", *"qhyy", "enter", "2")
        await sees(pilot, "C Crit")
    assert service.did("incidents.claim") == []


async def test_an_act_and_its_form_can_be_typed_in_one_go() -> None:
    service = Service()
    async with console(service) as pilot:
        at_once(pilot, "3", "a", "t", "right", "tab", *"why", "ctrl+s")
        await until(pilot, lambda: bool(service.did("incidents.triage")))
    asked = {"id": "INC-20261124-0001", "disposition": "false_positive", "reason": "why"}
    assert service.did("incidents.triage") == [asked]


async def test_the_question_before_leaving_takes_the_keys_behind_it() -> None:
    async with console(Service()) as pilot:
        at_once(pilot, "2", "ctrl+q", "enter", "j")
        await sees(pilot, "> H 高  A-20930")
        assert "离开控制台" not in "\n".join(shown(pilot))


def test_a_console_that_hangs_lets_its_keys_go_after_a_second_in_their_order() -> None:
    seconds = [0.0]
    given: list[str] = []
    line = KeyLine[str](lambda key, _reason: given.append(key), lambda: seconds[0])
    line.hold()
    line.join("a")
    line.join("b")
    line.expire()
    assert given == []
    seconds[0] = WAIT_MAX_S + 0.1
    line.expire()
    assert given == ["a"]
    line.release(2)
    assert given == ["a", "b"]
