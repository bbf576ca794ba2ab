"""What the daemon says stands on the screen in the console's language, also after it was changed."""

from __future__ import annotations

import re

import pytest

from tests.tui.driving import console, sees, shown, types, until
from tests.tui.fake import Service

ENGLISH = re.compile(r"[A-Za-z]{3,} [A-Za-z]{2,} [A-Za-z]{3,}")


async def test_a_chinese_console_shows_no_english_finding_and_an_english_one_no_chinese() -> None:
    service = Service(language="en")
    async with console(service, lang="zh") as pilot:
        await sees(pilot, "有 2 条规则未能加载。")
        assert not [line for line in shown(pilot) if ENGLISH.search(line) and "规则" in line]
        assert "were refused" not in "\n".join(shown(pilot))
        assert service.spoken == "zh"
    async with console(Service(language="zh"), lang="en") as pilot:
        await sees(pilot, "2 rules were refused.")


async def test_without_a_choice_the_daemon_speaks_as_the_site_does() -> None:
    for language, finding in (("zh", "有 2 条规则未能加载。"), ("en", "2 rules were refused.")):
        async with console(Service(language=language)) as pilot:
            await sees(pilot, finding)


async def test_after_the_language_was_changed_everything_is_asked_for_again_in_it() -> None:
    service = Service()
    async with console(service) as pilot:
        await sees(pilot, "有 2 条规则未能加载。")
        await pilot.press("ctrl+p")
        await types(pilot, "qhyy")
        await pilot.press("enter")
        await sees(pilot, "2 rules were refused.")
        assert "有 2 条规则未能加载" not in "\n".join(shown(pilot))
        assert service.spoken == "en"


async def test_titles_change_with_the_language_on_every_screen_while_the_console_runs() -> None:
    zh, en = "消防主机向境外地址发起连接", "Fire panel connects abroad"
    for screen in ("1", "2", "3"):
        async with console(Service(), size=(170, 45)) as pilot:
            await pilot.press(screen)
            await sees(pilot, zh)
            await pilot.press("ctrl+p")
            await types(pilot, "qhyy")
            await pilot.press("enter")
            await sees(pilot, en)
            await until(pilot, lambda: zh not in "\n".join(shown(pilot)))


async def test_the_detail_of_an_alert_is_asked_for_again_though_its_own_title_is_the_same_in_both_languages() -> None:
    service = Service()
    service.changed["A-20931"] = {"title": "DNS"}
    service.incidents["INC-20261124-0001"]["state"] = "closed"
    async with console(service) as pilot:
        await pilot.press("2")
        await sees(pilot, "消防主机向境外地址发起连接")
        asked = len(service.did("alerts.show"))
        await pilot.press("ctrl+p")
        await types(pilot, "qhyy")
        await pilot.press("enter")
        await until(pilot, lambda: len(service.did("alerts.show")) > asked)
        await sees(pilot, "Fire panel connects abroad")


@pytest.mark.parametrize(
    ("lang", "said"), [("zh", "尚未认领。请先认领。"), ("en", "is not claimed by anyone. Claim it first.")]
)
async def test_a_refusal_stands_on_the_screen_in_the_consoles_language(lang: str, said: str) -> None:
    service = Service()
    async with console(service, lang=lang) as pilot:
        await pilot.press("3", "f4")
        await until(pilot, lambda: bool(service.did("incidents.claim")))
        await pilot.press("f5")
        await until(pilot, lambda: len(pilot.app.screen_stack) > 1)
        await pilot.press("tab")
        await types(pilot, "why")
        service.incidents["INC-20261124-0001"]["owner"] = ""
        await pilot.press("ctrl+s")
        await sees(pilot, said)


async def test_function_keys_do_the_acts_while_an_input_method_is_on() -> None:
    service = Service()
    async with console(service) as pilot:
        await sees(pilot, "F4 认领")
        await pilot.press("3")
        await sees(pilot, "INC-20261124-0001")
        await pilot.press("f4")
        await sees(pilot, "INC-20261124-0001 已认领")
        for key, form in (("f5", "结论"), ("f6", "系统建议"), ("f9", "报告 INC-20261124-0001")):
            await pilot.press(key)
            await sees(pilot, form)
            await pilot.press("escape")
        await pilot.press("f8")
        await sees(pilot, "尚未研判")
