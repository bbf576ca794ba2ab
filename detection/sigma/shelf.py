"""The rules of a rule set while it is put together: ids and names are unique, the first file keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from detection.ruleset import Refusal, Rule
from detection.sigma.content import Content, Mark, Read
from detection.sigma.faults import RuleFault
from shouwang.words import Words

if TYPE_CHECKING:
    from detection.sigma.documents import Document


class _Place(NamedTuple):
    path: Path
    line: int


class Shelf:
    def __init__(self) -> None:
        self.rules: dict[str, Rule] = {}
        self.marks: dict[str, frozenset[Mark]] = {}
        self.by_name: dict[str, str] = {}
        self.later: list[Document] = []
        self.refused: list[Refusal] = []
        self._places: dict[str, _Place] = {}
        """Every id and name given so far, correlations included."""

    def add(self, content: Content) -> None:
        for each in content:
            if isinstance(each, Refusal):
                self.refused.append(each)
            elif isinstance(each, Read):
                self._add(each)
            else:
                self.later.append(each)

    def _add(self, read: Read) -> None:
        rule = read.rule
        try:
            self.claim(rule.id, rule.name, rule.path, rule.line)
        except RuleFault as fault:
            line = read.name_line if fault.where == ("name",) else read.id_line
            self.refused.append(Refusal(rule.path, line, fault.reason))
            return
        self.rules[rule.id] = rule
        self.marks[rule.id] = read.marks

    def claim(self, identity: str, name: str, path: Path, line: int) -> None:
        """Raises ``RuleFault`` when somebody else has the id or the name."""
        for key, value in (("id", identity), ("name", name)):
            earlier = self._places.get(value) if value else None
            if earlier is not None:
                raise RuleFault(
                    Words(
                        f"{key} {value} 已用于 {earlier.path}:{earlier.line}",
                        f"{key} {value} is already that of {earlier.path}:{earlier.line}",
                    ),
                    key,
                )
        self._places[identity] = _Place(path, line)
        if name:
            self._places[name] = _Place(path, line)
            self.by_name[name] = identity
