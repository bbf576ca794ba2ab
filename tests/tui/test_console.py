"""The console by its keys, over a service that answers as the daemon does."""

from __future__ import annotations

from pathlib import Path

import pytest

from shouwang.model import Value
from tests.tui.driving import console, sees, shown, types, until
from tests.tui.fake import Service
from tui.app import ShouwangApp
from tui.widgets.table import VirtualTable
from tui.window import HELD_MAX


async def test_a_shift_from_the_first_look_to_the_closed_incident_by_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    service = Service()
    async with console(service) as pilot:
        await sees(pilot, "INC-20261124-0004 若须报告 08:57 前报省级网信部门")
        await pilot.press("2")
        await sees(pilot, "原始日志 6")
        await pilot.press("a")
        await sees(pilot, "INC-20261124-0001 已认领")

        await pilot.press("t")
        await sees(pilot, "研判 INC-20261124-0001")
        await pilot.press("right", "left", "tab")
        await types(pilot, "消防主机不应出网")
        await pilot.press("ctrl+s")
        await sees(pilot, "INC-20261124-0001 已研判: 真实")

        await pilot.press("g")
        await sees(pilot, "系统建议")
        await pilot.press("tab", "4", "ctrl+s")
        await sees(pilot, "已按事实重算: 建议 II 重大")
        await pilot.press("ctrl+s")
        await sees(pilot, "INC-20261124-0001 定级: II 重大")

        await pilot.press("R")
        await sees(pilot, "网络安全事件报告")
        await pilot.press("ctrl+s")
        await sees(pilot, "已存: ")

        await pilot.press("C")
        await sees(pilot, "办结后不再接收操作")
        await types(pilot, "已隔离")
        await pilot.press("ctrl+s")
        await sees(pilot, "INC-20261124-0001 已办结")
    assert service.did("incidents.triage")[0] == {
        "id": "INC-20261124-0001",
        "disposition": "true",
        "reason": "消防主机不应出网",
    }
    assert service.did("incidents.grade") == [
        {"id": "INC-20261124-0001", "loss": "serious"},
        {"id": "INC-20261124-0001", "grade": "II"},
    ]
    assert service.incidents["INC-20261124-0001"]["state"] == "closed"
    saved = tmp_path / "INC-20261124-0001.md"
    assert "网络安全事件报告" in saved.read_text(encoding="utf-8")
    assert saved.stat().st_mode & 0o777 == 0o600


async def test_the_whole_work_goes_without_letters_too() -> None:
    service = Service()
    async with console(service) as pilot:
        await pilot.press("f3", "ctrl+a")
        await sees(pilot, "INC-20261124-0001 已认领")
        await pilot.press("f10")
        await sees(pilot, "菜单")
        await pilot.press("１")
        await sees(pilot, "研判 INC-20261124-0001")
        await pilot.press("tab")
        await types(pilot, "是")
        await pilot.press("enter", "enter")
        await sees(pilot, "已研判")


async def test_an_override_of_the_grade_needs_a_reason_and_stays_in_the_form_without_one() -> None:
    service = Service()
    async with console(service) as pilot:
        await pilot.press("3", "g")
        await sees(pilot, "系统建议")
        await pilot.press("tab", "tab", "tab", "tab", "right", "ctrl+s")
        await sees(pilot, "与系统建议 III 较大 不同: 请写明理由。")
        await types(pilot, "涉及消防联动")
        await pilot.press("ctrl+s")
        await sees(pilot, "定级: II 重大")
    assert service.did("incidents.grade") == [{"id": "INC-20261124-0001", "grade": "II", "reason": "涉及消防联动"}]


async def test_what_the_incident_is_not_ready_for_is_said_and_not_sent() -> None:
    service = Service()
    async with console(service) as pilot:
        await pilot.press("3", "t")
        await sees(pilot, "INC-20261124-0001 尚未认领, 请先认领 (F4)。")
    assert service.did("incidents.triage") == []


async def test_a_refusal_is_a_sentence_with_its_hint_and_the_form_keeps_what_was_typed() -> None:
    service = Service()
    async with console(service) as pilot:
        await pilot.press("3", "a")
        await sees(pilot, "已认领")
        await pilot.press("t")
        await sees(pilot, "结论")
        await pilot.press("tab")
        await types(pilot, "keep me")
        service.incidents["INC-20261124-0001"]["owner"] = ""
        await pilot.press("ctrl+s")
        await sees(pilot, "尚未认领。请先认领。")
        assert "keep me" in "\n".join(shown(pilot))


async def test_an_auditor_sees_everything_and_is_told_that_he_changes_nothing() -> None:
    service = Service(role="auditor")
    async with console(service) as pilot:
        await pilot.press("3")
        await sees(pilot, "法定时限")
        assert "认领" not in shown(pilot)[-1]
        await pilot.press("a")
        await sees(pilot, "审计员只读, 不能认领。")
    assert service.did("incidents.claim") == []


async def test_a_lost_daemon_is_said_in_words_and_found_again_without_help() -> None:
    service = Service()
    async with console(service) as pilot:
        service.lost = True
        await sees(pilot, "与守护进程断开, 每 2 秒重试")
        await pilot.press("3", "a")
        service.lost = False
        await until(pilot, lambda: "断开" not in "\n".join(shown(pilot)))
        await sees(pilot, "法定时限")


async def test_a_drill_says_so_above_everything() -> None:
    async with console(Service(drill=True)) as pilot:
        assert shown(pilot)[0].startswith(" 演练 演练 演练")


