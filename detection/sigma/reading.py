"""One rule file -> the rules in it, mapped to ECS. Needs pySigma and YAML; rules that are cached need neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from detection.compile import RESERVED, Compiler, checked, compile_named
from detection.ruleset import Refusal, Rule
from detection.sigma import documents
from detection.sigma.content import Content, Mark, Read
from detection.sigma.documents import Document
from detection.sigma.faults import RuleFault
from detection.sigma.fieldnames import FieldNames
from detection.sigma.metadata import UNRATED, logsource, metadata
from detection.sigma.tree import Node
from detection.sigma.userpipelines import UserPipelines, compiled
from shouwang.model import Logsource
from shouwang.words import Words


class Reader:
    """Reads files by one mapping and one set of placeholders."""

    def __init__(
        self, names: FieldNames, placeholders: Mapping[str, Sequence[str]], user: UserPipelines | None = None
    ) -> None:
        """``user``: the site's own pipelines, applied before ours."""
        self.names = names
        self.placeholders = placeholders
        self.user = user

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
                yield document.refusal(Words("嵌套过深", "is nested too deeply"))

    def _rule(self, document: Document) -> Read:
        data = document.data
        if "detection" not in data:
            raise RuleFault(Words("不是规则：缺少 detection", "is no rule: detection is missing"))
        if "action" in data:
            raise RuleFault(Words("Sigma 已删除 action 文档", "action documents were removed from Sigma"), "action")
        meta = metadata(data)
        source = logsource(data)
        marks = self.names.marks(data["detection"])
        try:
            section = checked(data["detection"])
            source, condition = self.condition(section, RESERVED, source, marks)
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

    def condition(
        self, section: Mapping[object, object], reserved: frozenset[str], source: Logsource, marks: frozenset[Mark]
    ) -> tuple[Logsource, Node]:
        """The logsource that pipelines leave a rule, and what its section asks for."""
        if self.user is None:
            return source, compile_named(section, reserved, self.mapping(source, marks), self.placeholders)
        applied = self.user.apply(section, reserved, source)
        mapping = self.mapping(applied.logsource, marks)
        return applied.logsource, compiled(applied, Compiler(mapping, self.placeholders))

    def ecs(self, source: Logsource, marks: frozenset[Mark], field: str) -> str:
        """How a match of such a rule names the field."""
        fields = (field,) if self.user is None else self.user.fields(field, source)
        return self.names.ecs(source, marks, fields[0])[0]

    def mapping(self, source: Logsource, marks: frozenset[Mark]) -> Callable[[str], tuple[str, ...]]:
        return lambda field: self.names.ecs(source, marks, field)
