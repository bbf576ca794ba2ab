"""The JSON that the daemon answers with, made up: sources, alerts, incidents with their reasons, log lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from shouwang.model import Value

ZONE = timezone(timedelta(hours=8))
NOON = datetime(2026, 11, 24, 8, 24, 6, tzinfo=ZONE)
SEVERITIES = ("informational", "low", "medium", "high", "critical")
GRADES = {1: "IV", 2: "III", 3: "II", 4: "I"}
Json = dict[str, Value]

TITLES = (
    ("critical", "消防主机向境外地址发起连接", "Fire panel connects abroad", "SIG-0142"),
    ("high", "SSH 口令猜测后登录成功", "SSH login after password guessing", "SIG-0007"),
    ("high", "居民信息库批量导出 3482 条", "3482 residents' records exported", "SIG-0088"),
    ("medium", "停车道闸指令重放", "Parking barrier command replayed", "SIG-0119"),
    ("medium", "异常客户端上传网页后门", "Web shell upload by unusual user agent", "SIG-0231"),
    ("low", "充电桩协议异常报文", "Malformed message of a charging point", "SIG-0303"),
    ("informational", "计划任务新增", "Scheduled task added", "SIG-0410"),
)
"""(severity, title, title, rule)"""


class Samples:
    """All of one home: ``drill`` is stamped on what it makes, times are back from ``now``."""

    def __init__(self, now: Callable[[], datetime], *, drill: bool) -> None:
        self.now, self.drill = now, drill

    def at(self, **back: float) -> str:
        return (self.now() - timedelta(**back)).isoformat(timespec="microseconds")

    def source(self, name: str, level: str, detail: str) -> Json:
        return {
            "id": name,
            "level": level,
            "detail": detail,
            "last_event": self.at(seconds=3) if level == "ok" else self.at(hours=1, minutes=12),
            "received": 18_211,
            "dropped": {},
        }

    def alert(self, number: int, lang: str) -> Json:
        """Number 0 is the newest."""
        severity, zh, en, rule = TITLES[number % len(TITLES)]
        return {
            "id": alert_id(number),
            "title": zh if lang == "zh" else en,
            "rule_id": rule,
            "severity": severity,
            "count": 1 + number % 9,
            "first": self.at(minutes=27 + number),
            "last": self.at(minutes=4 + number),
            "entities": {
                "host.name": [f"FA-{number % 7:02d}"],
                "source.ip": ["203.0.113.45"],
                "user.name": ["wb-xf02", "root"],
            },
            "tags": ["attack.t1071", "attack.command-and-control"],
            "state": "open",
            "incident": f"INC-20261124-{1 + number % 4:04d}",
            "drill": self.drill,
        }

    def incident(self, number: int) -> Json:
        """Without the title: that depends on who asks."""
        severity = TITLES[number % len(TITLES)][0]
        found = self.now() - timedelta(hours=number, minutes=27)
        return {
            "id": f"INC-20261124-{number + 1:04d}",
            "grade": "III" if severity == "critical" else "IV",
            "grade_zh": "较大",
            "grade_confirmed": False,
            "proposed_grade": "III" if severity == "critical" else "IV",
            "reasons": reasons(2 if severity == "critical" else 1),
            "facts": {"importance": "important" if number == 0 else None, "loss": None, "social": None},
            "state": "open" if number != 1 else "claimed",
            "owner": "" if number != 1 else "李静",
            "disposition": None,
            "disposition_reason": "",
            "alerts": [alert_id(number), alert_id(number + 4)],
            "assets": [{"id": "FA-02", "name": "消防报警主机", "importance": "important"}] if number == 0 else [],
            "first": self.at(days=20) if number == 3 else found.isoformat(),
            "last": self.at(days=19) if number == 3 else found.isoformat(),
            "imported": number == 3,
            "found_at": found.isoformat(),
            "closed_at": None,
            "drill": self.drill,
            "clock": {
                "report_to": "省级网信部门",
                "basis": "国家网络安全事件报告管理办法 第四条",
                "latest": (found + timedelta(hours=4)).isoformat(),
                "remaining_s": 0,
                "decided": None,
            },
        }

    def event(self, number: int) -> Json:
        """The first 120 lie in the last four minutes, the others are of now."""
        at = self.at(seconds=2 * (120 - number)) if number < 120 else self.at()
        return {
            "@timestamp": at,
            "event.ingested": at,
            "event.id": f"{number:032x}",
            "event.dataset": "linux.sshd",
            "event.action": "ssh_login_failed",
            "event.outcome": "failure" if number % 3 else "success",
            "host.name": f"FA-{number % 7:02d}",
            "source.ip": "203.0.113.45",
            "user.name": "root",
            "message": f"Failed password for root from 203.0.113.45 port {40000 + number} ssh2",
            "event.original": f"<86>Nov 24 08:20:00 FA-02 sshd[811]: Failed password for root port {40000 + number}",
        }


def own(event: Json, dataset: str) -> Json:
    """The event as one that the system says about itself."""
    kept = {name: event[name] for name in ("@timestamp", "event.ingested", "event.id", "host.name")}
    return kept | {"event.dataset": dataset, "message": "", "event.original": "{}", "system.cpu.total.pct": 12.5}


def alert_id(number: int) -> str:
    return f"A-{20931 - number}" if number < 20_000 else f"A-X{number}"


def incident_title(incident_id: str, lang: str) -> str:
    _, zh, en, _ = TITLES[(int(incident_id.rsplit("-", 1)[1]) - 1) % len(TITLES)]
    return zh if lang == "zh" else en


def reasons(grade: int) -> list[Value]:
    """One criterion that is met, one of which nothing is known, two that nobody is asked about."""
    met: Json = {
        "criterion": "gbz20986.matrix",
        "value": "重要程度 重要 x 系统损失 较大",
        "document": "GB/Z 20986-2007",
        "clause": "5.3",
        "grade": GRADES[grade],
        "sure": True,
        "fact": "looked_up",
    }
    unmet: Json = {
        "criterion": "plan.1.4.ii.a",
        "value": "重要网络和信息系统遭受严重的系统损失: 未填系统损失",
        "document": "国家网络安全事件应急预案",
        "clause": "1.4",
        "grade": None,
        "sure": False,
        "fact": "not_stated",
    }
    not_asked: list[Value] = [
        unmet | {"criterion": key, "value": "未询问", "clause": clause, "sure": True, "fact": "not_asked"}
        for key, clause in (("plan.1.4.i.b", "1.4 特别重大 b)"), ("plan.1.4.i.c", "1.4 特别重大 c)"))
    ]
    return [met, unmet, *not_asked]


def status(now: str, started: str, sources: list[Value], states: list[Value], finding: Value) -> Json:
    """The whole of one home in the state that its incidents are in."""
    return {
        "now": now,
        "started": started,
        "sources": sources,
        "findings": [finding],
        "alerts": {"open": {"critical": 4, "high": 7, "medium": 7, "low": 3, "informational": 3}},
        "incidents": {state: states.count(state) for state in ("open", "claimed", "triaged")},
        "today": {"received": 18_934, "stored": 18_900, "dropped": {"too_long": 20, "not_utf8": 14}},
        "rate": {"events_per_s": 12.4},
        "host": {
            "cpu_percent": 23.0,
            "memory_percent": 61.0,
            "disks": [{"mount": "/", "percent": 42.0}, {"mount": "/var/lib/shouwang", "percent": 81.5}],
            "load1": 0.42,
        },
        "rules": {"loaded": 312, "correlations": 9, "refused": 2},
        "store": {"bytes": 3_221_225_472, "oldest_day": "2026-05-20"},
    }


def hourly(now: datetime) -> list[Value]:
    """A day's curve."""
    hour = int(now.replace(minute=0, second=0, microsecond=0).timestamp())
    shape = (1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 2, 3, 2, 2, 1, 2, 3, 4, 6, 9, 8, 7, 3)
    return [
        {"key": (hour - 3600 * back) * 1_000_000, "count": 97 * shape[23 - back], "approximate": False}
        for back in range(24)
    ]
