"""What a hunt looks for: the rules handed over or named, and sets of indicators."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from detection.hunt import chosen, joined
from detection.intel.index import DamagedIndex, Index
from detection.intel.library import SUFFIX
from detection.rules import load
from detection.ruleset import Refusal, RuleSet
from shouwang.errors import RulesError, UsageError
from shouwang.huntfolder import HuntFolder, Plan
from shouwang.model import Value
from shouwang.words import Words


def ruleset(folder: HuntFolder, plan: Plan, args: Mapping[str, Value]) -> RuleSet:
    """Raises ``RulesError`` when something was named and nothing can be hunted with."""
    found = RuleSet()
    sites = _paths(args.get("pipelines"))
    given = _placeholders(args.get("placeholders"))
    if plan.given:
        if not folder.rules.is_dir():
            raise UsageError(
                Words("规则文件未传完。", "The rule files did not arrive whole."),
                hint=Words("请重新开始一次狩猎。", "Start a new hunt."),
            )
        found = load([folder.rules], placeholders=given, pipelines=[*sites, *sorted(folder.pipelines.glob("*/*"))])
    if plan.ids:
        loaded = load(_paths(args["rules"]), placeholders=given, pipelines=sites, cache=Path(str(args["cache"])))
        disabled = [str(each) for each in listed(args.get("disabled"))]
        found = joined(found, chosen(loaded.without(disabled), plan.ids))
    if (plan.given or plan.ids) and not found.rules:
        reasons = [named(each, folder) for each in found.refused[:3]]
        zh, en = "；".join(each.zh for each in reasons), "; ".join(each.en for each in reasons)
        raise RulesError(
            Words(f"没有可用的规则。{zh}", f"No rule can be hunted with. {en}"),
            hint=Words("请检查规则文件。", "Look at the rule files."),
        )
    return found


def named(refusal: Refusal, folder: HuntFolder) -> Words:
    """With the path as it was handed over."""
    whole = refusal.whole()
    zh, en = (each.replace(f"{folder.rules}/", "").replace(f"{folder.given}/", "") for each in (whole.zh, whole.en))
    return Words(zh, en)


def sets(plan: Plan, folder: Path) -> dict[str, Index]:
    try:
        return {name: Index.at(folder / (name + SUFFIX)) for name in plan.intel}
    except (OSError, DamagedIndex) as wrong:
        raise UsageError(
            Words(f"无法读取情报集：{wrong}。", f"A set of indicators cannot be read: {wrong}."),
            hint=Words("`shouwang intel list` 列出现有的。", "`shouwang intel list` lists those there are."),
        ) from wrong


def _paths(value: Value) -> list[Path]:
    return [Path(str(path)) for path in listed(value)]


def _placeholders(value: Value) -> dict[str, list[str]]:
    found = value if isinstance(value, dict) else {}
    return {name: [str(each) for each in listed(values)] for name, values in found.items()}


def listed(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []
