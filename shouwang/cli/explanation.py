"""Why a rule fires or not, drawn for a terminal: a tree with the truth of each part."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Final

from shouwang.cli.answer import Answer
from shouwang.cli.terminal import shown
from shouwang.model import Value

Say = Callable[[str, str], str]
LONGEST: Final = 300
"""Characters of one value shown; what is cut ends in an ellipsis."""
_GREEN, _RED, _DIM, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


class Drawing:
    """Lines of text; ``colour`` for a terminal."""

    def __init__(self, say: Say, *, colour: bool) -> None:
        self._say = say
        self._colour = colour

    def rule(self, answer: Answer) -> Iterator[str]:
        say, event, rule = self._say, answer.part("event"), answer.part("rule")
        yield f"{rule['title']}  {rule['path']}:{rule['line']}"
        number = f"{answer['record']}/{answer['records']}" if answer.number("records") > 1 else ""
        place = f"{say('记录', 'record')} {number}  " if number else ""
        yield f"{place}{event['time']}  {event['dataset']}  {event['source']}"
        if not answer.flag("parsed"):
            error = event.part("error")
            yield self._mark(holds=False) + say("此记录没有解析器能读懂", "no parser could read this record")
            yield f"  {error['error.code']}: {error['error.message']}"
        wanted, has = self._source(rule.part("logsource")), [self._source(each) for each in event.parts("logsources")]
        yield self._mark(holds=answer.flag("fits")) + f"logsource: {wanted}"
        if not answer.flag("fits"):
            yield "  " + say("此事件的来源：", "this event is of: ") + (", ".join(has) or say("无", "none"))
        yield from self._step(answer.part("tree"), "")
        if answer.flag("fires"):
            yield self._tint(say("命中", "the rule fires"), _GREEN)
        else:
            yield self._tint(say("不命中", "the rule does not fire"), _RED)

    def correlation(self, answer: Answer) -> Iterator[str]:
        say, rule = self._say, answer.part("rule")
        yield f"{rule['title']}  {rule['path']}:{rule['line']}"
        by = ", ".join(answer.texts("group_by")) or "-"
        yield f"{say('要求', 'wanted')}: {answer['wanted']}; {say('分组', 'by')}: {by}"
        for read in answer.parts("reads"):
            yield self._mark(holds=read.number("matches") > 0) + f"{read['title']}: {read['matches']}"
        if answer.number("without_group"):
            yield say("缺少分组字段的命中：", "matches that lack a group-by field: ") + answer["without_group"]
        for group in answer.parts("groups"):
            yield from self._group(group)
        if answer.flag("fires"):
            yield self._tint(say("命中", "the correlation fires"), _GREEN)
        else:
            yield self._tint(say("不命中", "the correlation does not fire"), _RED)

    def _group(self, group: Answer) -> Iterator[str]:
        say = self._say
        name = ", ".join(group.texts("group")) or say("（全部）", "(all)")
        reached = f", {say('达到', 'reached')} {group['reached']}" if group["reached"] else ""
        events = f"{group['events']} {say('个事件', 'events')}"
        line = f"{name}: {events} {group.time('first')} - {group.time('last')}{reached}"
        yield self._mark(holds=group.flag("fulfilled")) + line

    def _step(self, step: Answer, indent: str) -> Iterator[str]:
        kind, holds = step["kind"], step.flag("holds")
        yield indent + self._mark(holds=holds) + self._label(kind, step["label"])
        for read in step.parts("reads"):
            yield f"{indent}    " + self._tint(self._reading(read), _DIM)
        for part in step.parts("parts"):
            yield from self._step(part, indent + "  ")
        left = step["left_out"]
        if left:
            text = self._say(f"……另有 {left} 项", f"... and {left} more")
            yield f"{indent}  " + self._tint(text, _DIM)

    def _label(self, kind: str, label: str) -> str:
        said = {
            "condition": f"condition: {label}",
            "and": label or "and",
            "or": label or "or",
            "not": "not",
            "filter": self._say("过滤器", "filter"),
        }
        if kind == "value" and label != label.strip():
            return f"'{label}'"
        return said.get(kind, label)

    def _reading(self, read: Answer) -> str:
        if not read.flag("present"):
            return f"{read['name']}: " + self._say("事件中没有此字段", "not in this event")
        values = read.fields.get("values")
        texts = [_value(each) for each in values] if isinstance(values, list) else []
        said = texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
        place = "" if read["place"] == read["name"] else f" ({self._place(read['place'])})"
        return f"{read['name']}{place} = {said}"

    def _place(self, place: str) -> str:
        words = {
            "(derived)": self._say("由解析器得出", "made by the parser"),
            "(context)": self._say("接收时所知", "known at receipt"),
        }
        return words.get(place, place)

    def _source(self, source: Answer) -> str:
        return " ".join(f"{name}={shown(value)}" for name, value in source.fields.items()) or self._say("任意", "any")

    def _mark(self, *, holds: bool) -> str:
        return self._tint("✓ ", _GREEN) if holds else self._tint("✗ ", _RED)

    def _tint(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colour else text


def _value(value: Value) -> str:
    """Strings bare; what else JSON has, as JSON. What a terminal would obey is shown escaped."""
    text = shown(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    if isinstance(value, str) and not value:
        return "''"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
