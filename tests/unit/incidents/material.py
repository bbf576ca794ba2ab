"""Material for a report, plain or hostile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import orjson

from incidents.grading import grade
from incidents.plans import load as plans
from incidents.report.build import Material, Setting, build
from incidents.report.model import ReportModel
from incidents.views import Site
from shouwang.assets import AssetRegister
from shouwang.audit import Entry
from shouwang.bilingual import said
from shouwang.model import (
    Asset,
    Confirmation,
    Disposition,
    Event,
    Grade,
    GradeFacts,
    Importance,
    IncidentState,
    Loss,
    Severity,
    Shape,
    SocialEffect,
    Value,
)
from shouwang.words import Words
from tests.unit.incidents.making import FOUND, an_alert, an_incident

SHAPE = Shape(dataset="linux.sshd", parser="syslog", paths={})
MANY_FAILED = Words("同一地址多次登录失败", "Many failed logins from one address")
NEW_USER = Words("登录失败后新建用户", "New user after failed logins")
GATE = Asset("gate", "门禁主机", Importance.IMPORTANT, hosts=("gate-01",))


def a_setting(lang: str = "zh", name: str = "桃源社区", now_us: int = FOUND + 48 * 60_000_000) -> Setting:
    site = Site(ZoneInfo("Asia/Shanghai"), "other", name)
    return Setting(site, plans(), AssetRegister([GATE]), now_us, lang)


def an_event(number: int, raw: bytes, source: str = "file:/var/log/auth.log") -> Event:
    return Event(
        id=number.to_bytes(16, "big"),
        time_us=FOUND + number * 1_000_000,
        received_us=FOUND,
        source=source,
        shape=SHAPE,
        doc={},
        raw=raw,
    )


def an_entry(number: int, act: str, actor: str = "system", **detail: Value) -> Entry:
    return Entry(
        number, FOUND + number * 60_000_000, actor, "analyst", f"incidents.{act}", "INC-20261125-0001",
        orjson.dumps(detail).decode(), "0" * 64, "0" * 64,
    )  # fmt: skip


def a_whole_incident(*, drill: bool = False) -> Material:
    facts = GradeFacts(Importance.IMPORTANT, Loss.CONSIDERABLE, SocialEffect.GENERAL, importance_looked_up=True)
    prefix = "D-" if drill else ""
    incident = replace(
        an_incident(f"{prefix}INC-20261125-0001"),
        title=Words("SSH 暴力破解: 203.0.113.9 -> gate-01", "SSH brute force: 203.0.113.9 -> gate-01"),
        state=IncidentState.TRIAGED,
        grading=grade(facts, plans()),
        confirmation=Confirmation(Grade.III, "wanglei", FOUND + 40 * 60_000_000, "", False),
        owner="wanglei",
        disposition=Disposition.TRUE,
        disposition_reason="同一地址 12 次失败后以 ops 登录成功, 随后新建用户 svc-backup, 与值班计划不符",
        asset_ids=("gate",),
        drill=drill,
    )
    alerts = [
        replace(
            an_alert(f"{prefix}A-1", source_ip="203.0.113.9", host_name="gate-01", user_name="root,admin,ops,ubnt,pi"),
            title=MANY_FAILED,
        ),
        replace(
            an_alert(
                f"{prefix}A-2",
                severity=Severity.CRITICAL,
                first_us=FOUND + 90_000_000,
                host_name="gate-01",
                user_name="svc-backup",
                process_name="useradd",
            ),
            title=NEW_USER,
            count=1,
            last_us=FOUND + 90_000_000,
            tags=("attack.t1136.001", "attack.persistence"),
        ),
    ]
    line = b"Nov 25 08:00:%02d gate-01 sshd[4711]: Failed password for %b from 203.0.113.9 port 51022 ssh2"
    events = [an_event(n, line % (n, user)) for n, user in enumerate((b"root", b"invalid user ubnt", b"ops"))]
    events.append(
        an_event(91, b"Nov 25 08:01:30 gate-01 useradd[4790]: new user: name=svc-backup, UID=0, GID=0, home=/root")
    )
    return Material(incident, alerts, events, some_entries())


def some_entries() -> Sequence[Entry]:
    return [
        an_entry(0, "open", alert="A-1", rule=said(MANY_FAILED), grade="IV", title="t", severity="high"),
        an_entry(2, "join", alert="A-2", rule=said(NEW_USER), grade="IV", title="t", severity="critical"),
        an_entry(22, "claim", "wanglei", state="open -> claimed"),
        an_entry(35, "triage", "wanglei", disposition="true", reason="同一地址 12 次失败后登录成功"),
        an_entry(
            39, "grade", "wanglei", proposed="III",
            facts={"importance": "important", "loss": "considerable", "social": "general"},
        ),
        an_entry(40, "grade", "wanglei", proposed="III", confirmed="III", overrides=False, facts={}),
    ]  # fmt: skip


def a_model(lang: str = "zh", *, drill: bool = False) -> ReportModel:
    return build(a_whole_incident(drill=drill), a_setting(lang))
