"""The page of rules, made from them: ``python -m tests.unit.rulesets.catalogue > docs/reference/rules.md``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from detection.correlate import Correlator
from detection.rules import OWN_RULES, load
from detection.ruleset import Correlation, Rule, RuleSet

PAGE: Final = Path(__file__).parents[3] / "docs" / "reference" / "rules.md"
FRAME: Final = Path(__file__).with_name("catalogue.md")
THEMES: Final = {
    "ssh": "SSH",
    "accounts": "Accounts 账号",
    "sudo": "Sudo",
    "persistence": "Persistence 持久化",
    "web": "Web",
    "platform": "The platform and residents' data 平台与住户数据",
    "database": "Databases 数据库",
    "remote": "VPN and remote maintenance VPN 与远程运维",
    "firewall": "Firewalls and network devices 防火墙与网络设备",
    "tampering": "Tampering with logs and protection 日志与防护篡改",
    "backups": "Backups 备份",
    "ransomware": "Ransomware and destruction 勒索与破坏",
    "mining": "Mining 挖矿",
    "devices": "The community's devices 社区设备",
    "health": "Health of hosts and databases 主机与数据库健康",
}


def page(ruleset: RuleSet) -> str:
    """The whole page: the written frame, and the tables in place of its mark."""
    silenced = Correlator(ruleset.correlations).silenced
    parts = []
    for folder, heading in THEMES.items():
        rows = [_row(each, silenced) for each in _of(ruleset, folder)]
        parts.append("\n".join([f"### {heading}", "", *_HEAD, *rows, ""]))
    counts = f"{len(ruleset.rules)} rules and {len(ruleset.correlations)} correlations."
    return FRAME.read_text(encoding="utf-8").replace("{{counts}}", counts).replace("{{tables}}\n", "\n".join(parts))


_OPS: Final = {"gte": "at least", "gt": "above", "lte": "at most", "lt": "below", "eq": "=", "neq": "not"}
_HEAD: Final = (
    "| Title | 标题 | Level | ATT&CK | GB/T 20986-2023 | File |",
    "|---|---|---|---|---|---|",
)


def _of(ruleset: RuleSet, folder: str) -> list[Rule | Correlation]:
    everything: list[Rule | Correlation] = [*ruleset.rules, *ruleset.correlations]
    mine = [each for each in everything if each.path.parent.name == folder]
    return sorted(mine, key=lambda each: (-each.severity, each.title))


def _row(rule: Rule | Correlation, silenced: frozenset[str]) -> str:
    techniques = [tag.removeprefix("attack.").upper() for tag in rule.tags if tag.startswith("attack.t")]
    category = rule.extra["gbt20986"]
    assert isinstance(category, dict)
    level = rule.severity.name.lower()
    if rule.id in silenced:
        level = "counted only"
    title = rule.title
    if isinstance(rule, Correlation):
        title += f" (correlation: {_what(rule)}{_by(rule)})"
    where = f"{rule.path.parent.name}/{rule.path.name}"
    cells = (title, rule.title_zh, level, ", ".join(dict.fromkeys(techniques)), _category(category), f"`{where}`")
    return "| " + " | ".join(cells) + " |"


def _what(rule: Correlation) -> str:
    span = f"{rule.timespan_s // 60} min"
    fields = " and ".join(f"`{name}`" for name in rule.field)
    match rule.type:
        case "event_count":
            return f"{rule.count} in {span}"
        case "value_count":
            return f"{rule.count} different {fields} in {span}"
        case "value_sum":
            return f"{fields} add up to {rule.count} in {span}"
        case "temporal":
            return f"all within {span}"
        case "temporal_ordered":
            return f"one after the other within {span}"
        case "value_avg" | "value_median" | "value_percentile":
            return f"{_measure(rule)} of {fields} {_OPS[rule.op]} {rule.count} in {span}"


def _measure(rule: Correlation) -> str:
    names = {"value_avg": "mean", "value_median": "median", "value_percentile": f"{rule.percentile}th percentile"}
    return names[rule.type]


def _by(rule: Correlation) -> str:
    return f" by {', '.join(f'`{name}`' for name in rule.group_by)}" if rule.group_by else ""


def _category(said: dict[object, object]) -> str:
    return f"{said['category']} / {said['subclass']}"


if __name__ == "__main__":
    sys.stdout.write(page(load([OWN_RULES])))
