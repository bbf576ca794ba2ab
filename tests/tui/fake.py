"""A small service that answers the console's acts from memory, as the daemon's table of acts does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone

from shouwang.errors import AccessError, UsageError
from shouwang.model import Value

ZONE = timezone(timedelta(hours=8))
NOON = datetime(2026, 11, 24, 8, 24, 6, tzinfo=ZONE)
SEVERITIES = ("informational", "low", "medium", "high", "critical")
Json = dict[str, Value]

TITLES = (
    ("critical", "消防主机向境外地址发起连接", "SIG-0142"),
    ("high", "SSH 口令猜测后登录成功", "SIG-0007"),
    ("high", "居民信息库批量导出 3482 条", "SIG-0088"),
    ("medium", "停车道闸指令重放", "SIG-0119"),
    ("medium", "Web shell upload by unusual user agent", "SIG-0231"),
    ("low", "充电桩协议异常报文", "SIG-0303"),
    ("informational", "计划任务新增", "SIG-0410"),
)
ACTING = ("incidents.claim", "incidents.triage", "incidents.grade", "incidents.close")
DAMAGE = {"minor": 1, "considerable": 2, "serious": 3, "especially_serious": 4}
GRADES = {1: "IV", 2: "III", 3: "II", 4: "I"}


class Service:
    """State and acts. ``now`` may be moved; ``lost`` cuts the line; everything asked is noted in ``asked``."""

    def __init__(
        self,
        *,
        alerts: int = 24,
        role: str = "analyst",
        language: str = "zh",
        drill: bool = False,
        now: Callable[[], datetime] = lambda: NOON,
    ) -> None:
        self.role, self.language, self.drill, self.now = role, language, drill, now
        self.lost = False
        self.spoken = language
        """The language last asked in."""
        self.asked: list[tuple[str, Mapping[str, Value]]] = []
        self.alert_count = alerts
        self.changed: dict[str, Json] = {}
        self.events = [self._event(number) for number in range(120)]
        self.incidents = {incident["id"]: incident for incident in (self._incident(number) for number in range(4))}
        self.timelines: dict[str, list[Value]] = {
            str(key): [self._entry("created", "system", {"alerts": 2})] for key in self.incidents
        }
        self.sources: list[Value] = [
            self._source("file:/var/log/auth.log", "ok", ""),
            self._source("journald", "ok", ""),
            self._source("syslog:0.0.0.0:5514/udp", "broken", "地址已被占用, 30 秒后重试"),
            self._source("metrics", "ok", ""),
        ]

    def call(self, act: str, lang: str = "", /, **args: Value) -> Value:
        self.asked.append((act, args))
        self.spoken = lang or self.language
        if self.lost:
            raise ConnectionResetError("The daemon has gone.")
        acts: dict[str, Callable[[Mapping[str, Value]], Value]] = {
            "ping": self._ping,
            "status": self._status,
            "alerts.list": self._alerts_list,
            "alerts.show": self._alerts_show,
            "incidents.list": self._incidents_list,
            "incidents.show": self._incidents_show,
            "incidents.claim": self._claim,
            "incidents.triage": self._triage,
            "incidents.grade": self._grade,
            "incidents.close": self._close,
            "incidents.report": self._report,
            "events.search": self._search,
            "events.tail": self._tail,
            "events.count": self._count,
        }
        if self.role == "auditor" and act in ACTING:
            raise AccessError(f"wang is auditor and may not do {act}.", hint="Ask an analyst.")
        return acts[act](args)

    def did(self, act: str) -> list[Mapping[str, Value]]:
        """What was asked with this act, in order."""
        return [args for name, args in self.asked if name == act]

    # ------------------------------------------------------------------------------------------ making

    def _at(self, **back: float) -> str:
        return (self.now() - timedelta(**back)).isoformat(timespec="microseconds")

    def _entry(self, act: str, actor: str, detail: Json) -> Json:
        return {"at": self._at(), "actor": actor, "act": act, "detail": detail}

    def _source(self, name: str, level: str, detail: str) -> Json:
        return {
            "id": name,
            "level": level,
            "detail": detail,
            "last_event": self._at(seconds=3) if level == "ok" else self._at(hours=1, minutes=12),
            "received": 18_211,
            "dropped": {},
        }

    def alert(self, number: int) -> Json:
        """Alerts are made when asked for; number 0 is the newest."""
        severity, title, rule = TITLES[number % len(TITLES)]
        alert_id = f"A-{20931 - number}" if number < 20_000 else f"A-X{number}"
        made: Json = {
            "id": alert_id,
            "title": title,
            "rule_id": rule,
            "severity": severity,
            "count": 1 + number % 9,
            "first": self._at(minutes=27 + number),
            "last": self._at(minutes=4 + number),
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
        return made | self.changed.get(alert_id, {})

    def _incident(self, number: int) -> Json:
        severity, title, _ = TITLES[number % len(TITLES)]
        found = self.now() - timedelta(hours=number, minutes=27)
        return {
            "id": f"INC-20261124-{number + 1:04d}",
            "title": title,
            "grade": "III" if severity == "critical" else "IV",
            "grade_zh": "较大",
            "grade_confirmed": False,
            "proposed_grade": "III" if severity == "critical" else "IV",
            "reasons": self._reasons(2 if severity == "critical" else 1),
            "facts": {"importance": "important" if number == 0 else None, "loss": None, "social": None},
            "state": "open" if number != 1 else "claimed",
            "owner": "" if number != 1 else "李静",
            "disposition": None,
            "disposition_reason": "",
            "alerts": [f"A-{20931 - number}", f"A-{20927 - number}"],
            "assets": [{"id": "FA-02", "name": "消防报警主机", "importance": "important"}] if number == 0 else [],
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

    def _reasons(self, grade: int) -> list[Value]:
        met: Json = {
            "criterion": "gbz20986.matrix",
            "value": "重要程度 重要 x 系统损失 较大",
            "document": "GB/Z 20986-2007",
            "clause": "5.3",
            "grade": GRADES[grade],
            "sure": True,
        }
        unmet: Json = {
            "criterion": "plan.1.4.ii.a",
            "value": "重要网络和信息系统遭受严重的系统损失: 未填系统损失",
            "document": "国家网络安全事件应急预案",
            "clause": "1.4",
            "grade": None,
            "sure": False,
        }
        return [met, unmet]

    def _event(self, number: int) -> Json:
        at = self._at(seconds=2 * (120 - number)) if number < 120 else self._at()
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

    def arrive(self, count: int = 1, fields: Mapping[str, Value] | None = None) -> None:
        """New events."""
        for _ in range(count):
            self.events.append(self._event(len(self.events)) | dict(fields or {}))

    # ------------------------------------------------------------------------------------------ looking

    def _ping(self, _args: Mapping[str, Value]) -> Value:
        site: Json = {"name": "桃源社区", "timezone": "Asia/Shanghai", "language": self.language}
        who: Json = {"version": "0.1.0", "home": "/srv/shouwang", "pid": 7, "drill": self.drill}
        return who | {"site": site, "user": "王磊", "role": self.role}

    def _status(self, _args: Mapping[str, Value]) -> Value:
        states = [incident["state"] for incident in self.incidents.values()]
        return {
            "now": self._at(),
            "started": self._at(hours=9),
            "sources": self.sources,
            "findings": [self._finding()],
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

    def _finding(self) -> Json:
        if self.spoken == "en":
            return {"level": "degraded", "what": "2 rules were refused.", "hint": "`shouwang rules list` says which."}
        return {"level": "degraded", "what": "有 2 条规则未能加载。", "hint": "`shouwang rules list` 可查看是哪些。"}

    def _alerts_list(self, args: Mapping[str, Value]) -> Value:
        least = SEVERITIES.index(str(args.get("severity", "informational")))
        limit, offset = int(str(args.get("limit", 200))), int(str(args.get("offset", 0)))
        plain = least == 0 and "incident" not in args and not self.changed
        if plain:
            numbers = range(offset, min(self.alert_count, offset + limit))
            return {"total": self.alert_count, "alerts": [self.alert(number) for number in numbers]}
        found = [
            alert
            for alert in (self.alert(number) for number in range(min(self.alert_count, 2_000)))
            if SEVERITIES.index(str(alert["severity"])) >= least
            and args.get("state") in (None, alert["state"])
            and args.get("incident") in (None, alert["incident"])
        ]
        return {"total": len(found), "alerts": list(found[offset : offset + limit])}

    def _alerts_show(self, args: Mapping[str, Value]) -> Value:
        numbers = range(self.alert_count)
        alert = next((self.alert(number) for number in numbers if self.alert(number)["id"] == args["id"]), None)
        if alert is None:
            raise UsageError(f"There is no alert {args['id']!r}.", hint="See: shouwang alerts list")
        return alert | {"events": list(self.events[:6])}

    def _incidents_list(self, args: Mapping[str, Value]) -> Value:
        found = [item for item in self.incidents.values() if args.get("state") in (None, item["state"])]
        offset, limit = int(str(args.get("offset", 0))), int(str(args.get("limit", 200)))
        return {"total": len(found), "incidents": list(found[offset : offset + limit])}

    def _known(self, args: Mapping[str, Value]) -> Json:
        found = self.incidents.get(str(args["id"]))
        if found is None:
            raise UsageError(f"There is no incident {args['id']!r}.", hint="See: shouwang incidents list")
        return found

    def _incidents_show(self, args: Mapping[str, Value]) -> Value:
        known = self._known(args)
        items: list[Value] = [self.alert(number) for number in range(min(8, self.alert_count))]
        mine = [item for item in items if isinstance(item, dict) and item["incident"] == known["id"]]
        return known | {"alert_items": list(mine), "timeline": list(self.timelines[str(known["id"])])}

    # ------------------------------------------------------------------------------------------ acting

    def _done(self, incident: Json, act: str, **detail: Value) -> Value:
        self.timelines[str(incident["id"])].append(self._entry(f"incidents.{act}", "王磊", dict(detail)))
        return dict(incident)

    def _claim(self, args: Mapping[str, Value]) -> Value:
        incident = self._known(args)
        if incident["owner"] == "王磊":
            raise UsageError(f"{incident['id']} is yours already.")
        incident |= {"owner": "王磊", "state": "claimed"}
        return self._done(incident, "claim")

    def _triage(self, args: Mapping[str, Value]) -> Value:
        incident = self._known(args)
        if not incident["owner"]:
            if self.spoken == "en":
                raise UsageError(f"{incident['id']} is not claimed by anyone.", hint="Claim it first.")
            raise UsageError(f"{incident['id']} 尚未认领。", hint="请先认领。")
        incident |= {"state": "triaged", "disposition": args["disposition"], "disposition_reason": args["reason"]}
        return self._done(incident, "triage", disposition=args["disposition"], reason=args["reason"])

    def _grade(self, args: Mapping[str, Value]) -> Value:
        incident = self._known(args)
        facts = incident["facts"]
        assert isinstance(facts, dict)
        facts.update({name: args[name] for name in ("importance", "loss", "social") if name in args})
        if facts["loss"]:
            grade = DAMAGE[str(facts["loss"])]
            incident |= {"proposed_grade": GRADES[grade], "reasons": self._reasons(grade)}
        if "grade" in args:
            if args["grade"] != incident["proposed_grade"] and not args.get("reason"):
                raise UsageError("An override needs a reason.")
            incident |= {"grade": args["grade"], "grade_confirmed": True}
        elif not incident["grade_confirmed"]:
            incident["grade"] = incident["proposed_grade"]
        return self._done(incident, "grade", **{name: value for name, value in args.items() if name != "id"})

    def _close(self, args: Mapping[str, Value]) -> Value:
        incident = self._known(args)
        if incident["state"] != "triaged":
            raise UsageError(f"{incident['id']} is not triaged.", hint="Triage it first.")
        incident |= {"state": "closed", "closed_at": self._at()}
        return self._done(incident, "close", reason=args["reason"])

    def _report(self, args: Mapping[str, Value]) -> Value:
        incident = self._known(args)
        content = f"# 网络安全事件报告\n\n事件编号 {incident['id']}\n\n## 一、事件概述\n\n{incident['title']}\n"
        return {"filename": f"{incident['id']}.{args['format']}", "content": content}

    # ------------------------------------------------------------------------------------------ events

    def _search(self, args: Mapping[str, Value]) -> Value:
        query = str(args.get("query", ""))
        if query.count("(") != query.count(")"):
            raise UsageError("The query cannot be read at character 7: a ) is missing.", hint="See docs/reference.")
        wanted = query.rsplit(":", maxsplit=1)[-1].lower()
        found = [event for event in reversed(self.events) if wanted in str(event).lower()]
        start, limit = int(str(args.get("after") or 0)), int(str(args.get("limit", 100)))
        end = start + limit
        return {
            "events": list(found[start:end]),
            "next": str(end) if end < len(found) else None,
            "narrowed": "",
        }

    def _tail(self, args: Mapping[str, Value]) -> Value:
        start = int(str(args["after"])) if "after" in args else len(self.events)
        return {"events": list(self.events[start:]), "next": str(len(self.events))}

    def _count(self, _args: Mapping[str, Value]) -> Value:
        hour = int(self.now().replace(minute=0, second=0, microsecond=0).timestamp())
        shape = (1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 2, 3, 2, 2, 1, 2, 3, 4, 6, 9, 8, 7, 3)
        return [
            {"key": (hour - 3600 * back) * 1_000_000, "count": 97 * shape[23 - back], "approximate": False}
            for back in range(24)
        ]