async def test_neither_escape_nor_q_ever_leaves_and_leaving_asks_with_staying_as_default() -> None:
    async with console(Service()) as pilot:
        await pilot.press("escape", "q", "2", "enter", "q", "q", "escape", "ctrl+q")
        await sees(pilot, "离开控制台")
        await pilot.press("enter")
        await until(pilot, lambda: "离开控制台" not in "\n".join(shown(pilot)))
        assert pilot.app.is_running
        await pilot.press("ctrl+q")
        await sees(pilot, "离开控制台")
        await pilot.press("right", "enter")
    assert pilot.app.return_value == 0


async def test_the_bell_rings_for_a_new_critical_alert_and_not_for_the_old_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rung: list[bool] = []
    monkeypatch.setattr(ShouwangApp, "bell", lambda _self: rung.append(True))
    service = Service(alerts=5)
    async with console(service) as pilot:
        await sees(pilot, "消防主机向境外地址发起连接")
        assert rung == []
        service.alert_count = 8
        await until(pilot, lambda: bool(rung))
        await sees(pilot, "C 危  A-20924")


async def test_the_cursor_stays_on_its_alert_when_alerts_arrive_above() -> None:
    service = Service(alerts=500)
    async with console(service) as pilot:
        await pilot.press("2")
        await sees(pilot, "A-20929")
        await pilot.press("j", "j")
        table = pilot.app.screen.query_one("#list", VirtualTable)
        chosen = table.chosen
        make = service.alert

        def shifted(number: int) -> dict[str, Value]:
            return make(number - 3) if number >= 3 else make(number) | {"id": f"A-3000{number}"}

        monkeypatched: object = service
        object.__setattr__(monkeypatched, "alert", shifted)
        service.alert_count = 503
        await until(pilot, lambda: table.window.total == 503)
        assert (table.chosen, table.window.cursor) == (chosen, 5)


async def test_a_hundred_thousand_alerts_are_walked_by_windows() -> None:
    service = Service(alerts=100_000)
    async with console(service) as pilot:
        await pilot.press("2")
        await sees(pilot, "告警 100,000")
        await pilot.press("end")
        await sees(pilot, "A-X99999")
        await pilot.press("pageup", "home")
        await sees(pilot, "> C 危")
        table = pilot.app.screen.query_one("#list", VirtualTable)
        held = sum(table.window.row(index) is not None for index in range(100_000))
    assert held <= HELD_MAX
    assert all(int(str(args.get("limit"))) <= 200 for args in service.did("alerts.list"))


async def test_the_live_log_follows_pauses_when_one_looks_back_and_counts_what_is_new() -> None:
    service = Service()
    async with console(service) as pilot:
        await pilot.press("7")
        await sees(pilot, "port 40119")
        await sees(pilot, "跟踪: 开")
        service.arrive(1, {"message": "arrived while following"})
        await sees(pilot, "arrived while following")
        await pilot.press("k")
        await sees(pilot, "跟踪: 停")
        service.arrive(7, {"message": "arrived while looking back"})
        await sees(pilot, "7 条新")
        await pilot.press("Z")
        await sees(pilot, "已冻结")
        service.arrive(1, {"message": "arrived while frozen"})
        await sees(pilot, "8 条新")
        assert "arrived while frozen" not in "\n".join(shown(pilot))
        await pilot.press("Z", "F")
        await sees(pilot, "arrived while frozen")
        await sees(pilot, "跟踪: 开")


async def test_a_search_shows_what_was_found_an_event_whole_and_where_a_query_is_wrong() -> None:
    service = Service()
    async with console(service) as pilot:
        await pilot.press("7", "/")
        await types(pilot, "source.port:40007")
        await pilot.press("enter")
        await sees(pilot, "检索结果 1  范围 24 小时")
        await pilot.press("enter")
        await sees(pilot, "ssh_login_failed")
        await pilot.press("escape", "w")
        await sees(pilot, "范围 7 天")
        await pilot.press("/", "end")
        await types(pilot, " (")
        await pilot.press("enter")
        await sees(pilot, "at character 7: a ) is missing. See docs/reference.")
        await pilot.press("escape", "escape")
        await sees(pilot, "实时日志")
    assert service.did("events.search")[-1]["since"] == "7d"


async def test_a_finding_that_is_cut_in_the_list_is_said_whole_at_enter() -> None:
    async with console(Service(), size=(80, 24)) as pilot:
        await sees(pilot, "有 2 条规则未能加载")
        await pilot.press("end", "enter")
        await sees(pilot, "`shouwang rules list` 可查看是哪些。")


async def test_a_filter_narrows_the_list_and_a_word_it_does_not_know_is_named() -> None:
    service = Service()
    async with console(service) as pilot:
        await pilot.press("2", "/")
        await types(pilot, "危 open")
        await pilot.press("enter")
        await sees(pilot, "告警 4")
        await pilot.press("fullwidth_solidus", "end")
        await types(pilot, " foo")
        await pilot.press("enter")
        await sees(pilot, "看不懂: foo")


async def test_the_palette_finds_by_initials_and_changes_the_language_while_running() -> None:
    async with console(Service()) as pilot:
        await pilot.press("ctrl+p")
        await types(pilot, "qhyy")
        await pilot.press("enter")
        await sees(pilot, "Look first")
        await sees(pilot, "1 Overview")
        await pilot.press("2")
        await sees(pilot, "C Crit")


async def test_the_language_is_the_sites_unless_one_is_asked_for() -> None:
    async with console(Service(language="en")) as pilot:
        await sees(pilot, "Look first")
    async with console(Service(language="en"), lang="zh") as pilot:
        await sees(pilot, "先看这里")
