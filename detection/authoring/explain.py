"""Why a rule fires on an event, or does not: its own words, what of the event each reads, its truth. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from detection.compile import compile_detection, compile_named
from detection.naive import program
from detection.ruleset import Rule
from detection.sigma import conditions
from detection.sigma.faults import RuleFault
from detection.sigma.modifiers import Placeholders
from detection.sigma.predicate_words import predicate_words
from detection.sigma.predicates import Exists, SameAs
from detection.sigma.tree import And, Atom, Keyword, Node, Not, Or
from detection.view import View
from shouwang.model import ABSENT, Event, Value, value_at

MapField = Callable[[str], tuple[str, ...]]
MOST_SHOWN: Final = 12
"""Of the values of one item, and of the parts of one condition that the engine made itself."""
DERIVED: Final = "~ecs"
"""Where parsers put what they took out of a record's values."""
_RESERVED: Final = frozenset({"condition", "timeframe"})


@dataclass(frozen=True, slots=True)
class Reading:
    """One field as the event has it."""

    name: str
    """ECS."""
    place: str
    """The keys in the document that lead to it; ``(context)`` for what intake knows beside the record; ``""``: none."""
    values: tuple[Value, ...] = ()
    """Its value, or the elements of its list."""

    @property
    def present(self) -> bool:
        return bool(self.place)


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a condition and its truth."""

    label: str
    """As the rule writes it."""
    kind: str
    """``condition and or not name item value filter test``"""
    holds: bool
    parts: tuple[Step, ...] = ()
    reads: tuple[Reading, ...] = ()
    left_out: int = 0
    """Further parts, all of the truth that does not matter."""


def explain(
    rule: Rule, detection: Mapping[object, object] | None, mapping: MapField, placeholders: Placeholders, event: Event
) -> Step:
    """``detection``: the rule's section as its file has it; ``None``: it cannot be had, the tests are told instead."""
    reader = _Reader(mapping, placeholders, event)
    try:
        own = None if detection is None else compile_detection(detection, mapping, placeholders)
    except RuleFault:
        own = None
    filters = None if own is None else _filters(rule.condition, own)
    if detection is None or filters is None:
        return reader.test(rule.condition)
    step = reader.section(detection)
    if not filters:
        return step
    parts = (step, *(reader.filter(node) for node in filters))
    return Step("", "and", all(part.holds for part in parts), parts)


def _filters(whole: Node, own: Node) -> list[Node] | None:
    """What filter documents added; ``None`` when the condition was made of another file than this one."""
    added: list[Node] = []
    while whole != own:
        if not isinstance(whole, And) or len(whole.parts) != 2:
            return None
        whole, last = whole.parts
        added.insert(0, last)
    return added


