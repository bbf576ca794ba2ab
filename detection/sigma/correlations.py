"""``correlation:`` documents, read against the rules they name.

Sigma 2.1, "Sigma Correlation Rules Specification", and the conditions in words that 2.2 adds to temporal ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast, get_args

from sigma.correlations import SigmaCorrelationTimespan
from sigma.exceptions import SigmaError

from detection.ruleset import Correlation, CorrelationType, Rule, Way
from detection.sigma.correlation_conditions import TEMPORAL, Written, bounds_of, names_in, ways_of
from detection.sigma.documents import Document
from detection.sigma.faults import RuleFault
from detection.sigma.metadata import Metadata
from detection.sigma.pysigmawords import told
from shouwang.words import Words

TYPES: frozenset[str] = frozenset(get_args(CorrelationType))
_KEYS = frozenset({"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"})


class Lookup(Protocol):
    """The rules that are loaded, and what else there is."""

    def rule(self, reference: str) -> Rule | Correlation:
        """By id or name. Raises ``RuleFault``: not loaded, refused, or a correlation that reads the one at hand."""
        ...

    def ecs(self, rule: Rule | Correlation, field: str) -> str:
        """How a match of this rule names the field. Raises ``RuleFault``: a correlation's rules do not agree."""
        ...


def correlation(document: Document, meta: Metadata, lookup: Lookup) -> Correlation:
    """Raises ``RuleFault``."""
    section = document.data["correlation"]
    if not isinstance(section, dict):
        raise RuleFault(Words("correlation 应为映射", "correlation must be a map"), "correlation")
    try:
        return _Reader(section, lookup).read(document, meta)
    except RuleFault as fault:
        raise fault.under("correlation") from None


class _Reader:
    def __init__(self, section: Mapping[str, object], lookup: Lookup) -> None:
        self._section = section
        self._lookup = lookup

    def read(self, document: Document, meta: Metadata) -> Correlation:
        unknown = [key for key in self._section if key not in _KEYS]
        if unknown:
            raise RuleFault(
                Words(f"correlation 中没有 {unknown[0]!r} 这一项", f"{unknown[0]!r} is not known in a correlation"),
                unknown[0],
            )
        kind = self._type()
        words = self._section.get("condition")
        references = self._references(words if kind in TEMPORAL and isinstance(words, str) else "")
        named = {reference: self._lookup.rule(reference) for reference in references}
        rules = list({rule.id: rule for rule in named.values()}.values())
        if kind == "temporal_ordered" and len(rules) != len(references):
            raise RuleFault(Words("rules 中有重复的规则", "rules names a rule twice"), "rules")
        written, ways = Written((("gte", 1),)), tuple[Way, ...]()
        if kind in TEMPORAL and isinstance(words, str):
            ways = ways_of(words, {reference: rule.id for reference, rule in named.items()})
        else:
            written = bounds_of(kind, words, len(rules))
        bounds = written.bounds
        aliases = self._aliases(rules)
        return Correlation(
            id=meta.id,
            title=meta.title,
            name=meta.name,
            type=kind,
            rules=tuple(rule.id for rule in rules),
            group_by=self._named("group-by", self._texts("group-by", required=False), rules, aliases),
            timespan_s=self._timespan(),
            op=bounds[0][0],
            count=bounds[0][1],
            also=bounds[1:],
            field=self._named("condition", written.fields, rules, aliases),
            percentile=written.percentile,
            ways=ways,
            generate=self._generate(),
            aliases=aliases,
            severity=max(rule.severity for rule in rules) if meta.severity is None else meta.severity,
            tags=meta.tags,
            status=meta.status,
            path=document.path,
            line=document.line,
            description=meta.description,
            falsepositives=meta.falsepositives,
            extra=meta.extra,
        )

    def _type(self) -> CorrelationType:
        kind = self._section.get("type")
        if kind not in TYPES:
            raise RuleFault(_no_type(kind), "type")
        return cast("CorrelationType", kind)

    def _references(self, words: str) -> tuple[str, ...]:
        """A condition in words names the rules, where ``rules`` does not."""
        references = self._texts("rules", required=not words) or names_in(words)
        if not references:
            raise RuleFault(Words("rules 没有引用任何规则", "rules names no rule"), "rules")
        return references

    def _texts(self, key: str, *, required: bool) -> tuple[str, ...]:
        value = self._section.get(key)
        if value is None and not required:
            return ()
        if value is None:
            raise RuleFault(Words(f"缺少 {key}", f"{key} is missing"), key)
        texts = value if isinstance(value, list) else [value]
        if not all(isinstance(text, str) and text for text in texts):
            raise RuleFault(Words(f"{key} 应为名称或名称列表", f"{key} must be a name or a list of names"), key)
        return tuple(texts)

    def _timespan(self) -> int:
        if "timespan" not in self._section:
            raise RuleFault(Words("缺少 timespan", "timespan is missing"), "timespan")
        try:
            return SigmaCorrelationTimespan(str(self._section["timespan"])).seconds
        except SigmaError as error:
            raise RuleFault(told(error), "timespan") from None

    def _generate(self) -> bool:
        generate = self._section.get("generate", False)
        if not isinstance(generate, bool):
            raise RuleFault(Words("generate 应为 true 或 false", "generate must be true or false"), "generate")
        return generate

    def _aliases(self, rules: list[Rule | Correlation]) -> dict[str, dict[str, str]]:
        written = self._section.get("aliases") or {}
        if not isinstance(written, dict):
            raise RuleFault(Words("aliases 应为映射", "aliases must be a map"), "aliases")
        aliases: dict[str, dict[str, str]] = {}
        for alias, meanings in written.items():
            if not isinstance(meanings, dict):
                raise RuleFault(
                    Words(f"别名 {alias} 应为规则与字段的映射", f"alias {alias} must be a map of rule and field"),
                    "aliases",
                    alias,
                )
            for reference, field in meanings.items():
                rule = self._lookup.rule(str(reference))
                aliases.setdefault(str(alias), {})[rule.id] = self._lookup.ecs(rule, str(field))
            missing = [rule.title for rule in rules if rule.id not in aliases.get(str(alias), {})]
            if missing:
                raise RuleFault(
                    Words(
                        f"别名 {alias} 没有说明规则 {missing[0]!r}",
                        f"alias {alias} says nothing of the rule {missing[0]!r}",
                    ),
                    "aliases",
                    alias,
                )
        return aliases

    def _named(
        self, key: str, names: tuple[str, ...], rules: list[Rule | Correlation], aliases: dict[str, dict[str, str]]
    ) -> tuple[str, ...]:
        """Names as matches have them; where the rules differ, an alias is made."""
        found = []
        for name in names:
            if name not in aliases:
                meanings = {rule.id: self._lookup.ecs(rule, name) for rule in rules}
                if len(set(meanings.values())) > 1:
                    aliases[name] = meanings
                else:
                    name = next(iter(meanings.values()))  # noqa: PLW2901  # the one meaning takes the name's place
            found.append(name)
        if len(set(found)) != len(found):
            raise RuleFault(Words(f"{key} 中有重复的字段", f"{key} names a field twice"), key)
        return tuple(found)


def _no_type(kind: object) -> Words:
    if not kind:
        return Words("缺少 type", "type is missing")
    listed = sorted(TYPES)
    return Words(
        f"没有关联类型 {kind!r}；可用：{'、'.join(listed)}", f"{kind!r} is no correlation type; {', '.join(listed)} are"
    )
