"""A lasting exception as a Sigma filter document: these rules, not of these. Pure text; the loader is who judges it."""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import yaml

from detection.ruleset import Rule, RuleSet
from shouwang.errors import UsageError
from shouwang.model import Logsource
from shouwang.words import Words

_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+")
_SPECIAL: Final = re.compile(r"\\(?=[*?\\])|[*?]")


@dataclass(frozen=True, slots=True)
class Signed:
    """What says whose exception it is."""

    owner: str
    reason: str
    day: date
    alert: str


def excepted_rules(ruleset: RuleSet, rule_id: str) -> list[Rule]:
    """The rule; of a correlation those that it reads, also through others. Raises ``UsageError``."""
    rules = {rule.id: rule for rule in ruleset.rules}
    correlations = {each.id: each for each in ruleset.correlations}
    found: dict[str, Rule] = {}
    waiting, asked = [rule_id], set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in asked:
            continue
        asked.add(name)
        if name in rules:
            found[name] = rules[name]
        elif name in correlations:
            waiting += correlations[name].rules
    if not found:
        raise UsageError(
            Words(
                f"没有加载规则 {rule_id!r}，无法为它写例外。", f"No rule {rule_id!r} is loaded to make an exception of."
            ),
            hint=Words(
                "情报命中请改情报集；规则是否已停用？", "For an indicator change its set; was the rule disabled?"
            ),
        )
    return list(found.values())


def check_field(name: str) -> None:
    if not _FIELD.fullmatch(name):
        raise UsageError(
            Words(f"{name!r} 不是 ECS 字段名。", f"{name!r} is no ECS field name."),
            hint=Words("例如 user.name、source.ip。", "For example user.name, source.ip."),
        )


def documents(rules: Iterable[Rule], fields: Mapping[str, Sequence[str]], signed: Signed) -> str:
    """One document for each logsource."""
    by_source: dict[Logsource, list[Rule]] = {}
    for rule in rules:
        by_source.setdefault(rule.logsource, []).append(rule)
    return "---\n".join(_document(source, found, fields, signed) for source, found in by_source.items())


def _document(source: Logsource, rules: Sequence[Rule], fields: Mapping[str, Sequence[str]], signed: Signed) -> str:
    said = ", ".join(f"{name}={' | '.join(values)}" for name, values in fields.items())
    names = [rule.id for rule in rules]
    key = "\n".join([*names, said, signed.alert])
    document = {
        "title": f"Exception: {said}"[:200],
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, key)),
        "description": f"{signed.reason} ({signed.alert})",
        "author": signed.owner,
        "date": signed.day.isoformat(),
        "logsource": {
            name: value
            for name, value in (
                ("product", source.product), ("category", source.category), ("service", source.service)
            )
            if value
        },
        "filter": {
            "rules": names,
            "selection": dict(_asked(name, values) for name, values in fields.items()),
            "condition": "not selection",
        },
    }  # fmt: skip
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    return text


def _asked(name: str, values: Sequence[str]) -> tuple[str, list[str]]:
    """Values exactly; addresses and networks as such."""
    if name.endswith(".ip") and all(_is_network(value) for value in values):
        return f"{name}|cidr", [str(ipaddress.ip_network(value)) for value in values]
    return name, [_SPECIAL.sub(lambda found: "\\" + found[0], value) for value in values]


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
