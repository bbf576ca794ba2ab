"""Silences and maintenance windows as people set them: who may, what is refused, what is seen of it."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from shouwang.api.table import perform
from shouwang.clock import ManualClock
from shouwang.errors import AccessError, UsageError
from shouwang.model import Holder, Severity, Suppression, Value
from shouwang.wiring import Services
from tests.unit.state.conftest import NOON_US
from tests.unit.state.samples import ALERT

HOUR_US = 3_600_000_000
Json = dict[str, Value]
SEEN = replace(
    ALERT, id="A-1", key="k1", rule_id="intel:c2", severity=Severity.CRITICAL, last_us=NOON_US - HOUR_US, count=4,
    entities={"source.ip": ("10.20.3.7",), "host.name": ("gate-01",)}, group=(), incident_id="", suppression=None,
)  # fmt: skip


def done(services: Services, user: str, act: str, **args: Value) -> Json:
    return cast(Json, perform(services, user, act, args, lang="en"))


@pytest.fixture
def noisy(services: Services) -> Services:
    with services.state.work() as tx:
        tx.alerts.put(SEEN)
    return services


def test_a_silence_says_in_both_languages_what_it_means_and_what_it_would_have_held(noisy: Services) -> None:
    made = done(noisy, "ana", "silences.add", alert="A-1", reason="known scanner", until="8h")
    assert made["what"] == "rule is intel:c2, and source.ip is 10.20.3.7"
    assert made["would_have_held"] == {"alerts": 1, "events": 4}
    assert (made["id"], made["state"], made["owner"], made["remaining_s"]) == ("S-1", "active", "ana", 8 * 3600)
    (listed,) = cast("list[Json]", cast(Json, perform(noisy, "aud", "silences.list", {}, lang="zh"))["silences"])
    assert listed["what"] == "规则为 intel:c2，且来源地址为 10.20.3.7"
    (entry,) = noisy.state.trail.list(limit=10)[1]
    assert (entry.actor, entry.role, entry.act, entry.target) == ("ana", "analyst", "silences.add", "S-1")


@pytest.mark.parametrize(
    ("match", "reason", "until"),
    [
        (["source.ip=10.20.3.7"], "known scanner", "8h"),  # everything critical from there
        (["rule=intel:c2"], "known scanner", "8h"),  # everything critical of a rule
        (["severity=low"], "known scanner", "8h"),  # everything
        (["rule=intel:c2", "source.ip=10.0.0.0/8"], "known scanner", "8h"),  # nobody in particular
        (["rule=intel:c2", "source.ip=10.20.3.7"], " ", "8h"),
        (["rule=intel:c2", "source.ip=10.20.3.7"], "known scanner", "8d"),
        (["rule=intel:c2", "source.ip=10.20.3.7"], "known scanner", "2025-11-25T11:59"),
        (["rule=intel:c2", "source.ip=10.20.3.7/8"], "known scanner", "8h"),
        (["rule=no such rule"], "known scanner", "8h"),
        (["asset=none", "severity=high"], "known scanner", "8h"),
        (["colour=red"], "known scanner", "8h"),
        ([], "known scanner", "8h"),
    ],
)
def test_an_analyst_may_not_silence_too_much_too_long_or_without_a_reason(
    noisy: Services, match: list[Value], reason: str, until: str
) -> None:
    with pytest.raises(UsageError):
        done(noisy, "ana", "silences.add", match=match, reason=reason, until=until)
    assert noisy.state.holds.over_after(0) == []
    assert noisy.state.trail.list(limit=10)[1] == []


def test_an_administrator_may_silence_more_and_an_auditor_nothing(noisy: Services) -> None:
    asked: Json = {"match": ["source.ip=10.20.3.0/24"], "reason": "known scanner", "until": "30d"}
    with pytest.raises(AccessError):
        done(noisy, "aud", "silences.add", **asked)
    assert done(noisy, "adm", "silences.add", **asked)["id"] == "S-1"
    with pytest.raises(UsageError, match="90 days"):
        done(noisy, "adm", "silences.add", **{**asked, "until": "91d"})


def test_what_a_silence_held_is_shown_when_it_has_ended(noisy: Services, clock: ManualClock) -> None:
    done(noisy, "ana", "silences.add", alert="A-1", reason="known scanner", until="8h")
    with noisy.state.work() as tx:
        tx.alerts.put(replace(SEEN, id="A-2", key="k2", suppression=Suppression(Holder.SILENCE, "S-1", "known")))
    listed = done(noisy, "aud", "alerts.list")
    assert ([each["id"] for each in cast("list[Json]", listed["alerts"])], listed["hidden"]) == (["A-1"], 1)
    assert done(noisy, "aud", "alerts.list", held=True)["total"] == 2
    clock.advance(60)
    ended = done(noisy, "adm", "silences.end", id="S-1")
    assert (ended["state"], ended["held"], ended["ended_by"]) == ("over", {"alerts": 1, "events": 4}, "adm")
    noise = cast(Json, done(noisy, "aud", "status")["noise"])
    assert [each["id"] for each in cast("list[Json]", noise["ended"])] == ["S-1"]
    (held,) = cast("list[Json]", done(noisy, "aud", "alerts.list", held_by="S-1")["alerts"])
    assert held["suppressed_by"] == {"kind": "silence", "id": "S-1", "why": "known"}
    assert done(noisy, "aud", "silences.list")["silences"] == []
    with pytest.raises(UsageError, match="over already"):
        done(noisy, "adm", "silences.end", id="S-1")


def test_works_are_planned_ahead_and_weekly_ones_are_an_administrators(services: Services, clock: ManualClock) -> None:
    asked: Json = {
        "match": ["host.name=gate-01"], "reason": "patching", "starts": "2025-11-30T02:00", "until": "2h",
    }  # fmt: skip
    assert done(services, "ana", "maintenance.add", **asked)["state"] == "planned"
    weekly: Json = {**asked, "weekly": True, "last": "2026-01-01"}
    with pytest.raises(UsageError):
        done(services, "ana", "maintenance.add", **weekly)
    done(services, "adm", "maintenance.add", **weekly)
    clock.advance((4 * 24 + 15 + 7 * 24) * 3600)  # 2025-12-07T03:00
    (window,) = cast("list[Json]", done(services, "aud", "maintenance.list")["maintenance"])
    assert (window["state"], window["remaining_s"]) == ("active", 3600)
    assert str(window["from"]).startswith("2025-12-07T02:00")
