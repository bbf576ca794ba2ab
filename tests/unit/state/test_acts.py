"""The table of acts: who may, what is refused, and that nothing is done by halves."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC

import apsw
import pytest

import shouwang.statestore.audit
from shouwang import machine
from shouwang.access import Need
from shouwang.api.table import ACTS, perform
from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.errors import AccessError, ShouwangError, StoreError, UsageError
from shouwang.eventid import give_ids
from shouwang.eventstore.base import Batch
from shouwang.flows.replaying import chunk
from shouwang.home import MARK_OF_DRILL, Home, user_name
from shouwang.model import Incident, IncidentState, Value
from shouwang.scenario import Arrival
from shouwang.wiring import Services, build, feed
from tests.unit.state.conftest import NOON_US
from tests.unit.state.samples import ALERT, INCIDENT

OWNER = user_name(os.geteuid())
OPEN = replace(
    INCIDENT,
    state=IncidentState.OPEN,
    owner="",
    disposition=None,
    disposition_reason="",
    confirmation=None,
    drill=False,
)

OWN_RULE = """\
title: Anything of ours
id: 3f1a7c9e-5b1d-4c8e-9a70-6d2f0b1c4e55
status: test
logsource: {product: linux}
detection:
  selection: {message|contains: ours}
  condition: selection
