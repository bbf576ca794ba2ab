"""A small service that answers the console's acts from memory, as the daemon's table of acts does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from shouwang.errors import AccessError, UsageError
from shouwang.model import Value
from tests.tui.fakehunts import HuntService
from tests.tui.samples import GRADES, NOON, SEVERITIES, Json, Samples, hourly, incident_title, own, reasons, status
from tui.tail import OWN, OWN_QUERY

ACTING = ("incidents.claim", "incidents.triage", "incidents.grade", "incidents.close")
DAMAGE = {"minor": 1, "considerable": 2, "serious": 3, "especially_serious": 4}


class Service:
    """State and acts. ``lost`` cuts the line; everything asked is noted in ``asked``."""

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
        self.samples = samples = Samples(self.now, drill=drill)
        self.events = [samples.event(number) for number in range(120)]
        self.incidents = {str(made["id"]): made for made in (samples.incident(number) for number in range(4))}
        self.timelines: dict[str, list[Value]] = {
            key: [self._entry("created", "system", {"alerts": 2})] for key in self.incidents
        }
        self.holds: list[Json] = []
        self.works: list[Json] = []
        self.hunts = HuntService(samples)
        self.over: list[Json] = []
        """Silences at work; and those that are over."""
        self.sources: list[Value] = [
            samples.source("file:/var/log/auth.log", "ok", ""),
            samples.source("journald", "ok", ""),
            samples.source("syslog:0.0.0.0:5514/udp", "broken", "地址已被占用, 30 秒后重试"),
            samples.source("metrics", "ok", ""),
        ]

    def call(self, act: str, lang: str = "", file: int | None = None, /, **args: Value) -> Value:
        if file is not None:
            self.hunts.receive(file)
        self.asked.append((act, args))
        self.spoken = lang or self.language
        if self.lost:
            raise ConnectionResetError("The daemon has gone.")
        acts: dict[str, Callable[[Mapping[str, Value]], Value]] = {
            "ping": self._ping,
            "status": self._status,
            "alerts.list": self._alerts_list,
            "alerts.show": self._alerts_show,
            "silences.preview": self._preview,
            "silences.add": self._silence,
            "silences.list": lambda _args: {"silences": list(self.holds)},
            "silences.end": self._end_silence,
            "maintenance.list": lambda _args: {"maintenance": list(self.works)},
            "maintenance.add": self._maintain,
            "maintenance.end": self._end_works,
            **self.hunts.acts(),
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

    def arrive(self, count: int = 1, fields: Mapping[str, Value] | None = None) -> None:
        """New events."""
        for _ in range(count):
            self.events.append(self.samples.event(len(self.events)) | dict(fields or {}))

    def beat(self, count: int = 1, dataset: str = "host.metrics") -> None:
        """What the system says about itself."""
        self.arrive(count)
        self.events[-count:] = [own(event, dataset) for event in self.events[-count:]]

    def _entry(self, act: str, actor: str, detail: Json) -> Json:
        return {"at": self.samples.at(), "actor": actor, "act": act, "detail": detail}

    # ------------------------------------------------------------------------------------------ looking

    def _ping(self, _args: Mapping[str, Value]) -> Value:
        site: Json = {"name": "桃源社区", "timezone": "Asia/Shanghai", "language": self.language}
        who: Json = {"version": "0.1.0", "home": "/srv/shouwang", "pid": 7, "drill": self.drill}
        return who | {"site": site, "user": "王磊", "role": self.role}

    def _status(self, _args: Mapping[str, Value]) -> Value:
        states = [incident["state"] for incident in self.incidents.values()]
        told = status(self.samples.at(), self.samples.at(hours=9), self.sources, states, self._finding())
        return told | {"noise": {"active": list(self.holds), "ended": list(self.over)}}

    def _finding(self) -> Json:
        if self.spoken == "en":
            return {"level": "degraded", "what": "2 rules were refused.", "hint": "`shouwang rules list` says which."}
        return {"level": "degraded", "what": "有 2 条规则未能加载。", "hint": "`shouwang rules list` 可查看是哪些。"}

    def alert(self, number: int) -> Json:
        """Alerts are made when asked for; number 0 is the newest."""
        made = self.samples.alert(number, self.spoken)
        return made | self.changed.get(str(made["id"]), {})

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

    def _preview(self, args: Mapping[str, Value]) -> Value:
        what = "rule is SSH brute force, and source.ip is 10.20.3.7"
        return {"what": what if self.spoken == "en" else "规则为 SSH 暴力破解，且来源地址为 10.20.3.7",
                "would_have_held": {"alerts": 3, "events": 1200}}  # fmt: skip

    def _silence(self, args: Mapping[str, Value]) -> Value:
        made: Json = {"id": "S-1", "owner": "王磊", "until": self.samples.at(hours=-8), **self._known_what()}
        self.holds.append(made | {"held": {"alerts": 2, "events": 900}})
        return made

    def _end_silence(self, args: Mapping[str, Value]) -> Value:
        (ended,) = (each for each in self.holds if each["id"] == args["id"])
        self.holds.remove(ended)
        return ended

    def _maintain(self, args: Mapping[str, Value]) -> Value:
        named = args["match"]
        assert isinstance(named, list)
        made: Json = {
            "id": "M-1",
            "owner": "王磊",
            "until": self.samples.at(hours=-2),
            "what": " ".join(map(str, named)),
        }
        self.works.append(made | {"held": {"alerts": 5, "events": 70}, "state": "active"})
        return made

    def _end_works(self, args: Mapping[str, Value]) -> Value:
        (ended,) = (each for each in self.works if each["id"] == args["id"])
        self.works.remove(ended)
        return ended

    def _known_what(self) -> Json:
        known = self._preview({})
        assert isinstance(known, dict)
        return {"what": known["what"]}

    def _titled(self, incident: Json) -> Json:
        return {**incident, "title": incident_title(str(incident["id"]), self.spoken)}

    def _incidents_list(self, args: Mapping[str, Value]) -> Value:
        found = [self._titled(item) for item in self.incidents.values() if args.get("state") in (None, item["state"])]
        offset, limit = int(str(args.get("offset", 0))), int(str(args.get("limit", 200)))
        return {"total": len(found), "incidents": list(found[offset : offset + limit])}

    def _known(self, args: Mapping[str, Value]) -> Json:
        found = self.incidents.get(str(args["id"]))
        if found is None:
            raise UsageError(f"There is no incident {args['id']!r}.", hint="See: shouwang incidents list")
        return found

    def _incidents_show(self, args: Mapping[str, Value]) -> Value:
        known = self._titled(self._known(args))
        items: list[Value] = [self.alert(number) for number in range(min(8, self.alert_count))]
        mine = [item for item in items if isinstance(item, dict) and item["incident"] == known["id"]]
        return known | {"alert_items": list(mine), "timeline": list(self.timelines[str(known["id"])])}

    # ------------------------------------------------------------------------------------------ acting

    def _done(self, incident: Json, act: str, **detail: Value) -> Value:
        self.timelines[str(incident["id"])].append(self._entry(f"incidents.{act}", "王磊", dict(detail)))
        return self._titled(incident)

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
            incident |= {"proposed_grade": GRADES[grade], "reasons": reasons(grade)}
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
        incident |= {"state": "closed", "closed_at": self.samples.at()}
        return self._done(incident, "close", reason=args["reason"])

    def _report(self, args: Mapping[str, Value]) -> Value:
        incident = self._known(args)
        content = (
            f"# 网络安全事件报告\n\n事件编号 {incident['id']}\n\n## 一、事件概述\n\n{self._titled(incident)['title']}\n"
        )
        return {"filename": f"{incident['id']}.{args['format']}", "content": content}

    # ------------------------------------------------------------------------------------------ events

    def _search(self, args: Mapping[str, Value]) -> Value:
        query = str(args.get("query", ""))
        if query.count("(") != query.count(")"):
            raise UsageError("The query cannot be read at character 7: a ) is missing.", hint="See docs/reference.")
        wanted = query.rsplit(":", maxsplit=1)[-1].lower()
        if query == f"NOT {OWN_QUERY}":
            found = [event for event in reversed(self.events) if event["event.dataset"] not in OWN]
        else:
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

    def _count(self, args: Mapping[str, Value]) -> Value:
        if args.get("query") != OWN_QUERY:
            return hourly(self.now())
        counted = Counter(str(event["event.dataset"]) for event in self.events)
        return [{"key": name, "count": counted[name], "approximate": False} for name in OWN if counted[name]]
