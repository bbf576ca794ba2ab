"""Whoever asks is answered in the language asked for: findings, refusals, reasons and the legal clock."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from incidents.grading import grade, in_language
from incidents.plans import load as plans
from shouwang.api.table import perform
from shouwang.client import Client
from shouwang.daemon import _server
from shouwang.errors import BY_KIND, ShouwangError
from shouwang.home import user_name
from shouwang.model import GradeFacts, Importance, IncidentState, Loss, SocialEffect, Value
from shouwang.wiring import Services
from tests.unit.state.samples import INCIDENT

ROOT = Path(__file__).parents[3]
OWNER = user_name(os.geteuid())
CHINESE = re.compile(r"[\u4e00-\u9fff]")
OPEN = replace(
    INCIDENT,
    state=IncidentState.OPEN,
    owner="",
    disposition=None,
    disposition_reason="",
    confirmation=None,
    grading=grade(GradeFacts(Importance.IMPORTANT, Loss.CONSIDERABLE, SocialEffect.GENERAL), plans()),
)


@pytest.fixture
def stocked(services: Services) -> Services:
    with services.state.work() as tx:
        tx.incidents.put(OPEN)
    return services


def fields(value: Value) -> Mapping[str, Value]:
    assert isinstance(value, dict)
    return value


def rows(value: Value) -> list[Mapping[str, Value]]:
    assert isinstance(value, list)
    return [fields(each) for each in value]


def refusal(services: Services, lang: str, act: str, args: Mapping[str, Value], user: str = OWNER) -> str:
    with pytest.raises(ShouwangError) as refused:
        perform(services, user, act, args, lang=lang)
    return refused.value.whole.of(lang)


def test_two_clients_of_one_daemon_are_each_answered_in_their_own_language(stocked: Services) -> None:
    with (
        _server(stocked.home, stocked),
        Client.connect(stocked.home, "zh") as zh,
        Client.connect(stocked.home, "en") as en,
        Client.connect(stocked.home) as unsaid,
    ):
        said = [rows(fields(client.call("status"))["findings"])[0] for client in (zh, en, unsaid)]
        assert [finding["what"] for finding in said] == [
            "守护进程未运行，目前没有值守。",
            "No daemon runs: nothing is watched.",
            "守护进程未运行，目前没有值守。",
        ]
        errors = []
        for client in (zh, en, unsaid):
            with pytest.raises(ShouwangError) as refused:
                client.call("incidents.close", id=OPEN.id, reason="x")
            errors.append(refused.value.whole.zh)
        assert (
            errors[0]
            == errors[2]
            == f"{OPEN.id} 当前待认领，研判之后才能办结。下一步：shouwang incidents claim {OPEN.id}"
        )
        assert errors[1].startswith(f"{OPEN.id} is open; only a triaged incident can be closed.")
        en.lang = "zh"
        assert rows(fields(en.call("status"))["findings"])[0]["what"] == said[0]["what"]


def test_a_language_that_is_none_of_ours_is_refused(stocked: Services) -> None:
    with (
        _server(stocked.home, stocked),
        Client.connect(stocked.home, "fr") as client,
        pytest.raises(ShouwangError, match="lang"),
    ):
        client.call("ping")


@pytest.mark.parametrize(
    ("act", "args"),
    [
        ("incidents.eat", {}),
        ("incidents.claim", {}),
        ("incidents.claim", {"id": 7}),
        ("incidents.claim", {"id": "INC-1", "actor": "root"}),
        ("incidents.claim", {"id": "INC-9"}),
        ("incidents.show", {"id": "INC-9"}),
        ("incidents.triage", {"id": "INC-1", "disposition": "maybe", "reason": "x"}),
        ("incidents.triage", {"id": "INC-1", "disposition": "true", "reason": "x"}),
        ("incidents.grade", {"id": "INC-1", "loss": "huge"}),
        ("incidents.grade", {"id": "INC-1"}),
        ("incidents.grade", {"id": "INC-1", "grade": "I"}),
        ("incidents.close", {"id": "INC-1", "reason": "x"}),
        ("incidents.report", {"id": "INC-1", "format": "pdf"}),
        ("alerts.list", {"severity": "terrible"}),
        ("alerts.list", {"limit": 100_000}),
        ("alerts.list", {"since": "yesterday"}),
        ("alerts.show", {"id": "A-9"}),
        ("events.search", {"since": "1h", "until": "2h"}),
        ("import", {"name": "x"}),
        ("stop", {}),
    ],
)
def test_every_refusal_is_chinese_to_a_chinese_reader_and_english_to_an_english_one(
    stocked: Services, act: str, args: dict[str, Value]
) -> None:
    assert CHINESE.search(refusal(stocked, "zh", act, args))
    english = refusal(stocked, "en", act, args)
    assert english != refusal(stocked, "zh", act, args)
    given = re.sub(r"(?<=write one of: ).*", "", english)  # the choices are understood in both languages
    assert not CHINESE.search(given), english


def test_who_may_not_is_told_so_in_both_languages(stocked: Services) -> None:
    assert refusal(stocked, "zh", "incidents.claim", {"id": "INC-1"}, "aud").startswith("aud 是审计员，无权执行")
    assert "is auditor" in refusal(stocked, "en", "incidents.claim", {"id": "INC-1"}, "aud")
    assert "没有角色" in refusal(stocked, "zh", "ping", {}, "stranger")


def test_reasons_and_the_legal_clock_are_said_in_the_language_asked_for(stocked: Services) -> None:
    zh, en = (fields(perform(stocked, OWNER, "incidents.show", {"id": OPEN.id}, lang=lang)) for lang in ("zh", "en"))
    assert fields(zh["clock"])["report_to"] == "属地省级网信部门"
    assert fields(zh["clock"])["basis"] == "国家网络安全事件报告管理办法 第四条"
    for said in (*rows(en["reasons"]), fields(en["clock"])):
        assert not CHINESE.search(" ".join(str(value) for value in said.values())), said
    assert [(one["criterion"], one["grade"]) for one in rows(zh["reasons"])] == [
        (one["criterion"], one["grade"]) for one in rows(en["reasons"])
    ]
    assert [one["value"] for one in rows(zh["reasons"])] == [one.value for one in OPEN.grading.reasons]
    listed = rows(fields(perform(stocked, OWNER, "incidents.list", {}, lang="en"))["incidents"])
    assert listed[0]["reasons"] == en["reasons"]


def test_reasons_found_by_older_plans_stand_as_they_were_stored() -> None:
    stored = OPEN.grading
    older = replace(stored, reasons=(replace(stored.reasons[0], clause="旧条款", value="旧文"), *stored.reasons[1:]))
    said = in_language(older, plans(), "en")
    assert [reason.value for reason in said] == [reason.value for reason in older.reasons]
    assert said[0].clause == "旧条款"


def test_the_stored_grading_stays_what_it_is(stocked: Services) -> None:
    perform(stocked, OWNER, "incidents.show", {"id": OPEN.id}, lang="en")
    kept = stocked.state.incidents.get(OPEN.id)
    assert kept is not None
    assert kept.grading == OPEN.grading


def test_plain_text_stays_as_it_is_in_both_languages() -> None:
    for kind in BY_KIND.values():
        error = kind("as is", hint="so")
        assert error.whole.of("zh") == error.whole.of("en") == "as is so"


DEVELOPERS = {"wire.py", "server.py"}
"""What these say besides is met only by who writes a client of his own."""


def test_no_refusal_that_a_person_can_meet_is_in_english_alone() -> None:
    names = {kind.__name__ for kind in BY_KIND.values()} | {"StoreAway", "RetentionFloor", "NotNow", "Finding"}
    plain = []
    for folder in ("shouwang", "incidents"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in names:
                    continue
                if path.name not in DEVELOPERS and call.args and isinstance(call.args[0], ast.Constant | ast.JoinedStr):
                    plain.append(f"{path.name}:{call.lineno}")
    assert plain == []
