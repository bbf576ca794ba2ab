"""Folders of expectations: ``*.expect.yml`` names files of events and which rules must and must not fire on them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from detection.ruleset import Correlation, Refusal, Rule
from detection.sigma import documents
from detection.sigma.documents import Document
from detection.sigma.faults import RuleFault
from shouwang.flows.ruletesting.asked import Asked, by_reference
from shouwang.flows.ruletesting.events import of_file
from shouwang.flows.ruletesting.results import Outcome, Result
from shouwang.model import Event
from shouwang.words import NOTHING, Words

_NO_MAP: Final = Words("应为含 events、fires、quiet 的映射", "a map of events, fires, quiet was expected")
_KEYS: Final = frozenset({"events", "format", "fires", "quiet", "only"})


def expectations(folder: Path, asked: Asked) -> Iterator[Result]:
    files = [folder] if folder.is_file() else sorted([*folder.rglob("*.expect.yml"), *folder.rglob("*.expect.yaml")])
    if not files:
        detail = Words("目录中没有 *.expect.yml", "there is no *.expect.yml in the folder")
        yield Result(str(folder), "", "expect", folder, 1, Outcome.ERROR, detail)
    for file in files:
        for document in documents.read(file, _NO_MAP):
            if isinstance(document, Refusal):
                yield Result(str(file), "", "expect", file, document.line, Outcome.ERROR, document.reason)
            else:
                yield from _Expectation(document, asked).run()


class _Expectation:
    """One document: some files, taken together."""

    def __init__(self, document: Document, asked: Asked) -> None:
        self._document = document
        self._asked = asked
        self._names = by_reference(asked.ruleset)

    def run(self) -> Iterator[Result]:
        began_s = time.perf_counter()
        try:
            fires, quiet, only = self._read()
            found = self._found(self._events())
        except RuleFault as fault:
            yield self._result("expect", fault.where, fault.reason, Outcome.ERROR)
            return
        took_s = time.perf_counter() - began_s
        for rule, count in fires:
            yield self._result(f"fires: {rule.title}", ("fires",), _counted(count, found[rule.id]), took_s=took_s)
        for rule in quiet:
            number = found[rule.id]
            detail = Words(f"命中 {number} 次，应为 0", f"fires {number} times and should not") if number else NOTHING
            yield self._result(f"quiet: {rule.title}", ("quiet",), detail)
        if only:
            others = sorted(set(found) - {rule.id for rule, _ in fires})
            titles = "; ".join(f"{self._names[each].title} ({found[each]})" for each in others)
            detail = Words(f"另有命中：{titles}", f"others fire as well: {titles}") if titles else NOTHING
            yield self._result("only", ("only",), detail)

    def _read(self) -> tuple[list[tuple[Rule | Correlation, int | None]], list[Rule | Correlation], bool]:
        data: Mapping[str, object] = self._document.data
        for key in data:
            if key not in _KEYS:
                raise RuleFault(
                    Words(
                        f"此处没有 {key!r}；可用：{'、'.join(sorted(_KEYS))}",
                        f"{key!r} is not known here; {', '.join(sorted(_KEYS))} are",
                    ),
                    key,
                )
        fires, quiet = data.get("fires") or [], data.get("quiet") or []
        counts = fires if isinstance(fires, dict) else dict.fromkeys(_texts(fires, "fires"))
        wanted: list[tuple[Rule | Correlation, int | None]] = []
        for name, count in counts.items():
            if count is not None and (isinstance(count, bool) or not isinstance(count, int)):
                raise RuleFault(
                    Words("fires：规则的次数应为数字", "fires: a rule's number must be a number"), "fires", str(name)
                )
            wanted.append((self._rule(str(name), "fires"), count))
        return wanted, [self._rule(name, "quiet") for name in _texts(quiet, "quiet")], data.get("only") is True

    def _rule(self, name: str, key: str) -> Rule | Correlation:
        found = self._names.get(name)
        if found is None:
            raise RuleFault(Words(f"{key}：规则 {name!r} 未加载", f"{key}: the rule {name!r} is not loaded"), key)
        return found

    def _events(self) -> list[Event]:
        named = _texts(self._document.data.get("events"), "events")
        format = self._document.data.get("format", "auto")
        events: list[Event] = []
        for name in named:
            events += of_file(self._document.path.parent / name, str(format), len(events))
        if not events:
            raise RuleFault(Words("没有可检查的事件", "there is no event to look at"), "events")
        return events

    def _found(self, events: list[Event]) -> Counter[str]:
        """Rule id -> events on which it fires; of a correlation, events that count."""
        found: Counter[str] = Counter()
        for event in events:
            found.update(self._asked.fired(event))
        for hit in self._asked.hits(sorted(events, key=lambda event: event.time_us)):
            found[hit.rule_id] += len(hit.members)
        return found

    def _result(
        self,
        name: str,
        where: tuple[str | int, ...],
        detail: Words,
        outcome: Outcome | None = None,
        took_s: float = 0.0,
    ) -> Result:
        if outcome is None:
            outcome = Outcome.FAILED if detail else Outcome.PASSED
        path = self._document.path
        return Result(str(path), "", name, path, self._document.line_of(*where), outcome, detail, took_s)


def _counted(wanted: int | None, found: int) -> Words:
    if found and wanted in {None, found}:
        return NOTHING
    if wanted is None:
        return Words("未命中", "does not fire")
    return Words(f"应命中 {wanted} 次，实为 {found}", f"should fire {wanted} times and fires {found}")


def _texts(value: object, key: str) -> list[str]:
    listed = value if isinstance(value, list) else [value] if value is not None else []
    if not all(isinstance(each, str) for each in listed):
        raise RuleFault(Words(f"{key} 应为文本或文本列表", f"{key} must be a text or a list of texts"), key)
    return [str(each) for each in listed]
