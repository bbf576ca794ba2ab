"""What a hunt asks a store for, so that no event is missed on which one of its rules fires; and those rules. Pure.

The store narrows, the engine decides. ``above`` gives a query that holds wherever the rule's condition does; what it is
not sure of it leaves open. Text is compared by ``str.lower`` on both sides, so only what that treats by its
surroundings (the capital sigma) needs care.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Sequence
from hashlib import blake2b
from ipaddress import IPv6Network
from typing import Final

from detection.ruleset import Rule, RuleSet
from detection.sigma import tree
from detection.sigma.predicates import Compare, Equals, Exists, InNetwork, Pattern, Predicate, Truth, Wild
from shouwang.model import Logsource
from shouwang.query import All, And, Cidr, Contains, Eq, Node, Or, Prefix, Range, Wildcard
from shouwang.query import Exists as Present

MOST_LEAVES: Final = 48
"""A question with more leaves costs a store as much as the engine takes to answer it."""
LEAVES_AN_EVENT: Final = 100
"""As many can be asked about an event as it costs to read it and to let the engine decide (measured: 0.3 to 0.5 us and
50 us)."""
LONGEST_PAUSE: Final = 8
"""Looks, each over some twenty thousand events."""
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
_BY_SURROUNDINGS: Final = "\N{GREEK CAPITAL LETTER SIGMA}"


def narrowing(rules: Sequence[Rule], where: Callable[[Logsource], Node], stored: Container[str]) -> Node:
    """As narrow as is cheap: by logsource and condition, by logsource, by product, or everything.

    Args:
        where: a query that every event of the logsource fulfils.
        stored: the ECS fields that the store can ask for without reading the record.
    """
    steps: tuple[Callable[[Rule], Node], ...] = (
        lambda rule: both(where(rule.logsource), above(rule.condition, stored)),
        lambda rule: where(rule.logsource),
        lambda rule: where(Logsource(rule.logsource.product)),
    )
    for step in steps:
        node = either(map(step, rules))
        if leaves(node) <= MOST_LEAVES:
            return node
    return All()


def above(node: tree.Node, stored: Container[str]) -> Node:
    """Holds wherever ``node`` holds, and often enough elsewhere."""
    match node:
        case tree.And(parts):
            return both(*(above(part, stored) for part in parts))
        case tree.Or(parts):
            return either(above(part, stored) for part in parts)
        case tree.Atom(field, predicate) if field in stored:
            return _leaf(field, predicate)
        case _:
            return All()


def both(*parts: Node) -> Node:
    kept = tuple(dict.fromkeys(part for part in parts if part != All()))
    return kept[0] if len(kept) == 1 else And(kept) if kept else All()


def either(parts: Iterable[Node]) -> Node:
    """``Or(())``, which nothing fulfils, when there are none."""
    kept = tuple(dict.fromkeys(parts))
    if All() in kept:
        return All()
    return kept[0] if len(kept) == 1 else Or(kept)


def leaves(node: Node) -> int:
    match node:
        case And(parts) | Or(parts):
            return sum(map(leaves, parts))
        case All():
            return 0
        case _:
            return 1


def _leaf(field: str, predicate: Predicate) -> Node:
    match predicate:
        case Pattern():
            return _pattern(field, predicate)
        case Equals(number):
            return Range(field, str(number), str(number), include_low=True, include_high=True)
        case Compare(op, number):
            return _compared(field, op, str(number))
        case Truth(truth):
            return Eq(field, "true" if truth else "false")
        case Exists(True):
            return Present(field)
        case InNetwork(network):
            if isinstance(network, IPv6Network) and network.prefixlen < _MAPPED.prefixlen and network.overlaps(_MAPPED):
                return All()  # holds IPv4 addresses too, which a query knows as such only
            return Cidr(field, str(network))
        case _:
            return All()


def _compared(field: str, op: str, bound: str) -> Node:
    match op:
        case "lt" | "lte":
            return Range(field, None, bound, include_low=False, include_high=op == "lte")
        case "gt" | "gte":
            return Range(field, bound, None, include_low=op == "gte", include_high=False)
        case _:
            return Range(field, bound, bound, include_low=True, include_high=True)


def _pattern(field: str, pattern: Pattern) -> Node:
    tokens = pattern.tokens
    if any(isinstance(token, str) and _BY_SURROUNDINGS in token for token in tokens):
        return All()
    match tokens:
        case ():
            return Eq(field, "")
        case (Wild.ANY,):
            return Present(field)
        case (str(text),):
            return Eq(field, text)
        case (str(text), Wild.ANY):
            return Prefix(field, text)
        case (Wild.ANY, str(text), Wild.ANY):
            return Contains(field, text)
        case _:
            signs = {Wild.ANY: "*", Wild.ONE: "?", Wild.DASH: "?"}
            return Wildcard(field, "".join(_escaped(t) if isinstance(t, str) else signs[t] for t in tokens))


def _escaped(text: str) -> str:
    return "".join("\\" + sign if sign in "\\*?" else sign for sign in text)


class Worthwhile:
    """The question of a hunt for its next look at the store, as long as asking leaves out enough to pay for itself.

    After a look where it did not, the next ones are for everything, twice as many each time, and then it is tried
    again: other years of the history may hold other logs.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._cost = leaves(node)
        self._whole = 0
        """Looks for everything that are still to come."""
        self._pause = 1
        self._passed = self._read = 0
        """Of the look that is going on."""

    def wanted(self) -> Node:
        return All() if self._whole else self._node

    def saw(self, passed: int, read: int, *, more: bool) -> None:
        """What a part asked for by ``wanted`` held, how much of that had to be read, and whether its look goes on."""
        self._passed, self._read = self._passed + passed, self._read + read
        if more:
            return
        left_out, self._passed, self._read, passed = self._passed - self._read, 0, 0, self._passed
        if self._whole:
            self._whole -= 1
        elif left_out * LEAVES_AN_EVENT >= passed * self._cost:
            self._pause = 1
        else:
            self._whole = self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)


# ----------------------------------------------------------------------------- which rules are hunted with


def chosen(found: RuleSet, ids: Collection[str]) -> RuleSet:
    """The named rules and correlations, and what those correlations read."""
    wanted = set(ids)
    for correlation in reversed(found.correlations):
        if correlation.id in wanted:
            wanted.update(correlation.rules)
    return RuleSet(
        tuple(rule for rule in found.rules if rule.id in wanted),
        tuple(each for each in found.correlations if each.id in wanted),
    )


def joined(one: RuleSet, other: RuleSet) -> RuleSet:
    """Of two rules with one id that of ``one``."""
    have = {rule.id for rule in one.rules} | {correlation.id for correlation in one.correlations}
    return RuleSet(
        (*one.rules, *(rule for rule in other.rules if rule.id not in have)),
        (*one.correlations, *(each for each in other.correlations if each.id not in have)),
        (*one.refused, *other.refused),
    )


def meaning(ruleset: RuleSet) -> str:
    """A fingerprint of all that decides what matches."""
    rules = [(rule.id, rule.logsource, rule.condition) for rule in ruleset.rules]
    windows = [
        (
            c.id,
            c.type,
            c.rules,
            c.group_by,
            c.timespan_s,
            c.bounds(),
            c.field,
            c.generate,
            sorted(c.aliases),
            c.ways,
            c.percentile,
        )
        for c in ruleset.correlations
    ]
    said = repr((rules, windows)).encode("utf-8", "backslashreplace")
    return blake2b(said, digest_size=16).hexdigest()
