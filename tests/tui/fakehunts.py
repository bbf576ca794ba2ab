"""Hunts of the small service: one that is half done until it is told to be over."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shouwang.model import Value
from tests.tui.samples import Json, Samples

RULES = (("r-1", "SSH 暴力破解", "high"), ("r-2", "住户记录批量导出", "critical"), ("r-3", "sudo 口令错误", "low"))


class HuntService:
    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self.over = False
        """Whether what runs has come to its end."""
        self._hunt: Json = {}
        self.packed = b""
        """What was handed over in a file."""

    def acts(self) -> dict[str, Callable[[Mapping[str, Value]], Value]]:
        return {
            "rules.list": lambda _args: {
                "rules": [{"id": id, "title": title, "severity": level} for id, title, level in RULES]
            },
            "hunt.start": self._start,
            "hunt.list": lambda _args: {"hunts": [self._hunt] if self._hunt else []},
            "hunt.show": self._show,
            "hunt.stop": self._stop,
            "hunt.matches": self._matches,
        }

    def receive(self, file: int) -> None:
        with open(file, "rb", closefd=False) as opened:
            opened.seek(0)
            self.packed = opened.read()

    def _start(self, args: Mapping[str, Value]) -> Value:
        asked = args.get("asked") or args.get("ids")
        self._hunt = {"id": "H-1", "state": "running", "by": "王磊", "asked": asked, "matches": 1}
        return {"id": "H-1"}

    def _stop(self, args: Mapping[str, Value]) -> Value:
        self._hunt["state"] = "stopped"
        return {"id": args["id"], "stopped": True}

    def _show(self, args: Mapping[str, Value]) -> Value:
        if self.over and self._hunt["state"] == "running":
            self._hunt |= {"state": "done", "matches": 2}
        done = self._hunt["state"] == "done"
        found: Json = {"rule_id": "r-2", "title": "住户记录批量导出", "level": "critical", "count": 2 if done else 1}
        return {**self._hunt, "passed": 4000 if done else 2000, "total": 4000, "by_rule": [found], "refused": []}

    def _matches(self, args: Mapping[str, Value]) -> Value:
        if args["after"]:
            return {"items": [], "next": args["after"]}
        items: list[Value] = [
            {
                "rule_id": rule,
                "time": self._samples.at(hours=hours),
                "match": {"user.name": user},
                "fields": {"user.name": user, "platform.records": 3482, "message": "[/b]\x1b]0;x\x07 导出"},
            }
            for rule, hours, user in (("r-2", 3, "wang"), ("r-1", 2, "root"), ("r-2", 1, "li"))
        ]
        return {"items": items, "next": 3}
