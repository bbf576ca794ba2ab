"""Events and rules of the tests' own making."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import yaml

from detection.compile import compile_detection
from detection.naive import holds
from detection.rules import load
from detection.ruleset import RuleSet
from detection.sigma.tree import Node
from shouwang.model import Event, Logsource, Shape, Value

FLAT = Shape(dataset="generic.json", parser="json", paths={}, prefixes=(("", ()),))
"""Every key of the document is a field."""


def event(
    doc: Mapping[str, Value],
    *,
    raw: bytes = b"",
    shape: Shape = FLAT,
    time_us: int = 1_795_479_330_000_000,
    context: Mapping[str, Value] | None = None,
) -> Event:
    return Event(
        time_us=time_us, received_us=time_us, source="test", shape=shape, doc=doc, raw=raw, context=context or {}
    )


def shaped(*logsources: Logsource, parser: str = "json", dataset: str = "test") -> Shape:
    return Shape(dataset=dataset, parser=parser, logsources=frozenset(logsources), paths={}, prefixes=(("", ()),))


def text_event(line: str | bytes, *logsources: Logsource) -> Event:
    raw = line.encode() if isinstance(line, str) else line
    return event({}, raw=raw, shape=shaped(*logsources, parser="text"))


def detection(text: str) -> Node:
    """A detection section in YAML, without field mapping."""
    return compile_detection(yaml.safe_load(text), lambda field: (field,), {})


def fires(text: str, doc: Mapping[str, Value]) -> bool:
    return holds(detection(text), event(doc))


def item(key: str, value: object, doc: Mapping[str, Value]) -> bool:
    """Whether one detection item holds."""
    node = compile_detection({"s": {key: value}, "condition": "s"}, lambda field: (field,), {})
    return holds(node, event(doc))


RULE = """
title: {title}
id: {id}
logsource: {logsource}
detection:
{detection}
level: {level}
"""


def rule_text(
    detection: str,
    *,
    title: str = "A rule",
    id: str = "",
    logsource: str = "{product: linux}",
    level: str = "low",
) -> str:
    body = "\n".join("  " + line for line in detection.strip().splitlines())
    return RULE.format(title=title, id=id or uuid4(), logsource=logsource, detection=body, level=level).lstrip()


def load_text(folder: Path, *texts: str) -> RuleSet:
    """The texts as documents of one file."""
    file = folder / "rules.yml"
    file.write_text("---\n".join(texts), encoding="utf-8")
    return load([file])
