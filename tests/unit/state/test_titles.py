"""A title is kept in both languages and read in the reader's own: lists, details, timeline, audit trail, papers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from detection.rules import load as load_rules
from incidents.intake import IncidentDesk
from incidents.plans import load as plans
from incidents.views import Site
from shouwang.api.table import perform
from shouwang.model import Value
from shouwang.statestore.codec import alert_from, alert_text, incident_from, incident_text
from shouwang.wiring import Services
from shouwang.words import Words
from tests.unit.detection.sample import rule_text
from tests.unit.state.conftest import NOON_US
from tests.unit.state.samples import ALERT, INCIDENT

ZH, EN = "登录猜测", "Password guessing"
OPENED = replace(
    ALERT, incident_id="", asset_id="", drill=False, first_us=NOON_US, last_us=NOON_US + 1, received_us=NOON_US
)


@pytest.fixture
def stocked(services: Services) -> Services:
    """One alert that opened an incident."""
    site = Site(services.config.site.zone)
    with services.state.work() as tx:
        desk = IncidentDesk(
            tx,
            assets=services.assets,
            site=site,
            plans=plans(),
            now_us=NOON_US,
            drill=False,
            is_imported=lambda _: False,
        )
        for alert in desk.take([OPENED]):
            tx.alerts.put(alert)
    return services


def asked(services: Services, lang: str, act: str, args: Mapping[str, Value]) -> str:
    return json.dumps(perform(services, services.owner, act, args, lang=lang), ensure_ascii=False)


def everything_said(services: Services, lang: str) -> Iterator[tuple[str, str]]:
    ((incident,), (alert,)) = (services.state.incidents.list()[1], services.state.alerts.list()[1])
    acts: list[tuple[str, dict[str, Value]]] = [
        ("alerts.list", {}),
        ("alerts.show", {"id": alert.id}),
        ("incidents.list", {}),
        ("incidents.show", {"id": incident.id}),
        ("audit.list", {}),
    ]
    for act, args in acts:
        yield act, asked(services, lang, act, args)
    for form in ("md", "html", "json"):
        wanted: dict[str, Value] = {"id": incident.id, "format": form, "lang": lang}
        yield f"report {form}", asked(services, lang, "incidents.report", wanted)


@pytest.mark.parametrize(("lang", "own", "other"), [("zh", ZH, EN), ("en", EN, ZH)])
def test_each_reader_sees_titles_in_his_language_only(stocked: Services, lang: str, own: str, other: str) -> None:
    for place, said in everything_said(stocked, lang):
        assert own in said, place
        assert other not in said, place


def test_the_site_speaks_its_language_to_who_asks_for_none(stocked: Services) -> None:
    assert ZH in asked(stocked, "", "alerts.list", {})


def test_the_audit_chain_holds_both_titles_and_is_whole(stocked: Services) -> None:
    (entry,) = stocked.state.trail.list()[1]
    assert ZH in entry.detail
    assert EN in entry.detail
    assert json.loads(asked(stocked, "en", "audit.verify", {}))["ok"] is True


def test_a_rule_in_one_language_keeps_that_one_in_both(tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text(rule_text("s: {f: x}\ncondition: s", title="夜间登录"), encoding="utf-8")
    ruleset = load_rules([tmp_path])
    assert ruleset.titles() == {ruleset.rules[0].id: Words("夜间登录", "夜间登录")}


def test_our_own_rules_have_both(services: Services) -> None:
    assert {said.zh == said.en for said in services.ruleset.titles().values()} == {False}
    zh, en = (json.loads(asked(services, lang, "rules.list", {}))["rules"] for lang in ("zh", "en"))
    assert {one["title"] for one in zh}.isdisjoint(one["title"] for one in en)


def test_rows_kept_before_there_were_two_titles_still_read() -> None:
    alert = json.loads(alert_text(ALERT)) | {"title": "旧标题"}
    incident = json.loads(incident_text(INCIDENT)) | {"title": "旧标题"}
    for reason in incident["grading"]["reasons"]:
        del reason["fact"]
    del incident["grading"]["facts"]["importance_looked_up"]
    for name in ("first_us", "last_us", "imported"):
        del incident[name]
    for read in (alert_from(json.dumps(alert)), incident_from(json.dumps(incident))):
        assert read.title == Words("旧标题", "旧标题")
