"""Silences and maintenance windows as people set them: who may, what is refused, what is seen of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import yaml

from detection.naive import holds
from shouwang.api.table import perform
from shouwang.clock import ManualClock
from shouwang.errors import AccessError, RulesError, UsageError
from shouwang.home import Home
from shouwang.model import Event, Holder, Severity, Suppression, Value
from shouwang.wiring import Services
from tests.unit.detection.sample import event
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


BACKUP_RULE = """\
title: Somebody read everything
id: 3f1a7c9e-5b1d-4c8e-9a70-6d2f0b1c4e55
status: test
logsource: {product: linux}
detection:
  selection: {message|contains: read}
  condition: selection
level: high
"""
BACKUP_ALERT = replace(SEEN, id="A-7", key="k7", rule_id="3f1a7c9e-5b1d-4c8e-9a70-6d2f0b1c4e55")


def test_an_exception_from_an_alert_is_a_filter_document_in_force_at_once(services: Services, home: Home) -> None:
    (home.rules / "own.yml").write_text(BACKUP_RULE, encoding="utf-8")
    services.keeper.reload()
    with services.state.work() as tx:
        tx.alerts.put(BACKUP_ALERT)
    asked: Json = {
        "id": "A-7",
        "fields": [r"user.name=corp\backup*", "source.ip=10.20.3.0/24"],
        "reason": "nightly copy",
    }
    with pytest.raises(AccessError):
        done(services, "ana", "alerts.except", **asked)
    draft = done(services, "adm", "alerts.except", **asked, draft=True)
    assert (draft["path"], list(home.rules.glob("exceptions/*"))) == (None, [])
    made = done(services, "adm", "alerts.except", **asked)
    document = yaml.safe_load(Path(str(made["path"])).read_text(encoding="utf-8"))
    assert (document["author"], document["description"]) == ("adm", "nightly copy (A-7)")
    assert document["filter"] == {
        "rules": [BACKUP_ALERT.rule_id],
        "selection": {"user.name": [r"corp\backup\*"], "source.ip|cidr": ["10.20.3.0/24"]},
        "condition": "not selection",
    }
    rule = next(rule for rule in services.ruleset.rules if rule.id == BACKUP_ALERT.rule_id)
    held = {user: holds(rule.condition, the_event(user)) for user in (r"CORP\backup*", r"corp\backup1", "li")}
    assert held == {r"CORP\backup*": False, r"corp\backup1": True, "li": True}
    assert services.state.trail.list(limit=1)[1][0].act == "alerts.except"


def the_event(user: str) -> Event:
    return event({"message": "somebody read it", "user.name": user, "source.ip": "10.20.3.9"})


def test_an_exception_that_does_not_load_leaves_no_file(services: Services, home: Home) -> None:
    (home.rules / "own.yml").write_text(BACKUP_RULE, encoding="utf-8")
    services.keeper.reload()
    with services.state.work() as tx:
        tx.alerts.put(BACKUP_ALERT)
    (home.rules / "broken.yml").write_text("title: [", encoding="utf-8")
    with pytest.raises(RulesError):
        done(services, "adm", "alerts.except", id="A-7", fields=["user.name=backup"], reason="nightly copy")
    assert list(home.rules.glob("exceptions/*")) == []
