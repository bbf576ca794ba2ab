"""Every line as wide as the window, in both languages and at every width."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.tui.driving import console, sees, shown, until, widths
from tests.tui.fake import Service
from tui.present import layout
from tui.widgets.table import GUTTER, VirtualTable


async def test_help_scrolls_to_its_end_in_the_smallest_window() -> None:
    async with console(Service(), size=(80, 24)) as pilot:
        await pilot.press("f1")
        await sees(pilot, "各屏通用")
        await pilot.press("end")
        await sees(pilot, "按住 Shift 拖动鼠标")
        await pilot.press("escape")


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_every_line_of_every_screen_is_exactly_as_wide_as_the_window(lang: str) -> None:
    walk = (
        ["1"],
        ["2", "enter"],
        ["escape", "3", "enter"],
        ["escape", "7", "enter"],
        ["f1"],
        ["escape", "f10"],
        ["escape"],
    )
    async with console(Service(), lang=lang) as pilot:
        for width, height in ((80, 24), (120, 36), (170, 45)):
            await pilot.resize_terminal(width, height)
            for keys in walk:
                await pilot.press(*keys)
                await pilot.pause()
                assert widths(pilot) == {width}, keys


async def test_three_layouts_by_width() -> None:
    for size, detail_beside in (((80, 24), False), (((120, 36)), True), ((170, 45), True)):
        async with console(Service(), size=size) as pilot:
            await pilot.press("2")
            await sees(pilot, "A-20931")
            await until(pilot, lambda beside=detail_beside: ("原始日志" in "\n".join(shown(pilot))) == beside)  # type: ignore[misc]  # mypy cannot infer the default
            await pilot.press("enter")
            await sees(pilot, "原始日志 6")


async def test_the_last_line_says_how_to_get_back_once_something_is_open() -> None:
    async with console(Service(), size=(80, 24)) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: "Enter 打开" in shown(pilot)[-1] and "Esc" not in shown(pilot)[-1])
        await pilot.press("enter")
        await until(pilot, lambda: "Esc 返回" in shown(pilot)[-1] and "Enter" not in shown(pilot)[-1])
        await pilot.press("escape", "/")
        await until(pilot, lambda: "Esc 返回" in shown(pilot)[-1])


async def test_a_window_that_is_too_small_says_what_is_needed() -> None:
    async with console(Service(), size=(70, 20)) as pilot:
        await sees(pilot, "需要至少 80 列 24 行")


async def test_the_plain_skin_draws_with_ascii_alone_around_the_words() -> None:
    async with console(Service(), lang="en", ascii_only=True) as pilot:
        await sees(pilot, "Look first")
        frames = set("".join(shown(pilot))) & set("│─╭╮╰╯█░▁▂▃▄▅▆▇")
    assert not frames


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 100, 110, 150, 170])
async def test_the_overview_keeps_the_grade_and_the_count_at_every_width(lang: str, width: int) -> None:
    async with console(Service(), size=(width, 40), lang=lang) as pilot:
        titles = {name: _titles(pilot, name) for name in ("queue", "grave")}
    assert ("级别" if lang == "zh" else "Grade") in titles["queue"]
    if width >= 100:
        assert {"级别", "次数"} <= set(titles["grave"]) or {"Level", "Count"} <= set(titles["grave"])


def _titles(pilot: Pilot[int], name: str) -> list[str]:
    """The columns that a list of the overview has room for."""
    table = pilot.app.screen.query_one(f"#{name}", VirtualTable)
    room = layout(table.columns, table.scrollable_content_region.width - GUTTER)
    return [column.title for column, width in zip(table.columns, room, strict=True) if width]
