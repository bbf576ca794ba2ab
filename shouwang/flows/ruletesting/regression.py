"""SigmaHQ's regression cases: ``regression_data/.../info.yml`` names a rule and the records on which it must fire."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from detection.ruleset import Refusal, Rule, RuleSet
from detection.sigma import documents
from detection.sigma.faults import RuleFault
from shouwang.flows.ruletesting.asked import Asked
from shouwang.flows.ruletesting.events import of_file
from shouwang.flows.ruletesting.results import Outcome, Result, fired_not
from shouwang.words import NOTHING, Words

FOLDER: Final = "regression_data"
_RECORDS: Final = (".evtx", ".json", ".jsonl", ".raw", ".log", ".xml")
_MOST_PARENTS: Final = 8


def roots(paths: Sequence[Path]) -> list[Path]:
    """The folders with ``regression_data`` that belong to these rules: at them, or above."""
    found = []
    for path in paths:
        whole = path.resolve()
        for folder in [whole, *whole.parents][:_MOST_PARENTS]:
            if (folder / FOLDER).is_dir():
                found.append(folder)
                break
    return list(dict.fromkeys(found))


def regression(roots: Sequence[Path], ruleset: RuleSet, asked: Asked) -> Iterator[Result]:
    rules = {rule.id: rule for rule in ruleset.rules}
    for root in roots:
        for info in sorted((root / FOLDER).rglob("info.yml")):
            yield from _Case(info, root, rules, asked).run()


class _Case:
    """The records of one info.yml. Nothing, where none of its rules is loaded."""

    def __init__(self, info: Path, root: Path, rules: Mapping[str, Rule], asked: Asked) -> None:
        self._info = info
        self._root = root
        self._rules = rules
        self._asked = asked

    def run(self) -> Iterator[Result]:
        found = next(documents.read(self._info), None)
        if found is None or isinstance(found, Refusal):
            reason = Words("文件为空", "it is empty") if found is None else found.reason
            yield self._result(None, "info.yml", Outcome.ERROR, reason)
            return
        named = [str(each.get("id", "")).lower() for each in _maps(found.data.get("rule_metadata"))]
        for rule in (self._rules[each] for each in named if each in self._rules):
            tests = _maps(found.data.get("regression_tests_info"))
            for test in tests:
                yield from self._test(rule, test)
            for file in () if tests else self._beside():
                yield self._tried(rule, file.name, file)

    def _beside(self) -> list[Path]:
        """Records in the same folder: an info.yml need not list them."""
        return sorted(each for each in self._info.parent.iterdir() if each.suffix in _RECORDS)

    def _test(self, rule: Rule, test: Mapping[object, object]) -> Iterator[Result]:
        path = PurePosixPath(str(test.get("path", "")))
        file = self._root / path
        if path.is_absolute() or ".." in path.parts or not file.is_file():
            detail = Words(f"{path} 不存在", f"{path} is not there")
            yield self._result(rule, str(test.get("name", "")), Outcome.ERROR, detail)
            return
        same = [file.with_suffix(suffix) for suffix in _RECORDS]
        for each in dict.fromkeys([file, *(other for other in same if other.is_file())]):
            yield self._tried(rule, f"{test.get('name', '')} {each.suffix}", each)

    def _tried(self, rule: Rule, name: str, file: Path) -> Result:
        began_s = time.perf_counter()
        try:
            events = list(of_file(file))
        except RuleFault as fault:
            return self._result(rule, name, Outcome.ERROR, fault.reason)
        if not events:
            return self._result(rule, name, Outcome.ERROR, Words(f"{file} 中没有记录", f"there is no record in {file}"))
        detail = NOTHING
        if not any(rule.id in self._asked.fired(event) for event in events):
            detail = fired_not(self._asked.why(rule, events[0], wanted=True))
        outcome = Outcome.FAILED if detail else Outcome.PASSED
        return self._result(rule, name, outcome, detail, time.perf_counter() - began_s)

    def _result(
        self, rule: Rule | None, name: str, outcome: Outcome, detail: Words = NOTHING, took_s: float = 0.0
    ) -> Result:
        suite = str(self._info) if rule is None else str(rule.path)
        title = "" if rule is None else rule.title
        return Result(suite, title, name, self._info, 1, outcome, detail, took_s)


def _maps(value: object) -> list[Mapping[object, object]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
