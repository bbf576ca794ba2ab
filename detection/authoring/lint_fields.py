"""Whether what a rule asks for is there: its log source, its fields, its own names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, assert_never

from detection.authoring.problems import At, Problem, Weight
from detection.regexes import any_of
from detection.sigma import conditions
from detection.sigma.faults import RuleFault
from detection.sigma.modifiers import predicates, read_key
from detection.sigma.predicates import Null, Regex
from detection.sigma.tree import And, Atom, Keyword, Node, Not, Or
from shouwang.model import Logsource
from shouwang.words import Words

Where = tuple[str | int, ...]
MapField = Callable[[str], tuple[str, ...]]
_NO_NAMES = frozenset({"condition", "timeframe", "rules"})


class Vocabulary(Protocol):
    """What parsers give."""

    def is_read(self, wanted: Logsource) -> bool: ...
    def near_logsources(self, wanted: Logsource) -> list[Logsource]: ...
    def said(self, source: Logsource) -> str: ...
    def has_field(self, source: Logsource, name: str) -> bool: ...
    def near_fields(self, source: Logsource, written: str, names: tuple[str, ...]) -> list[str]: ...


class Section:
    """The part of a rule or filter that says what is searched for."""

    def __init__(self, vocabulary: Vocabulary, source: Logsource, at: At, mapping: MapField) -> None:
        self._vocabulary = vocabulary
        self._source = source
        self._at = at
        self._mapping = mapping

    def problems(self, key: str, *, fields: bool) -> Iterator[Problem]:
        """``fields``: whether the names in it are looked at."""
        section = self._at.document.data.get(key)
        if not isinstance(section, dict):
            return
        names = {str(name): item for name, item in section.items() if name not in _NO_NAMES}
        for name in _unused(names, section.get("condition")):
            what = Words(f"{name} 未被 condition 引用", f"{name} is not used by the condition")
            yield self._at(Weight.WARNING, "unused-selection", what, _USE, key, name)
        read = self._vocabulary.is_read(self._source)
        if not read:
            yield self._unread()
        for name, item in names.items():
            for written, value, place in _items(item, (key, name)):
                if read and fields:
                    yield from self._fields(written, value, place)
                yield from self._slow(written, value, place)

    def of_condition(self, node: Node) -> Iterator[Problem]:
        """The fields that a rule asks for in the end."""
        for field in dict.fromkeys(_atoms(node)):
            if not self._vocabulary.has_field(self._source, field):
                yield self._unknown(field, (field,), ("detection",))

    def _unread(self) -> Problem:
        near = [self._vocabulary.said(each) for each in self._vocabulary.near_logsources(self._source)]
        said = self._vocabulary.said(self._source)
        what = Words(f"没有解析器产生日志来源 {said} 的事件", f"no parser gives events of the log source {said}")
        meant = Words(f"是否指：{'; '.join(near)}？", f"did you mean: {'; '.join(near)}?")
        none = Words("能读哪些日志见 docs/reference/sources.md", "docs/reference/sources.md says what is read")
        return self._at(Weight.WARNING, "unread-logsource", what, meant if near else none, "logsource")

    def _fields(self, key: str, value: object, place: Where) -> Iterator[Problem]:
        written, *modifiers = key.split("|")
        others = value if isinstance(value, list) else [value]
        for field in (written, *(each for each in others if "fieldref" in modifiers and isinstance(each, str))):
            names = self._mapping(field) if field else ()
            if names and not any(self._vocabulary.has_field(self._source, name) for name in names):
                yield self._unknown(field, names, place)

    def _unknown(self, field: str, names: tuple[str, ...], place: Where) -> Problem:
        said = self._vocabulary.said(self._source)
        reads = "" if names == (field,) else f" ({', '.join(names)})"
        what = Words(
            f"{said} 的事件没有字段 {field}{reads}：不会有事件满足这一项",
            f"no event of {said} has the field {field}{reads}: this item never matches",
        )
        near = ", ".join(self._vocabulary.near_fields(self._source, field, names))
        meant = Words(f"是否指：{near}？", f"did you mean: {near}?")
        none = Words("字段见 docs/reference/fields.md", "docs/reference/fields.md lists the fields")
        return self._at(Weight.WARNING, "unknown-field", what, meant if near else none, *place)

    def _slow(self, key: str, value: object, place: Where) -> Iterator[Problem]:
        try:
            parsed = read_key(key)
            values = (value if isinstance(value, list) else [value]) if parsed.has("re") else []
            tests = [test for each in values for test in predicates(parsed, each, {})]
        except RuleFault:  # said elsewhere
            return
        for test in tests:
            if isinstance(test, Regex) and any_of((test,)) is None:
                yield self._at(Weight.NOTE, "slow-regex", _SLOW, _LINEAR, *place)


_USE = Words("请引用或删除它", "use it or remove it")
_SLOW = Words(
    "正则表达式含环视或反向引用：运行慢，且限时",
    "the regular expression looks around or back: it is slow, and cut off after a time",
)
_LINEAR = Words("请改写，不用 (?= (?! (?< \\1", "write it without (?= (?! (?< \\1")


def _items(item: object, where: Where) -> Iterator[tuple[str, object, Where]]:
    """Each key of a search identifier with its values."""
    if isinstance(item, list):
        for number, each in enumerate(item):
            if isinstance(each, dict):
                yield from _items(each, (*where, number))
    elif isinstance(item, dict):
        for key, value in item.items():
            yield ("" if key is None else str(key)), value, (*where, str(key))


def _atoms(node: Node) -> Iterator[str]:
    match node:
        case Atom(field, _):
            yield field
        case Keyword():
            return
        case Not(part):
            yield from _atoms(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _atoms(part)
        case _:
            assert_never(node)


class _Used(dict[str, Node]):
    """Search identifiers, and which of them were asked for."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(dict.fromkeys(names, Keyword(Null())))
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Node:
        self.asked.add(name)
        return super().__getitem__(name)


def _unused(names: Iterable[str], condition: object) -> list[str]:
    used = _Used(names)
    try:
        for text in condition if isinstance(condition, list) else [condition]:
            conditions.parse(str(text), used)
    except RuleFault:  # said elsewhere
        return []
    return [name for name in used if name not in used.asked]
