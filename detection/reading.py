"""One rule file -> the rules in it, mapped to ECS. Needs pySigma and YAML; rules that are cached need neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from detection import documents
from detection.compile import compile_detection
from detection.content import Content, Mark, Read
from detection.documents import Document
from detection.faults import RuleFault
from detection.fieldnames import FieldNames
from detection.metadata import UNRATED, logsource, metadata
from detection.ruleset import Refusal, Rule
from shouwang.model import Logsource


class Reader:
    """Reads files by one mapping and one set of placeholders."""

    def __init__(self, names: FieldNames, placeholders: Mapping[str, Sequence[str]]) -> None:
        self.names = names
        self.placeholders = placeholders

    def file(self, path: Path) -> Content:
        return tuple(self._outcomes(path))

    def _outcomes(self, path: Path) -> Iterator[Read | Refusal | Document]:
        for document in documents.read(path):
            if isinstance(document, Refusal) or "correlation" in document.data or "filter" in document.data:
                yield document
                continue
            try:
                yield self._rule(document)
            except RuleFault as fault:
                yield document.refusal(fault.reason, fault.where)
            except RecursionError:
                yield document.refusal("is nested too deeply")

    def _rule(self, document: Document) -> Read:
        data = document.data
        if "detection" not in data:
            raise RuleFault("is no rule: detection is missing")
        if "action" in data:
            raise RuleFault("action documents were removed from Sigma", "action")
        meta = metadata(data)
        source = logsource(data)
        marks = self.names.marks(data["detection"])
        try:
            condition = compile_detection(data["detection"], self.mapping(source, marks), self.placeholders)
        except RuleFault as fault:
            raise fault.under("detection") from None
        rule = Rule(
            id=meta.id,
            title=meta.title,
            name=meta.name,
            severity=UNRATED if meta.severity is None else meta.severity,
            logsource=source,
            tags=meta.tags,
            path=document.path,
            line=document.line,
            condition=condition,
            falsepositives=meta.falsepositives,
            description=meta.description,
            status=meta.status,
            extra=meta.extra,
        )
        return Read(rule, marks, document.line_of("id"), document.line_of("name"))

    def mapping(self, source: Logsource, marks: frozenset[Mark]) -> Callable[[str], tuple[str, ...]]:
        return lambda field: self.names.ecs(source, marks, field)
