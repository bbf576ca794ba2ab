"""Silences at the console: set from an alert, seen while they hold, and when they have ended."""

from __future__ import annotations

from tests.tui.driving import console, sees, types, until
from tests.tui.fake import Service
from tui.filters import alerts


async def test_an_alert_is_silenced_with_a_reason_and_an_end_and_its_meaning_is_said_before() -> None:
    service = Service()
    async with console(service) as pilot:
        await pilot.press("2")
        await sees(pilot, "A-20931")
        await pilot.press("x")
        await sees(pilot, "范围: 规则为 SSH 暴力破解")
        await sees(pilot, "过去 24 小时会压制 3 条告警")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: service.did("silences.add") == [])
        await types(pilot, "自有扫描器")
        await pilot.press("ctrl+s")
        await sees(pilot, "S-1 生效至")
        await pilot.press("1")
        await sees(pilot, "静默与维护")
    assert service.did("silences.add") == [{"alert": "A-20931", "reason": "自有扫描器", "until": "8h"}]


async def test_silences_are_listed_and_one_is_ended_after_being_asked_twice() -> None:
    service = Service()
    service.call("silences.add", alert="A-20931")
    async with console(service) as pilot:
        await pilot.press("ctrl+p")
        await types(pilot, "jmlb")
        await pilot.press("enter")
        await sees(pilot, "S-1 ")
        await pilot.press("enter")
        await sees(pilot, "再按 Enter 立即结束 S-1")
        assert service.did("silences.end") == []
        await pilot.press("enter")
        await sees(pilot, "S-1 已结束")
    assert service.did("silences.end") == [{"id": "S-1"}]
    assert service.holds == []


async def test_works_are_begun_listed_and_ended() -> None:
    service = Service()
    async with console(service, lang="en") as pilot:
        await pilot.press("ctrl+p")
        await types(pilot, "maintenance")
        await pilot.press("enter")
        await sees(pilot, "No maintenance windows")
        await pilot.press("f4")
        await sees(pilot, "Begin works")
        await pilot.press("ctrl+s")
        await sees(pilot, "Say on what")
        await types(pilot, "host.name=db-01")
        await pilot.press("tab", "tab")
        await types(pilot, "new disk")
        await pilot.press("ctrl+s")
        await sees(pilot, "M-1 holds until")
        await pilot.press("ctrl+p")
        await types(pilot, "whck")
        await pilot.press("enter")
        await sees(pilot, "host.name=db-01")
        await pilot.press("enter")
        await sees(pilot, "Enter again ends M-1 now")
        await pilot.press("enter")
        await sees(pilot, "M-1 has ended")
    assert service.did("maintenance.add") == [{"match": ["host.name=db-01"], "reason": "new disk", "until": "2h"}]
    assert service.works == []


async def test_what_a_silence_held_is_said_when_it_has_ended() -> None:
    service = Service()
    service.over = [
        {"id": "S-3", "what": "rule is x", "until": service.samples.at(hours=1), "held": {"alerts": 4, "events": 90}}
    ]
    async with console(service, lang="en") as pilot:
        await sees(pilot, "S-3 has ended; held: alerts 4, events 90")


async def test_a_held_alert_says_by_what_in_the_list_and_in_its_detail() -> None:
    service = Service(alerts=2)
    service.changed["A-20931"] = {"suppressed_by": {"kind": "silence", "id": "S-3", "why": "自有扫描器"}}
    async with console(service) as pilot:
        await pilot.press("2")
        await sees(pilot, "[S-3]")
        await sees(pilot, "静默 S-3: 自有扫描器")


async def test_an_auditor_is_told_that_he_silences_nothing() -> None:
    service = Service(role="auditor")
    async with console(service) as pilot:
        await pilot.press("2")
        await sees(pilot, "A-20931")
        await pilot.press("x")
        await sees(pilot, "审计员")
    assert service.did("silences.preview") == []


def test_the_filter_reaches_what_is_held() -> None:
    assert alerts("held") == alerts("压制") == {"state": "open", "held": True}
    assert alerts("s-3") == {"state": "open", "held_by": "S-3"}
