"""A rule and an event -> why it fires, or why not, as JSON. Joins what parsers read with what rules ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO

from collectors.files import Damage, records
from collectors.origin import Origin
from collectors.registry import PARSERS
from detection.authoring.explain import Reading, Step, explain
from detection.correlate import Correlator
from detection.correlation.readings import keys_of
from detection.correlation.rows import Held
from detection.correlation.standing import Standing, standing, wanted
from detection.engine import Engine
from detection.oracle import meant_for
from detection.ruleset import Correlation, Rule, RuleSet
from detection.sigma import documents
from detection.sigma.documents import Document
from detection.sigma.fieldnames import built_in
from shouwang.errors import UsageError
from shouwang.model import ABSENT, DEAD_DATASET, Event, Match, Value
from shouwang.timespan import rfc3339
from shouwang.words import Words

__all__ = [
    "Correlation",
    "Rule",
    "RuleSet",
    "events_of",
    "find",
    "told",
    "told_correlation",
    "told_event",
    "told_standing",
]

Json = dict[str, Value]
MOST_GROUPS = 20


def find(ruleset: RuleSet, reference: str) -> Rule | Correlation:
    """By id, name, title or file name. Raises ``UsageError`` that names what is near."""
    everything: list[Rule | Correlation] = [*ruleset.rules, *ruleset.correlations]
    names: dict[str, Rule | Correlation] = {}
    for each in everything:
        for name in (each.path.stem, each.title, each.title_zh, each.name, each.id):
            names[name.lower()] = each
    found = names.get(reference.lower())
    if found is not None and reference:
        return found
    near = get_close_matches(reference.lower(), names, n=3)
    titles = ", ".join(near)
    raise UsageError(
        Words(f"没有规则 {reference!r}。", f"There is no rule {reference!r}."),
        hint=Words(f"相近的有：{titles}", f"Near to it: {titles}")
        if near
        else Words("`shouwang rules list` 列出已加载的规则。", "`shouwang rules list` lists those loaded."),
    )


def events_of(source: Path | BinaryIO, format: str, zone: tzinfo, now_us: int, *, name: str = "") -> Iterator[Event]:
    """A file's records as events; what is damaged is left out. Ids are the places in the file."""
    named = name or str(source)
    origin = Origin(source=f"file:{named}", received_us=now_us, reference_us=now_us, zone=zone, live=False)
    number = 0
    for piece in records(source, format, name=name):
        if isinstance(piece, Damage):
            continue
        number += 1
        event = PARSERS[piece.parser](piece.raw, origin)
        event.id = number.to_bytes(16, "big")
        yield event


def told_event(rule: Rule, event: Event, zone: tzinfo) -> Json:
    return _told(rule, event, zone)


def told(rule: Rule, events: Sequence[Event], zone: tzinfo, *, record: int = 0) -> Json:
    """Of one event: the ``record``-th, else the first on which the rule fires, else the first that it is meant for."""
    place = record - 1 if record else _best(rule, events)
    if not 0 <= place < len(events):
        raise UsageError(
            Words(f"没有第 {record} 条记录（共 {len(events)} 条）。", f"There is no record {record} of {len(events)}."),
            hint=Words("记录从 1 数起。", "Records are counted from 1."),
        )
    return _told(rule, events[place], zone) | {"record": place + 1, "records": len(events)}


def _best(rule: Rule, events: Sequence[Event]) -> int:
    engine = Engine(RuleSet((rule,)), ())
    fired = (place for place, event in enumerate(events) if engine.fired(event))
    meant = (place for place, event in enumerate(events) if meant_for(rule, event.shape))
    return next(fired, next(meant, 0))


def _told(rule: Rule, event: Event, zone: tzinfo) -> Json:
    document = _document(rule)
    detection = None if document is None else document.data.get("detection")
    names = built_in()
    marks = names.marks(detection)
    tree = explain(
        rule,
        detection if isinstance(detection, dict) else None,
        lambda field: names.ecs(rule.logsource, marks, field),
        {},
        event,
    )
    dead = event.shape.dataset == DEAD_DATASET
    fits = meant_for(rule, event.shape)
    return {
        "rule": _head(rule) | {"logsource": _logsource(rule.logsource)},
        "event": _event(event, zone),
        "parsed": not dead,
        "fits": fits,
        "fires": fits and not dead and tree.holds,
        "tree": _step(tree),
    }


def _event(event: Event, zone: tzinfo) -> Json:
    sources: list[Value] = [_logsource(each) for each in sorted(event.shape.logsources, key=str)]
    said = {name: event.get(name) for name in ("error.code", "error.message")}
    return {
        "time": rfc3339(event.time_us, zone),
        "source": event.source,
        "dataset": event.shape.dataset,
        "parser": event.shape.parser,
        "logsources": sources,
        "error": {name: value for name, value in said.items() if value is not ABSENT},
    }


