"""An alert and an incident with every field filled."""

from __future__ import annotations

from dataclasses import replace

from shouwang.model import (
    Alert,
    AlertState,
    Confirmation,
    Disposition,
    Fact,
    Grade,
    GradeFacts,
    Grading,
    Importance,
    Incident,
    IncidentState,
    Loss,
    Reason,
    Severity,
)
from shouwang.words import Words

ALERT = Alert(
    id="A-1",
    key="k1",
    rule_id="r-1",
    title=Words("登录猜测", "Password guessing"),
    severity=Severity.HIGH,
    count=12,
    first_us=1_000,
    last_us=2_000,
    received_us=2_500,
    entities={"source.ip": ("203.0.113.9",), "user.name": ("a", "b")},
    event_ids=(b"\x00" * 16, b"\xff" * 16),
    tags=("attack.t1110",),
    state=AlertState.OPEN,
    incident_id="INC-1",
    asset_id="web",
    drill=True,
)

INCIDENT = Incident(
    id="INC-1",
    title=Words("登录猜测", "Password guessing"),
    key="source.ip=203.0.113.9",
    state=IncidentState.TRIAGED,
    found_at_us=5_000,
    grading=Grading(
        Grade.III,
        (
            Reason("gbz20986.matrix", "重要 x 较大", "GB/Z 20986-2007", "5", Grade.III, True, Fact.LOOKED_UP),
            Reason("plan.1.4", "-", "预案", "1.4", None, False, Fact.NOT_ASKED),
        ),
        GradeFacts(Importance.IMPORTANT, Loss.CONSIDERABLE, None, importance_looked_up=True),
    ),
    confirmation=Confirmation(Grade.II, "lisi", 6_000, "更重", overrides=True),
    owner="lisi",
    disposition=Disposition.TRUE,
    disposition_reason="真",
    close_reason="",
    closed_at_us=0,
    alert_ids=("A-1", "A-2"),
    asset_ids=("web",),
    first_us=1_000,
    last_us=2_000,
    imported=True,
    drill=True,
)

PLAIN_INCIDENT = replace(
    INCIDENT, id="INC-2", confirmation=None, disposition=None, state=IncidentState.OPEN, alert_ids=(), drill=False
)
