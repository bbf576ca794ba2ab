"""Conditions: precedence, selectors, and what is refused."""

from __future__ import annotations

import pytest

from detection.naive import holds
from detection.sigma.conditions import parse
from detection.sigma.faults import RuleFault
from detection.sigma.predicates import Truth
from detection.sigma.tree import Atom, Node
from tests.unit.detection.sample import event

NAMES = ("a", "b", "c", "sel_one", "sel_two", "_helper", "them")
NAMED: dict[str, Node] = {name: Atom(name, Truth(True)) for name in NAMES if name != "them"}


def run(condition: str, true: str) -> bool:
    return holds(parse(condition, NAMED), event(dict.fromkeys(true.split(), True)))


@pytest.mark.parametrize(
    ("condition", "true", "expected"),
    [
        ("a or b and not c", "a c", True),
        ("a or b and not c", "b c", False),
        ("(a or b) and not c", "a c", False),
        ("not a and b", "b", True),
        ("not (a and b)", "a", True),
        ("not not a", "a", True),
        ("a and b or c", "c", True),
        ("1 of sel_*", "sel_two", True),
        ("any of sel_*", "sel_two", True),
        ("all of sel_*", "sel_two", False),
        ("all of sel_*", "sel_one sel_two", True),
        ("1 of *_two", "sel_two", True),
        ("1 of s*o", "sel_two", True),
        ("1 of sel_one", "sel_one", True),
        ("not 1 of sel_*", "", True),
        ("1 of them", "_helper", False),
        ("1 of them", "c", True),
        ("all of them", "a b c sel_one sel_two", True),
        ("1 of _*", "_helper", True),
        ("_helper", "_helper", True),
        ("a\n  and b", "a b", True),
    ],
)
def test_a_condition_is_read_by_the_precedence_of_the_specification(condition: str, true: str, expected: bool) -> None:
    assert run(condition, true) is expected


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("a | count() > 5", "write a correlation"),
        ("a|count() by b > 5", "write a correlation"),
        ("a near b", "near was removed"),
        ("a and filtr", "nothing is defined as 'filtr'"),
        ("a and not 1 of nothing_*", "no identifier matches 'nothing_\\*'"),
        ("a OR b", "lower case"),
        ("2 of sel_*", "is not Sigma"),
        ("a b", "was not expected"),
        ("a and", "ends where"),
        ("(a", "not closed"),
        ("a)", "was not expected"),
        ("", "empty"),
        ("not", "ends where"),
        ("1 of", "was not expected after 'of'"),
        ("a & b", "was not expected"),
        ("(" * 101 + "a" + ")" * 101, "more than 100 brackets"),
    ],
)
def test_a_condition_that_says_nothing_certain_is_refused(condition: str, reason: str) -> None:
    with pytest.raises(RuleFault, match=reason):
        parse(condition, NAMED)


def test_identifiers_may_be_named_like_quantifiers() -> None:
    named: dict[str, Node] = {"all": Atom("a", Truth(True)), "1": Atom("b", Truth(True))}
    assert holds(parse("all and not 1", named), event({"a": True}))