def _document(rule: Rule) -> Document | None:
    found = (each for each in documents.read(rule.path) if isinstance(each, Document) and each.line == rule.line)
    return next(found, None)


def _head(rule: Rule | Correlation) -> Json:
    return {
        "id": rule.id,
        "title": rule.title,
        "title_zh": rule.title_zh,
        "level": rule.severity.name.lower(),
        "path": str(rule.path),
        "line": rule.line,
    }


def _logsource(source: tuple[str | None, ...]) -> Json:
    return {name: value for name, value in zip(("product", "category", "service"), source, strict=True) if value}


def _step(step: Step) -> Json:
    made: Json = {"kind": step.kind, "label": step.label, "holds": step.holds}
    if step.reads:
        made["reads"] = [_reading(each) for each in step.reads]
    if step.parts:
        made["parts"] = [_step(each) for each in step.parts]
    if step.left_out:
        made["left_out"] = step.left_out
    return made


def _reading(reading: Reading) -> Json:
    return {
        "name": reading.name,
        "present": reading.present,
        "place": reading.place,
        "values": list(reading.values),
    }


# ---------------------------------------------------------------------------------------------- correlations


def told_correlation(correlation: Correlation, ruleset: RuleSet, events: Sequence[Event], zone: tzinfo) -> Json:
    """What the events of a file come to, group by group."""
    engine, correlator = Engine(ruleset, ()), Correlator(ruleset.correlations)
    matches = sorted(engine.match(events), key=lambda match: match.time_us)
    hits = [hit for match in matches for hit in correlator.feed(_as_live(match))]
    state = correlator.states[correlation.id]
    groups = [standing(state, key) for key in list(state.memory.groups)]
    found = _groups([each for each in groups if each is not None], zone)
    hits += correlator.flush()
    fired = [hit for hit in hits if hit.rule_id == correlation.id]
    counted: list[Value] = [{"group": list(hit.group), "count": len(hit.members)} for hit in fired]
    return {
        "rule": _head(correlation),
        "wanted": wanted(correlation),
        "group_by": list(correlation.group_by),
        "reads": [_read(rule, ruleset, matches) for rule in correlation.rules],
        "without_group": _without_group(correlation, matches),
        "groups": found,
        "counted": counted,
        "fires": bool(fired),
        "records": len(events),
    }


def _groups(found: Iterable[Standing], zone: tzinfo) -> list[Value]:
    """The fullest first."""
    ordered = sorted(found, key=lambda each: (-each.events, each.group))[:MOST_GROUPS]
    return [
        {
            "group": list(each.group),
            "events": each.events,
            "first": rfc3339(each.first_us, zone),
            "last": rfc3339(each.last_us, zone),
            "reached": each.reached,
            "fulfilled": each.fulfilled,
            "by_rule": dict(each.by_rule),
        }
        for each in ordered
    ]


def _as_live(match: Match) -> Match:
    return replace(match, received_us=match.time_us)


def _read(rule_id: str, ruleset: RuleSet, matches: Sequence[Match]) -> Json:
    titles = {each.id: each.title for each in ruleset.rules} | {each.id: each.title for each in ruleset.correlations}
    title = titles.get(rule_id, rule_id)
    return {"id": rule_id, "title": title, "matches": sum(match.rule_id == rule_id for match in matches)}


def _without_group(correlation: Correlation, matches: Sequence[Match]) -> int:
    mine = [match for match in matches if match.rule_id in correlation.rules]
    return sum(not keys_of(correlation, match) for match in mine)


def told_standing(
    correlation: Correlation, ruleset: RuleSet, event: Event, held: Callable[[str], Held | None], zone: tzinfo
) -> Json:
    """Where the groups of one event stand, by what is remembered (``held``)."""
    matches = Engine(ruleset, ()).match([event])
    state = Correlator(ruleset.correlations, held).states[correlation.id]
    keys = {key for match in matches if match.rule_id in correlation.rules for key in keys_of(correlation, match)}
    groups = [found for key in sorted(keys) if (found := standing(state, key)) is not None]
    return {
        "rule": _head(correlation),
        "wanted": wanted(correlation),
        "group_by": list(correlation.group_by),
        "reads": [_read(rule, ruleset, matches) for rule in correlation.rules],
        "without_group": _without_group(correlation, matches),
        "groups": _groups(groups, zone),
        "fires": any(each.fulfilled for each in groups),
        "records": 1,
    }
