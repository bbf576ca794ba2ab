"""Why an incident has its grade, and what is not known about it, stand before the person who confirms it."""

from __future__ import annotations

import pytest

from tests.tui.driving import console, sees, shown
from tests.tui.fake import Service

SAID = {
    "zh": (
        "5.3  事实: 资产登记",
        "1.4 (未核实)  事实: 未陈述",
        "未询问, 由人判断: 国家网络安全事件应急预案 1.4 特别重大 b) c)",
    ),
    "en": (
        "5.3  facts: from the asset register",
        "1.4 (text not verified)  facts: not stated",
        "not asked, for a person to judge",
    ),
}


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_each_reason_says_how_its_facts_are_known_and_whether_its_clause_was_read(lang: str) -> None:
    async with console(Service(), lang=lang, size=(170, 60)) as pilot:
        await pilot.press("3")
        for said in SAID[lang]:
            await sees(pilot, said)
        await pilot.press("f6")
        await sees(pilot, SAID[lang][0])


async def test_what_nobody_is_asked_about_takes_no_line_of_its_own_each() -> None:
    async with console(Service(), size=(170, 60)) as pilot:
        await pilot.press("3")
        await sees(pilot, SAID["zh"][2])
        assert len([line for line in shown(pilot) if "未询问" in line]) == 1


async def test_an_incident_of_imported_records_says_so_in_the_list_and_when_it_happened() -> None:
    async with console(Service()) as pilot:
        await pilot.press("3")
        await sees(pilot, "[导入] 停车道闸指令重放")
        await pilot.press("end")
        await sees(pilot, "2026-11-04 08:24:06 .. 2026-11-05 08:24:06")
        await sees(pilot, "来自导入的记录")
