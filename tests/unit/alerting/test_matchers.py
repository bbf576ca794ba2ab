"""What matchers mean, and when weekly works are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from detection.noise.maintenance import Window
from detection.noise.matchers import Subject, of_pairs, read
from detection.noise.silence import Silence
from shouwang.errors import UsageError
from shouwang.model import Severity

BERLIN = ZoneInfo("Europe/Berlin")


def subject(**entities: str | tuple[str, ...]) -> Subject:
    named = {name.replace("_", "."): (value,) if isinstance(value, str) else value for name, value in entities.items()}
    return Subject("r", Severity.HIGH, ("attack.T1110",), named, "gate")


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        (["source.ip=10.20.3.0/24"], True),
        (["source.ip=10.20.3.7"], True),
        (["source.ip=::ffff:10.20.3.7"], True),
        (["source.ip=10.20.4.0/24", "source.ip=10.20.3.7"], True),
        (["source.ip=10.20.4.0/24"], False),
        (["user.name=ADMIN"], True),
        (["user.name=adm"], False),
        (["host.name=gate-01", "user.name=other"], False),
        (["process.name=sshd"], False),
        (["severity=high"], True),
        (["severity=medium"], False),
        (["tag=ATTACK.t1110"], True),
        (["asset=gate"], True),
        (["rule=r", "rule=s"], True),
        ([], False),
    ],
)
def test_every_name_must_fit_and_of_one_name_any_value(asked: list[str], fits: bool) -> None:
    seen = subject(source_ip="::ffff:10.20.3.7", user_name="admin", host_name="GATE-01")
    assert read(of_pairs(asked)).fit([seen]) is fits


def test_severity_means_no_graver_and_an_address_is_read_without_brackets_and_zone() -> None:
    assert read({"severity": ["critical"]}).fit([subject()])
    assert read({"source.ip": ["[fe80::1%eth0]"]}).fit([subject(source_ip="fe80::1")])


def test_a_window_that_was_ended_is_over_then_and_a_weekly_one_begins_none_after_its_last_day() -> None:
    ended_us = us("2026-03-22T04:00")
    assert weekly(ended_us).over_us == ended_us
    assert weekly().over_us == us("2026-05-01") + us("2026-03-15T05:00") - us("2026-03-15T03:00")
    at_its_end = replace(weekly(), until_us=us("2026-04-26T04:00"))
    assert at_its_end.under_way(us("2026-04-26T04:30"), BERLIN)


def test_an_address_that_is_none_and_a_second_one_elsewhere_do_not_fit() -> None:
    matchers = read({"source.ip": ["10.20.3.0/24"]})
    assert not matchers.fit([subject(source_ip="10.20.3.7/24")])
    assert not matchers.fit([subject(source_ip=("10.20.3.7", "203.0.113.9"))])
    assert not matchers.fit([subject(source_ip="10.20.3.7"), subject(host_name="gate-01")])
    assert not matchers.fit([])


def test_a_meaning_is_a_sentence_in_both_languages() -> None:
    said = read({"severity": ["high"], "source.ip": ["10.0.0.0/16", "192.0.2.7"], "tag": ["x"]}).sentence()
    assert said.zh == "标签含 x，且级别不高于高，且来源地址在 10.0.0.0/16 或 192.0.2.7 内"
    assert said.en == "tag is x, and severity is high or less, and source.ip is within 10.0.0.0/16 or 192.0.2.7"


def test_a_wide_network_names_nobody() -> None:
    widths = {
        "10.0.0.0/16": True,
        "10.0.0.0/15": False,
        "0.0.0.0/0": False,
        "2001:db8::/48": True,
        "2001:db8::/47": False,
    }
    assert {text: read({"source.ip": [text]}).names_whom for text in widths} == widths


@pytest.mark.parametrize("pair", ["source.ip", "source.ip=", "=x", "source.ip=10.0.0.1/8", "severity=loud", "color=x"])
def test_what_cannot_be_meant_is_refused(pair: str) -> None:
    with pytest.raises(UsageError):
        read(of_pairs([pair]))


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()) * 1_000_000


def weekly(ended_us: int = 0) -> Window:
    times = (us("2026-03-15T03:00"), us("2026-03-15T05:00"))
    matchers, until_us = read({"host.name": ["a"]}), us("2026-05-01")
    return Window("M-1", matchers, "w", "works", 0, *times, weekly=True, until_us=until_us, ended_us=ended_us)


def test_weekly_works_keep_their_hour_when_the_clocks_change_and_end_with_their_last_day() -> None:
    window = weekly()
    inside = {"2026-03-15T03:00", "2026-03-22T04:59", "2026-03-29T03:00", "2026-03-29T04:59", "2026-04-26T03:30"}
    outside = {"2026-03-15T02:59", "2026-03-15T05:00", "2026-03-29T05:00", "2026-04-05T02:59", "2026-05-03T03:30"}
    assert {text for text in inside | outside if window.under_way(us(text), BERLIN)} == inside
    assert window.next(us("2026-03-29T12:00"), BERLIN) == (us("2026-04-05T03:00"), us("2026-04-05T05:00"))
    assert window.next(us("2026-04-30T12:00"), BERLIN) is None


def test_a_window_and_a_silence_that_were_ended_hold_nothing_from_then_on() -> None:
    window = weekly(ended_us=us("2026-03-22T04:00"))
    times = [window.under_way(us(f"2026-03-{day}T03:30"), BERLIN) for day in (15, 22, 29)]
    assert [times[0] is not None, times[1], times[2]] == [True, (us("2026-03-22T03:00"), us("2026-03-22T04:00")), None]
    planned = Silence("S-1", read({"rule": ["r"]}), "w", "known", 0, 100, 200, ended_us=50)
    assert not any(planned.holds_at(time_us) for time_us in range(0, 300, 10))
