"""What rules cover of ATT&CK, and which of them no event of a home can reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from collectors.vocabulary import is_read, said
from detection.authoring.attack import TACTICS, VERSION
from detection.authoring.coverage import by_tactic, by_technique, layer
from detection.ruleset import Correlation, Rule, RuleSet
from shouwang.eventstore.base import EventStore
from shouwang.model import DEAD_DATASET, Logsource, Value
from shouwang.query import All, And, Eq, Node, Query

__all__ = ["covered", "layer", "reached"]

Json = dict[str, Value]
MOST_KINDS: Final = 2000
LOOKED_AT: Final = 10
"""Events of each kind whose log sources are looked at."""


def covered(ruleset: RuleSet) -> Json:
    everything: list[Rule | Correlation] = [*ruleset.rules, *ruleset.correlations]
    found = by_technique(everything)
    tagged = {rule.id for rules in found.values() for rule in rules}
    return {
        "attack": VERSION,
        "rules": len(everything),
        "untagged": sum(rule.id not in tagged for rule in everything),
        "tactics": [
            {
                "tactic": each.name,
                "zh": TACTICS[each.name],
                "covered": each.covered,
                "total": each.total,
                "rules": each.rules,
            }
            for each in by_tactic(found)
        ],
        "techniques": {number: [rule.title for rule in rules] for number, rules in found.items()},
        "never_read": [
            {"logsource": said(source), "rules": number}
            for source, number in Counter(rule.logsource for rule in ruleset.rules).most_common()
            if not is_read(source)
        ],
    }


def reached(ruleset: RuleSet, events: EventStore, since_us: int) -> Json:
    """Log sources with events since then, and the rules that are meant for none of them."""
    seen = dict(_seen(events, since_us))
    blind = [rule for rule in ruleset.rules if not any(rule.logsource.covers(source) for source in seen)]
    by_source = Counter(said(rule.logsource) for rule in blind)
    return {
        "seen": [
            {"logsource": said(source), "events": number}
            for source, number in sorted(seen.items(), key=lambda each: (-each[1], str(each[0])))
        ],
        "blind": [{"logsource": source, "rules": number} for source, number in by_source.most_common()],
        "blind_rules": [{"id": rule.id, "title": rule.title, "logsource": said(rule.logsource)} for rule in blind],
        "reached_rules": len(ruleset.rules) - len(blind),
    }


def _seen(events: EventStore, since_us: int) -> Iterator[tuple[Logsource, int]]:
    """As some events of each kind of record have them; how many events such kinds had."""
    totals: Counter[Logsource] = Counter()
    for dataset in events.count(Query(All(), since_us), by="event.dataset", bucket_s=None, top=MOST_KINDS):
        if dataset.key in (None, DEAD_DATASET):
            continue
        of_it = Eq("event.dataset", str(dataset.key))
        codes = events.count(Query(of_it, since_us), by="event.code", bucket_s=None, top=MOST_KINDS)
        kinds: list[tuple[Node, int]] = [
            (And((of_it, Eq("event.code", str(code.key)))), code.count) for code in codes if code.key not in (None, "")
        ]
        rest = dataset.count - sum(number for _, number in kinds)
        for node, number in [*kinds, (of_it, rest)] if rest > 0 else kinds:
            page = events.read(Query(node, since_us), newest_first=True, after=None, limit=LOOKED_AT)
            totals.update(dict.fromkeys({each for event in page.items for each in event.shape.logsources}, number))
    yield from totals.items()
