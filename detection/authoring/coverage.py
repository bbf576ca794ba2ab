"""Which ATT&CK techniques rules name, by tactic, and as a layer of the ATT&CK Navigator. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from detection.authoring.attack import TACTICS, VERSION, technique_of, techniques
from detection.ruleset import Correlation, Rule
from shouwang.model import Value

Domain = Literal["enterprise", "ics"]
LAYER: Final = "4.5"
NAVIGATOR: Final = "5.1.0"
"""The version of the Navigator whose layers these are; later ones read them."""
_MOST_COMMENT: Final = 4000
_GRADIENT: Final = ("#dce9f7", "#2f6fb3")


class Tactic(NamedTuple):
    name: str
    covered: int
    """Techniques and sub-techniques that some rule names."""
    total: int
    rules: int


def by_technique(rules: Iterable[Rule | Correlation]) -> dict[str, list[Rule | Correlation]]:
    """Number -> rules; a number that ATT&CK took back counts for its successor."""
    known, found = techniques(), dict[str, list[Rule | Correlation]]()
    for rule in rules:
        numbers = (number for tag in rule.tags if (number := technique_of(tag)) in known)
        for number in dict.fromkeys(known[each].successor if known[each].gone else each for each in numbers):
            if number:
                found.setdefault(number, []).append(rule)
    return {number: found[number] for number in sorted(found)}


def by_tactic(found: Mapping[str, Sequence[Rule | Correlation]]) -> list[Tactic]:
    """Of Enterprise, in the matrix's order."""
    tactics = []
    for name in TACTICS:
        total = [
            number
            for number, each in techniques().items()
            if domain_of(number) == "enterprise" and name in each.tactics
        ]
        covered = [number for number in total if number in found]
        rules = {rule.id for number in covered for rule in found[number]}
        tactics.append(Tactic(name, len(covered), len(total), len(rules)))
    return tactics


def domain_of(number: str) -> Domain:
    """Numbers that begin with T0 are of the matrix for control systems."""
    return "ics" if number.startswith("T0") else "enterprise"


def layer(titles: Mapping[str, Sequence[str]], domain: Domain, name: str) -> dict[str, Value]:
    """``titles``: technique -> those of its rules. Its score is how many they are."""
    chosen = {number: each for number, each in titles.items() if domain_of(number) == domain}
    most = max((len(each) for each in chosen.values()), default=1)
    return {
        "name": name,
        "versions": {"attack": VERSION if domain == "enterprise" else "18", "navigator": NAVIGATOR, "layer": LAYER},
        "domain": f"{domain}-attack",
        "description": "Score: number of detection rules. Comment: their titles.",
        "sorting": 3,
        "hideDisabled": False,
        "techniques": [_technique(number, each) for number, each in chosen.items()],
        "gradient": {"colors": list(_GRADIENT), "minValue": 1, "maxValue": max(most, 2)},
        "legendItems": [],
        "showTacticRowBackground": False,
        "selectTechniquesAcrossTactics": True,
        "selectSubtechniquesWithParent": False,
    }


def _technique(number: str, titles: Sequence[str]) -> Value:
    comment = "\n".join(titles)
    cut = comment if len(comment) <= _MOST_COMMENT else comment[: _MOST_COMMENT - 1] + "…"
    return {
        "techniqueID": number,
        "score": len(titles),
        "comment": cut,
        "enabled": True,
        "showSubtechniques": "." in number,
    }
