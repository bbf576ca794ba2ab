"""A rule's own tests, in its file or beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from detection.authoring.ruletests import RuleTests, Sample, Scene, Where, read
from detection.ruleset import Correlation, Refusal, Rule
from detection.sigma import documents
from detection.sigma.documents import Document
from detection.sigma.faults import RuleFault
from shouwang.flows.ruletesting.asked import Asked, by_reference, document_of
from shouwang.flows.ruletesting.events import of_sample, of_scene
from shouwang.flows.ruletesting.results import Outcome, Result, fired, fired_not
from shouwang.model import Event
from shouwang.words import NOTHING, Words


class OwnTests:
    """Of one rule. ``number``: how many there are; a file of tests that cannot be read counts as one."""

    def __init__(self, rule: Rule | Correlation, asked: Asked) -> None:
        self._rule = rule
        self._asked = asked
        self._place: tuple[Document, Where] | None = None
        self.fault: Result | None = None
        self.tests = RuleTests()
        try:
            self.tests = self._read()
        except RuleFault as fault:
            self.fault = self._result("tests", fault.where, Outcome.ERROR, fault.reason)

    @property
    def number(self) -> int:
        return len(self.tests) + (self.fault is not None)

    def _read(self) -> RuleTests:
        """Raises ``RuleFault``."""
        of_correlation = isinstance(self._rule, Correlation)
        if "tests" in self._rule.extra:
            document = document_of(self._rule)
            self._place = None if document is None else (document, ("tests",))
            return read(self._rule.extra["tests"], of_correlation=of_correlation)
        beside = self._rule.path.with_suffix(".test.yml")
        if not beside.exists():
            return RuleTests()
        found = next(documents.read(beside), None)
        if isinstance(found, Refusal) or found is None:
            why = found.reason if found else Words("文件为空", "it is empty")
            raise RuleFault(Words(f"无法读取 {beside}：{why.zh}", f"{beside} cannot be read: {why.en}"))
        self._place = (found, ())
        return read(found.data, of_correlation=of_correlation)

    def run(self) -> Iterator[Result]:
        if self.fault is not None:
            yield self.fault
        tests = self.tests
        for kind, wanted, listed in (
            ("match", True, tests.match),
            ("no_match", False, tests.no_match),
            ("fires", True, tests.fires),
            ("quiet", False, tests.quiet),
        ):
            for test in listed:
                yield self._tried(f"{kind}: {test.name}", test, wanted=wanted)

    def _tried(self, name: str, test: Sample | Scene, *, wanted: bool) -> Result:
        began_s = time.perf_counter()
        try:
            detail = self._said(test, wanted=wanted)
            outcome = Outcome.FAILED if detail else Outcome.PASSED
        except RuleFault as fault:
            detail, outcome = fault.reason, Outcome.ERROR
        return self._result(name, test.where, outcome, detail, time.perf_counter() - began_s)

    def _said(self, test: Sample | Scene, *, wanted: bool) -> Words:
        return self._scene(test, wanted=wanted) if isinstance(test, Scene) else self._sample(test, wanted=wanted)

    def _sample(self, sample: Sample, *, wanted: bool) -> Words:
        """Each event of a sample, and of a file at least one, must match; or none."""
        rule = self._rule
        assert isinstance(rule, Rule)
        events = list(of_sample(sample, rule.path))
        if not events:
            raise RuleFault(Words(f"{sample.file} 中没有记录", f"there is no record in {sample.file}"), *sample.where)
        matched = [event for event in events if rule.id in self._asked.fired(event)]
        if not wanted:
            return fired(self._asked.why(rule, matched[0], wanted=False)) if matched else NOTHING
        missed = [event for event in events if event not in matched]
        if missed and not (sample.file and matched):
            return fired_not(self._asked.why(rule, missed[0], wanted=True))
        return self._others(sample, events)

    def _others(self, sample: Sample, events: Sequence[Event]) -> Words:
        """Rules that the test names as well."""
        names = by_reference(self._asked.ruleset)
        for name in sorted(sample.also):
            other = names.get(name)
            if other is None:
                raise RuleFault(
                    Words(f"also：规则 {name!r} 未加载", f"also: the rule {name!r} is not loaded"),
                    *sample.where,
                    "also",
                )
            if not any(other.id in self._asked.fired(event) for event in events):
                return fired_not(other.title)
        return NOTHING

    def _scene(self, scene: Scene, *, wanted: bool) -> Words:
        hits = [hit for hit in self._asked.hits(of_scene(scene, self._rule.path)) if hit.rule_id == self._rule.id]
        groups = sorted({hit.group for hit in hits})
        count = sum(len(hit.members) for hit in hits)
        said = "; ".join(", ".join(group) or "(all)" for group in groups)
        if not wanted:
            return fired(f"{said} ({count})") if hits else NOTHING
        if not hits:
            return fired_not("no group reaches the condition")
        if scene.count is not None and count != scene.count:
            return Words(f"应计 {scene.count} 个事件，实计 {count}", f"{scene.count} events should count, {count} do")
        if scene.group is not None and groups != [scene.group]:
            asked = ", ".join(scene.group)
            return Words(f"应为分组 {asked}，实为 {said}", f"the group should be {asked} and is {said}")
        return NOTHING

    def _result(
        self, name: str, where: Where, outcome: Outcome, detail: Words = NOTHING, took_s: float = 0.0
    ) -> Result:
        rule = self._rule
        path, line = rule.path, rule.line
        if self._place is not None:
            document, above = self._place
            path, line = document.path, document.line_of(*above, *where)
        return Result(str(rule.path), rule.title, name, path, line, outcome, detail, took_s)
