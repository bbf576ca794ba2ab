"""What the system says about itself stands back in the live log, is counted, and comes when it is asked for."""

from __future__ import annotations

import pytest

from tests.tui.driving import console, sees, shown, types, until
from tests.tui.fake import Service


async def test_the_live_log_of_a_quiet_host_shows_its_logs_and_counts_its_own_metrics() -> None:
    service = Service()
    service.beat(600)
    service.beat(2, "shouwang.self")
    async with console(service) as pilot:
        await pilot.press("7")
        await sees(pilot, "port 40119")
        await sees(pilot, "已隐藏本机指标 600, 自身通知 2 (o 显示)")
        assert "host.metrics" not in "\n".join(shown(pilot))
        service.beat(7)
        service.arrive(1, {"message": "a real line"})
        await sees(pilot, "a real line")
        await sees(pilot, "已隐藏本机指标 607")


async def test_own_metrics_do_not_count_as_new_lines_while_one_looks_back() -> None:
    service = Service()
    async with console(service) as pilot:
        await pilot.press("7")
        await sees(pilot, "port 40119")
        await pilot.press("k")
        await sees(pilot, "跟踪: 停")
        service.beat(5)
        service.arrive(2)
        await sees(pilot, "2 条新")
        await sees(pilot, "已隐藏本机指标 5 ")


@pytest.mark.parametrize("key", ["o", "ｏ", "ctrl+o"])
async def test_a_key_shows_them_with_the_lines_of_before_and_hides_them_again(key: str) -> None:
    service = Service()
    service.beat(30)
    async with console(service) as pilot:
        await pilot.press("7")
        await sees(pilot, "已隐藏本机指标 30 (o 显示)")
        await pilot.press(key)
        await sees(pilot, "含本机指标 (o 隐藏)")
        await sees(pilot, "host.metrics")
        await pilot.press(key)
        await sees(pilot, "已隐藏本机指标 30 (o 显示)")
        await until(pilot, lambda: "host.metrics" not in "\n".join(shown(pilot)))


async def test_a_search_finds_own_metrics_and_says_that_it_hides_nothing() -> None:
    service = Service()
    service.beat(3)
    async with console(service, lang="en") as pilot:
        await pilot.press("7", "/")
        await types(pilot, "event.dataset:host.metrics")
        await pilot.press("enter")
        await sees(pilot, "Found 3")
        assert "hidden" not in "\n".join(shown(pilot))
        await pilot.press("o")
        await sees(pilot, "A search never hides own metrics.")
        await pilot.press("escape")
        await sees(pilot, "own metrics hidden: 3 (o shows)")