class _Reader:
    def __init__(self, mapping: MapField, placeholders: Placeholders, event: Event) -> None:
        self._mapping = mapping
        self._placeholders = placeholders
        self._event = event
        self._view = View(event)

    def section(self, detection: Mapping[object, object]) -> Step:
        named = {str(name): self._name(str(name), item) for name, item in detection.items() if name not in _RESERVED}
        written = detection["condition"]
        lines = [str(line) for line in (written if isinstance(written, list) else [written])]
        steps = tuple(self._line(line, named) for line in lines)
        return steps[0] if len(steps) == 1 else Step("", "or", any(s.holds for s in steps), steps)

    def _line(self, text: str, named: Mapping[str, Step]) -> Step:
        tree = conditions.parse(text, {name: Atom(name, Exists(True)) for name in named})
        found = _condition(tree, named)
        parts = found.parts if found.kind in {"and", "or"} else (found,)
        return Step(text, "condition", found.holds, parts)

    def _name(self, name: str, item: object) -> Step:
        parts = tuple(self._parts(item))
        holds = all(p.holds for p in parts) if isinstance(item, dict) else any(p.holds for p in parts)
        if isinstance(item, list) and len(parts) > MOST_SHOWN:
            shown, left_out = _chosen(parts, wanted=True)
            return Step(name, "name", holds, shown, left_out=left_out)
        return Step(name, "name", holds, parts)

    def _parts(self, item: object) -> Iterator[Step]:
        if isinstance(item, dict):
            for key, value in item.items():
                yield self._item("" if key is None else str(key), value)
        elif isinstance(item, list):
            for number, each in enumerate(item, 1):
                if isinstance(each, dict):
                    parts = tuple(self._parts(each))
                    yield Step(f"({number})", "and", all(p.holds for p in parts), parts)
                else:
                    yield self._item("", each)
        else:
            yield self._item("", item)

    def _item(self, key: str, value: object) -> Step:
        """A field with its values, or keywords."""
        node = self._node(key, value)
        field = key.split("|", maxsplit=1)[0]
        values = value if isinstance(value, list) else [value]
        reads = self._readings(node) if field else ()
        if len(values) == 1:
            return Step(_said(key, values[0]), "item", self._holds(node), reads=reads)
        modifiers = key.split("|")[1:]
        single = "|".join([field, *(each for each in modifiers if each not in {"all", "neq"})])
        tests = [Step(_text(each), "value", self._holds(self._node(single, each))) for each in values]
        shown, left_out = _chosen(tests, wanted="all" not in modifiers)
        return Step(key, "item", self._holds(node), shown, reads, left_out)

    def _node(self, key: str, value: object) -> Node:
        item: object = {key: value} if key else (value if isinstance(value, list) else [value])
        section: Mapping[object, object] = {"x": item, "condition": "x"}
        return compile_named(section, _RESERVED, self._mapping, self._placeholders)

    # ------------------------------------------------------------------------- what has no words of a rule

    def filter(self, node: Node) -> Step:
        step = self.test(node)
        return Step("", "filter", step.holds, (step,))

    def test(self, node: Node) -> Step:
        holds = self._holds(node)
        match node:
            case Atom(field, predicate):
                return Step(f"{field} {predicate_words(predicate)}", "test", holds, reads=self._readings(node))
            case Keyword(predicate):
                return Step(predicate_words(predicate), "test", holds)
            case Not(part):
                return Step("", "not", holds, (self.test(part),))
            case And(parts) | Or(parts):
                kind = "and" if isinstance(node, And) else "or"
                shown, left_out = _chosen([self.test(part) for part in parts], wanted=kind == "or")
                return Step("", kind, holds, shown, left_out=left_out)
            case _:
                assert_never(node)

    def _holds(self, node: Node) -> bool:
        try:
            return program(node)(self._view)
        except TimeoutError:  # a search that ran out of time: no match
            return False

    def _readings(self, node: Node) -> tuple[Reading, ...]:
        return tuple(self._reading(name) for name in dict.fromkeys(_fields(node)))

    def _reading(self, name: str) -> Reading:
        cells = self._view.cells(name)
        if cells is None:
            return Reading(name, "")
        return Reading(name, _place(self._event, name), tuple(cell.raw for cell in cells))


def _fields(node: Node) -> Iterator[str]:
    match node:
        case Atom(field, predicate):
            yield field
            if isinstance(predicate, SameAs):
                yield predicate.field
        case Keyword():
            return
        case Not(part):
            yield from _fields(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _fields(part)
        case _:
            assert_never(node)


def _place(event: Event, name: str) -> str:
    for path in event.shape.locate(name):
        if value_at(event.doc, path) is not ABSENT:
            return "(derived)" if path[0] == DERIVED else ".".join(path)
    return "(context)"


def _condition(node: Node, named: Mapping[str, Step]) -> Step:
    match node:
        case Atom(name, _):
            return named[name]
        case Not(part):
            inner = _condition(part, named)
            return Step("", "not", not inner.holds, (inner,))
        case And(parts):
            steps = tuple(_condition(part, named) for part in parts)
            return Step("", "and", all(step.holds for step in steps), steps)
        case Or(parts):
            steps = tuple(_condition(part, named) for part in parts)
            return Step("", "or", any(step.holds for step in steps), steps)
        case _:
            raise TypeError(node)


def _chosen(steps: Sequence[Step], *, wanted: bool) -> tuple[tuple[Step, ...], int]:
    """Those that decide first: of alternatives the true ones, of demands the false ones."""
    if len(steps) <= MOST_SHOWN:
        return tuple(steps), 0
    deciding = [step for step in steps if step.holds is wanted][:MOST_SHOWN]
    shown = deciding or list(steps[:3])
    return tuple(shown), len(steps) - len(shown)


def _said(key: str, value: object) -> str:
    return f"{key}: {_text(value)}" if key else _text(value)


def _text(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if not isinstance(value, str) or value else "''"