level: low
"""


@pytest.fixture
def stocked(services: Services) -> Services:
    with services.state.work() as tx:
        tx.incidents.put(OPEN)
        tx.alerts.put(ALERT)
    return services


def fields(value: Value) -> Mapping[str, Value]:
    assert isinstance(value, dict)
    return value


def as_list(value: Value) -> list[Value]:
    assert isinstance(value, list)
    return value


def kept(services: Services) -> Incident:
    found = services.state.incidents.get("INC-1")
    assert found is not None
    return found


@pytest.mark.parametrize("name", ACTS)
def test_each_act_is_open_to_whom_its_need_names_and_to_nobody_else(stocked: Services, name: str) -> None:
    need = ACTS[name].need
    allowed = {
        "stranger": False,
        "root": OWNER == "root",
        "aud": need is Need.READ,
        "ana": need is not Need.ADMINISTER,
        "adm": True,
        OWNER: True,
    }
    for user, may in allowed.items():
        try:
            perform(stocked, user, name, {})
            passed = True
        except AccessError:
            passed = False
        except ShouwangError:
            passed = True
        assert passed is may, user


def test_a_refused_act_of_somebody_known_is_audited_and_a_strangers_is_not(stocked: Services) -> None:
    for user in ("aud", "stranger"):
        with pytest.raises(AccessError):
            perform(stocked, user, "incidents.claim", {"id": "INC-1"})
    total, (entry,) = stocked.state.trail.list()
    assert total == 1
    assert (entry.actor, entry.role, entry.act, entry.detail) == (
        "aud",
        "auditor",
        "access.refused",
        '{"act":"incidents.claim"}',
    )
    assert kept(stocked) == OPEN


@pytest.mark.parametrize(
    ("name", "args", "said"),
    [
        ("incidents.eat", {}, "no act"),
        ("incidents.claim", {}, "id: this is missing"),
        ("incidents.claim", {"id": 7}, "id"),
        ("incidents.claim", {"id": "INC-1", "actor": "root"}, "actor: there is no such argument"),
        ("incidents.claim", {"id": "INC-9"}, "INC-9"),
        ("incidents.triage", {"id": "INC-1", "disposition": "maybe", "reason": "x"}, "false_positive 误报"),
        ("incidents.grade", {"id": "INC-1", "loss": "huge"}, "较大"),
        ("alerts.list", {"severity": "terrible"}, "critical"),
        ("alerts.list", {"limit": 100_000}, "limit"),
        ("alerts.list", {"limit": -1}, "limit"),
        ("alerts.list", {"since": "yesterday"}, "yesterday"),
        ("alerts.show", {"id": "A-9"}, "A-9"),
        ("events.search", {"query": "a:("}, "column"),
        ("events.search", {"since": "1h", "until": "2h"}, "not after"),
        ("import", {"name": "x"}, "open file"),
        ("stop", {}, "No daemon runs"),
    ],
)
def test_wrong_acts_and_arguments_are_refused_with_what_is_wrong(
    stocked: Services, name: str, args: dict[str, Value], said: str
) -> None:
    with pytest.raises(ShouwangError) as refused:
        perform(stocked, OWNER, name, args)
    assert said in str(refused.value)
    assert refused.value.hint


def test_an_incident_goes_its_way_and_every_step_is_in_the_trail(stocked: Services, clock: ManualClock) -> None:
    incident = fields(perform(stocked, "ana", "incidents.claim", {"id": "INC-1"}))
    assert (incident["state"], incident["owner"]) == ("claimed", "ana")
    clock.advance(60)
    perform(stocked, "ana", "incidents.triage", {"id": "INC-1", "disposition": "真实", "reason": "同一地址"})
    graded = fields(perform(stocked, "ana", "incidents.grade", {"id": "INC-1", "importance": "重要", "loss": "minor"}))
    grade = graded["proposed_grade"]
    confirmed = fields(perform(stocked, "adm", "incidents.grade", {"id": "INC-1", "grade": grade}))
    assert confirmed["grade_confirmed"] is True
    closed = fields(perform(stocked, "ana", "incidents.close", {"id": "INC-1", "reason": "已处置"}))
    assert closed["state"] == "closed"
    shown = fields(perform(stocked, "aud", "incidents.show", {"id": "INC-1"}))
    timeline = shown["timeline"]
    assert isinstance(timeline, list)
    steps = [(fields(each)["actor"], fields(each)["act"]) for each in timeline]
    assert steps == [
        ("ana", "incidents.claim"),
        ("ana", "incidents.triage"),
        ("ana", "incidents.grade"),
        ("adm", "incidents.grade"),
        ("ana", "incidents.close"),
    ]
    said = [str(fields(each)["says"]) for each in timeline]
    assert said[0] == "认领"
    assert "重要" in said[2]
    assert not [text for text in said if "{" in text or "important" in text or "True" in text]
    roles = {entry.role for entry in stocked.state.trail.list(target="INC-1")[1]}
    assert roles == {"analyst", "administrator"}
    assert fields(perform(stocked, "aud", "audit.verify", {})) == {"entries": 5, "ok": True, "first_broken": None}


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("incidents.claim", {}),
        ("incidents.triage", {"disposition": "true", "reason": "r"}),
        ("incidents.grade", {"importance": "important", "loss": "minor"}),
        ("incidents.close", {"reason": "r"}),
    ],
)
def test_a_fault_in_the_audit_leaves_neither_act_nor_entry(
    stocked: Services, monkeypatch: pytest.MonkeyPatch, name: str, args: dict[str, Value]
) -> None:
    if name != "incidents.claim":
        perform(stocked, "ana", "incidents.claim", {"id": "INC-1"})
    if name == "incidents.close":
        perform(stocked, "ana", "incidents.triage", {"id": "INC-1", "disposition": "false_positive", "reason": "r"})
    before, entries = kept(stocked), stocked.state.trail.list()

    def fault(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(shouwang.statestore.audit, "entry", fault)
        with pytest.raises(MemoryError):
            perform(stocked, "ana", name, {"id": "INC-1", **args})
    assert kept(stocked) == before
    assert stocked.state.trail.list() == entries
    perform(stocked, "ana", name, {"id": "INC-1", **args})
    assert kept(stocked) != before


def test_status_and_ping_say_where_and_who(stocked: Services) -> None:
    ping = fields(perform(stocked, "aud", "ping", {}))
    assert ping["user"] == "aud"
    assert ping["role"] == "auditor"
    assert ping["site"] == {"name": "滨河社区", "timezone": "Asia/Shanghai", "language": "zh"}
    status = fields(perform(stocked, "aud", "status", {}))
    assert status["now"] == "2025-11-25T12:00:00.000000+08:00"
    assert fields(fields(status["alerts"])["open"])["high"] == 1
    assert status["incidents"] == {"open": 1, "claimed": 0, "triaged": 0}
    assert status["today"] == {"received": 0, "stored": 0, "dropped": {}}


def test_lists_give_totals_beside_pages(stocked: Services) -> None:
    alerts = fields(perform(stocked, "aud", "alerts.list", {"severity": "high", "state": "open", "limit": 1}))
    assert alerts["total"] == 1
    shown = fields(perform(stocked, "aud", "alerts.show", {"id": "A-1"}))
    assert shown["events"] == []
    assert fields(perform(stocked, "aud", "incidents.list", {"state": "closed"})) == {"total": 0, "incidents": []}
    assert fields(perform(stocked, "aud", "events.search", {}))["events"] == []
    assert isinstance(fields(perform(stocked, "aud", "events.tail", {}))["next"], str)


def test_who_follows_the_events_gets_those_asked_for_and_goes_on_after_the_others(stocked: Services) -> None:
    begin = fields(perform(stocked, "aud", "events.tail", {}))["next"]
    said = (b"cron: ran", b"sshd: Failed password", b"cron: ran again")
    lines = [Arrival(NOON_US, "text", "auth.log", line) for line in said]
    events = list(chunk(lines, now_us=NOON_US, zone=UTC).events)
    for event, id in zip(events, give_ids([NOON_US] * len(events)), strict=True):
        event.id = id
    stocked.events.put(Batch(events), {})
    page = fields(perform(stocked, "aud", "events.tail", {"query": "failed", "after": begin, "limit": 2}))
    assert [fields(event)["event.original"] for event in as_list(page["events"])] == ["sshd: Failed password"]
    assert page["more"] is True
    last = fields(perform(stocked, "aud", "events.tail", {"query": "failed", "after": page["next"], "limit": 2}))
    assert (last["events"], last["more"]) == ([], False)
    with pytest.raises(UsageError):
        perform(stocked, "aud", "events.tail", {"query": "event.action:("})


def test_the_zone_of_a_home_stays_what_it_was(home: Home, clock: ManualClock) -> None:
    build(home, load(home.config), clock).stack.close()
    home.config.write_text(home.config.read_text().replace("Asia/Shanghai", "UTC"))
    with pytest.raises(UsageError, match="made with Asia/Shanghai"):
        build(home, load(home.config), clock)


def test_rules_can_be_switched_off_and_added(home: Home, clock: ManualClock) -> None:
    def loaded() -> Iterator[str]:
        with build(home, load(home.config), clock) as services:
            yield from (rule.id for rule in services.ruleset.rules)

    first = next(iter(list(loaded())))
    text = home.config.read_text()
    home.config.write_text(text.replace("disabled = []", f'disabled = ["{first}"]'))
    assert first not in list(loaded())
    home.config.write_text(text.replace("builtin = true", "builtin = false"))
    assert list(loaded()) == []


def test_a_rules_folder_that_is_not_there_is_a_finding_and_the_other_rules_are_loaded(
    home: Home, clock: ManualClock
) -> None:
    text = home.config.read_text()
    with build(home, load(home.config), clock) as services:
        loaded = {rule.id for rule in services.ruleset.rules}
    home.config.write_text(text.replace("folders = []", 'folders = ["/nowhere/at/all", "more"]'))
    (home.path / "more").mkdir()
    (home.path / "more" / "own.yml").write_text(OWN_RULE)
    with build(home, load(home.config), clock) as services:
        assert {rule.id for rule in services.ruleset.rules} == loaded | {"3f1a7c9e-5b1d-4c8e-9a70-6d2f0b1c4e55"}
        for lang in ("zh", "en"):
            found = [
                fields(each) for each in as_list(fields(perform(services, "aud", "status", {}, lang=lang))["findings"])
            ]
            (said,) = [each for each in found if "rules.folders" in str(each["what"])]
            assert "/nowhere/at/all" in str(said["what"])
            assert str(home.config) in str(said["hint"])


def test_the_sites_pipelines_and_placeholders_are_applied_and_a_bad_pipeline_is_a_finding(
    home: Home, clock: ManualClock
) -> None:
    pipeline = home.path / "fields.yml"
    pipeline.write_text("transformations: [{type: field_name_mapping, mapping: {Wer: user.name}}]\n")
    rule = OWN_RULE.replace("message|contains: ours", "Wer|expand: '%admins%'")
    home.rules.mkdir(exist_ok=True)
    (home.rules / "own.yml").write_text(rule)
    text = home.config.read_text().replace("pipelines = []", 'pipelines = ["fields.yml"]')
    home.config.write_text(text + '[rules.placeholders]\nadmins = ["root", "adm*"]\n')
    with build(home, load(home.config), clock) as services:
        [own] = [each for each in services.ruleset.rules if each.id == "3f1a7c9e-5b1d-4c8e-9a70-6d2f0b1c4e55"]
        assert services.ruleset.refused == ()
        assert "user.name" in str(own.condition)
        assert "adm" in str(own.condition)
    pipeline.write_text("transformations: [{type: http_placeholders}]\n")
    with build(home, load(home.config), clock) as services:
        [refused] = as_list(fields(perform(services, "aud", "rules.list", {}, lang="en"))["refused"])
        assert fields(refused)["path"] == str(pipeline)
        assert "http_placeholders cannot be applied" in str(fields(refused)["reason"])


def test_a_rule_that_cannot_run_is_named_with_line_and_reason_in_status_list_and_doctor(
    home: Home, clock: ManualClock
) -> None:
    home.rules.mkdir(exist_ok=True)
    file = home.rules / "own.yml"
    file.write_text(OWN_RULE.replace("condition: selection", "condition: selection | count() > 5"))
    with build(home, load(home.config), clock) as services:
        for lang, word in (("en", "refused"), ("zh", "未能加载")):
            status = fields(perform(services, "aud", "status", {}, lang=lang))
            found = [fields(each) for each in as_list(status["findings"])]
            assert any(word in str(each["what"]) and each["level"] == "degraded" and each["hint"] for each in found)
        answer = fields(perform(services, "aud", "doctor", {}, lang="en"))
        [refused] = as_list(answer["refused"])
        assert as_list(fields(perform(services, "aud", "rules.list", {}, lang="en"))["refused"]) == [refused]
        [chinese] = as_list(fields(perform(services, "aud", "doctor", {}, lang="zh"))["refused"])
        assert "请写 correlation 文档" in str(fields(chinese)["reason"])
        assert (fields(refused)["path"], fields(refused)["line"]) == (str(file), 7)
        assert "write a correlation" in str(fields(refused)["reason"])
        assert answer["healthy"] is False


def test_doctor_says_what_the_status_says_and_whether_the_clock_is_right(services: Services) -> None:
    answer = fields(perform(services, "aud", "doctor", {}, lang="en"))
    assert "No daemon runs" in str(answer["findings"])
    assert answer["healthy"] is False
    assert [list(machine.findings(state)) for state in (0, None)] == [[], []]
    [late] = machine.findings(5)
    assert late.hint


@pytest.mark.parametrize("wanted", [True, False])
def test_a_journal_that_shall_be_watched_and_is_not_there_is_a_finding(
    home: Home, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    monkeypatch.setenv("PATH", str(home.path))
    home.config.write_text(home.config.read_text().replace("journald = false", f"journald = {str(wanted).lower()}"))
    with build(home, load(home.config), clock) as services:
        found = as_list(fields(perform(services, "aud", "doctor", {}, lang="en"))["findings"])
    assert any("watch.journald" in str(fields(each)["what"]) for each in found) is wanted


def test_a_newer_event_or_state_database_stops_the_start(home: Home, clock: ManualClock) -> None:
    build(home, load(home.config), clock).stack.close()
    connection = apsw.Connection(str(home.state))
    connection.pragma("user_version", 99)
    connection.close()
    with pytest.raises(StoreError, match="99"):
        build(home, load(home.config), clock)


def test_a_drills_home_watches_nothing_real(home: Home, clock: ManualClock) -> None:
    text = home.config.read_text().replace("var_log = false", "var_log = true").replace('udp = ""', 'udp = "[::1]:0"')
    home.config.write_text(text)
    with build(home, load(home.config), clock) as services:
        assert [status.id for status in feed(services).supervisor.status()]
    (home.path / MARK_OF_DRILL).touch()
    with build(home, load(home.config), clock) as services:
        assert services.drill
        assert feed(services).supervisor.status() == []
