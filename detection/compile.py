"""A rule's detection section -> a tree of atoms. Pure.

Sigma 2.0, section "Detection": a map is AND, a list is OR, ``all`` makes a list AND, ``neq`` negates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detection.sigma import conditions
from detection.sigma.faults import RuleFault
from detection.sigma.modifiers import Key, Placeholders, predicates, read_key
from detection.sigma.predicates import Exists, Null, Predicate, SameAs
from detection.sigma.tree import Atom, Keyword, Node, Not, conjunction, disjunction
from shouwang.words import Words

MapField = Callable[[str], tuple[str, ...]]
"""The rule's field name -> the ECS names that it may be read from; several are read as one field
that holds the values of all."""

RESERVED = frozenset({"condition", "timeframe"})


def compile_detection(detection: object, map_field: MapField, placeholders: Placeholders) -> Node:
    """Raises ``RuleFault`` with the keys that lead to the cause."""
    return compile_named(checked(detection), RESERVED, map_field, placeholders)


def checked(detection: object) -> Mapping[object, object]:
    """A rule's detection section. Raises ``RuleFault``."""
    if not isinstance(detection, dict):
        raise RuleFault(Words("detection 应为映射", "detection must be a map"))
    if "timeframe" in detection:
        raise RuleFault(
            Words(
                "timeframe 属于 Sigma 已删除的聚合写法",
                "timeframe belongs to the aggregation that was removed from Sigma",
            ),
            "timeframe",
        )
    return detection


def compile_named(
    section: Mapping[object, object], reserved: frozenset[str], map_field: MapField, placeholders: Placeholders
) -> Node:
    """The condition of a section over its search identifiers, which are all keys but the reserved ones."""
    compiler = Compiler(map_field, placeholders)
    named: dict[str, Node] = {}
    for name, item in search_identifiers(section, reserved):
        try:
            named[name] = compiler.definition(item)
        except RuleFault as fault:
            raise fault.under(name) from None
    try:
        return disjunction(tuple(conditions.parse(line, named) for line in condition_lines(section)))
    except RuleFault as fault:
        raise fault.under("condition") from None


def search_identifiers(section: Mapping[object, object], reserved: frozenset[str]) -> list[tuple[str, object]]:
    found = [(str(name), item) for name, item in section.items() if name not in reserved]
    if not found:
        raise RuleFault(Words("没有定义任何检索项", "nothing to search for is defined"))
    if "condition" not in section:
        raise RuleFault(Words("缺少 condition", "condition is missing"))
    return found


def condition_lines(section: Mapping[object, object]) -> list[str]:
    written = section["condition"]
    lines = written if isinstance(written, list) else [written]
    texts = [line for line in lines if isinstance(line, str)]
    if not texts or len(texts) != len(lines):
        raise RuleFault(Words("condition 应为文本或文本列表", "condition must be text or a list of texts"), "condition")
    return texts


class Compiler:
    """Detection items by one mapping and one set of placeholders."""

    def __init__(self, map_field: MapField, placeholders: Placeholders) -> None:
        self._map_field = map_field
        self._placeholders = placeholders

    def definition(self, item: object) -> Node:
        """A search identifier: a map, a list of maps, of keywords or of both, or one keyword."""
        if isinstance(item, dict):
            return self._map(item)
        if not isinstance(item, list):
            return self._keyword(item)
        if not item:
            raise RuleFault(Words("列表为空", "the list is empty"))
        parts = []
        for number, each in enumerate(item):
            try:
                parts.append(self._map(each) if isinstance(each, dict) else self._keyword(each))
            except RuleFault as fault:
                raise fault.under(number) from None
        return disjunction(tuple(parts))

    def _keyword(self, value: object) -> Node:
        return self.tests(read_key(""), value)

    def _map(self, item: Mapping[object, object]) -> Node:
        if not item:
            raise RuleFault(Words("映射为空", "the map is empty"))
        parts = []
        for key, value in item.items():
            try:
                parts.append(self._item(read_key("" if key is None else str(key)), value))
            except RuleFault as fault:
                raise fault.under(str(key)) from None
        return conjunction(tuple(parts))

    def _item(self, key: Key, value: object) -> Node:
        values = value if isinstance(value, list) else [value]
        if not values:
            raise RuleFault(Words("值的列表为空", "the list of values is empty"))
        parts = tuple(self.tests(key, each) for each in values)
        node = conjunction(parts) if key.every else disjunction(parts)
        return Not(node) if key.negated else node

    def tests(self, key: Key, value: object) -> Node:
        """One value of a key, ``all`` and ``neq`` apart."""
        tests = tuple(dict.fromkeys(predicates(key, value, self._placeholders)))
        if not tests:
            raise RuleFault(Words("占位符没有取值", "the placeholder has no values"))
        return disjunction(tuple(self._atom(key, test) for test in tests))

    def _atom(self, key: Key, test: Predicate) -> Node:
        if not key.field:
            return Keyword(test)
        fields = self._map_field(key.field)
        if isinstance(test, SameAs):
            others = self._map_field(test.field)
            pairs = [(field, SameAs(other, test.how, test.cased)) for field in fields for other in others]
            return disjunction(tuple(Atom(field, same) for field, same in pairs))
        atoms = tuple(Atom(field, test) for field in fields)
        absence = isinstance(test, Null) or (isinstance(test, Exists) and not test.present)
        return conjunction(atoms) if absence else disjunction(atoms)
