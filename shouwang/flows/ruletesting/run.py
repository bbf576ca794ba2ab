"""All tests of some rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from detection.rules import load
from detection.ruleset import Correlation, Refusal, Rule
from detection.sigma.rulefiles import rule_files
from shouwang.flows.ruletesting.asked import Asked
from shouwang.flows.ruletesting.expectations import expectations
from shouwang.flows.ruletesting.own import OwnTests
from shouwang.flows.ruletesting.regression import regression, roots
from shouwang.flows.ruletesting.results import Outcome, Result


@dataclass(slots=True)
class Tally:
    """What is known beside the results; whole when these were read to the end."""

    rules: int = 0
    refused: tuple[Refusal, ...] = ()
    untested: list[Rule | Correlation] = field(default_factory=list)
    """Rules of the paths for which no test was found."""


def run(
    paths: Sequence[Path],
    tested: Tally,
    *,
    beside: Sequence[Path] = (),
    expect: Sequence[Path] = (),
    placeholders: Mapping[str, Sequence[str]] | None = None,
    pipelines: Sequence[Path] = (),
    cache: Path | None = None,
) -> Iterator[Result]:
    """``beside``: further rules that correlations and filters may name; they are loaded and not tested.

    What of the paths and pipelines is refused is an error of its own: its tests cannot be run.
    """
    ruleset = load([*paths, *beside], placeholders=placeholders, pipelines=pipelines, cache=cache)
    given = {Path(file.path) for file in rule_files(paths)}
    everything: list[Rule | Correlation] = [*ruleset.rules, *ruleset.correlations]
    mine = [each for each in everything if each.path in given]
    asked = Asked(ruleset)
    tested.rules, tested.refused = len(mine), ruleset.refused
    for refusal in ruleset.refused:
        if refusal.path in given or refusal.path in pipelines:
            path = refusal.path
            yield Result(str(path), "", "load", path, refusal.line, Outcome.ERROR, refusal.reason)
    seen: set[str] = set()
    for rule in mine:
        own = OwnTests(rule, asked)
        if own.number:
            seen.add(str(rule.path))
        yield from own.run()
    for result in regression(roots(paths), ruleset, asked):
        seen.add(result.suite)
        yield result
    for folder in expect:
        yield from expectations(folder, asked)
    tested.untested = [rule for rule in mine if str(rule.path) not in seen]
