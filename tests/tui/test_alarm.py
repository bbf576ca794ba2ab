"""The bell rings until somebody answers, is muted for a stated time, and comes back by itself."""

from __future__ import annotations

import pytest

from tests.tui.driving import console, sees, shown, until
from tests.tui.fake import Service
from tui.alarm import AGAIN_S, FIRST_AGAIN_S, Alarm, Caller
from tui.app import ShouwangApp
from tui.bell import PRESENT_S


class Time:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def caller(name: str, *, incident: str = "", claimed: bool = False) -> Caller:
    return Caller(name, incident or f"INC-{name}", "title", claimed)


def rings(alarm: Alarm, time: Time, seconds: int) -> list[int]:
    """After how many seconds it rang."""
    start = time.seconds
    heard = []
    for second in range(seconds + 1):
        time.seconds = start + second
        if alarm.ring():
            heard.append(second)
    return heard


def test_what_nobody_claims_rings_again_after_half_a_minute_and_then_each_minute() -> None:
    time = Time()
    alarm = Alarm(time)
    alarm.take([])
    alarm.take([caller("A-1")])
    assert rings(alarm, time, 200) == [0, FIRST_AGAIN_S, FIRST_AGAIN_S + AGAIN_S, FIRST_AGAIN_S + 2 * AGAIN_S]


def test_what_stood_there_before_the_console_is_not_new_and_rings_a_little_later_all_the_same() -> None:
    time = Time()
    alarm = Alarm(time)
    alarm.take([caller("A-1")])
    assert rings(alarm, time, 60) == [FIRST_AGAIN_S]


@pytest.mark.parametrize("end", ["claimed", "closed", "seen", "incident seen"])
def test_what_was_claimed_closed_or_seen_does_not_ring_again(end: str) -> None:
    time = Time()
    alarm = Alarm(time)
    alarm.take([])
    alarm.take([caller("A-1")])
    assert alarm.ring()
    if end == "seen":
        alarm.see(["A-1"])
    elif end == "incident seen":
        alarm.see(["INC-A-1"])
    else:
        alarm.take([caller("A-1", claimed=True)] if end == "claimed" else [])
    assert (rings(alarm, time, 300), alarm.waiting) == ([], 0)


def test_an_alert_that_joins_an_incident_already_seen_rings_and_goes_on_ringing() -> None:
    time = Time()
    alarm = Alarm(time)
    alarm.take([caller("A-1", incident="INC-1")])
    alarm.see(["INC-1"])
    alarm.take([caller("A-2", incident="INC-1"), caller("A-1", incident="INC-1")])
    assert rings(alarm, time, 60) == [0, FIRST_AGAIN_S]


def test_an_alert_of_an_incident_that_has_its_owner_rings_once() -> None:
    time = Time()
    alarm = Alarm(time)
    alarm.take([])
    alarm.take([caller("A-1", claimed=True)])
    assert rings(alarm, time, 300) == [0]


def test_an_incident_that_becomes_grave_under_ones_hands_does_not_ring() -> None:
    time = Time()
    alarm = Alarm(time)
    alarm.take([])
    alarm.take([Caller("INC-1", "INC-1", "title", claimed=False)])
    alarm.see(["INC-1"])
    assert rings(alarm, time, 300) == []


def test_a_flood_rings_no_more_often_than_one() -> None:
    time = Time()
    alarm = Alarm(time)
    alarm.take([])
    alarm.take([caller(f"A-{number}") for number in range(100)])
    assert rings(alarm, time, 100) == [0, FIRST_AGAIN_S, FIRST_AGAIN_S + AGAIN_S]


def test_a_mute_ends_by_itself_and_what_came_meanwhile_rings_then() -> None:
    time = Time()
    alarm = Alarm(time)
    alarm.take([])
    alarm.mute(5)
    alarm.take([caller("A-1")])
    assert rings(alarm, time, 320) == [300]
    assert alarm.muted_s == 0
    alarm.mute(5)
    alarm.mute(0)
    assert alarm.muted_s == 0


async def test_the_console_rings_again_until_the_alert_was_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[bool] = []
    monkeypatch.setattr(ShouwangApp, "bell", lambda _self: rung.append(True))
    time = Time()
    service = Service(alerts=1)
    async with console(service, monotonic=time) as pilot:
        await sees(pilot, "响铃 1  M 静音")
        time.seconds += FIRST_AGAIN_S
        await until(pilot, lambda: len(rung) == 1)
        await sees(pilot, "仍无人认领或查看 (1 条): A-20931  消防主机向境外地址发起连接")
        time.seconds += AGAIN_S
        await until(pilot, lambda: len(rung) == 2)
        await pilot.press("2")
        await until(pilot, lambda: "响铃" not in "\n".join(shown(pilot)))
        assert len(rung) == 2


async def test_an_alert_that_comes_under_the_cursor_of_an_empty_desk_is_not_seen() -> None:
    time = Time()
    service = Service(alerts=0)
    async with console(service, monotonic=time) as pilot:
        await pilot.press("2")
        await sees(pilot, "没有符合条件的告警")
        time.seconds += PRESENT_S + 1
        service.alert_count = 1
        await sees(pilot, "详情 A-20931")
        await sees(pilot, "响铃 1")
        await pilot.press("j")
        await until(pilot, lambda: "响铃" not in "\n".join(shown(pilot)))


@pytest.mark.parametrize(
    ("lang", "left", "again"), [("zh", "静音 剩 14:", "恢复响铃"), ("en", "muted, 14:", "rings again")]
)
async def test_a_mute_shows_the_time_that_is_left_on_every_screen_and_can_be_ended(
    lang: str, left: str, again: str
) -> None:
    time = Time()
    async with console(Service(), lang=lang, monotonic=time, size=(80, 24)) as pilot:
        await pilot.press("M", "right", "enter")
        await sees(pilot, "15 分钟" if lang == "zh" else "15 minutes")
        time.seconds += 1
        for screen in ("1", "2", "3", "7"):
            await pilot.press(screen)
            await sees(pilot, left)
        await pilot.press("ctrl+n", "4", "enter")
        await sees(pilot, again)
        await until(pilot, lambda: left not in "\n".join(shown(pilot)))
