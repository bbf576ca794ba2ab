"""Conditions against a second reading of them, and the laws of and, or, not and of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from detection.naive import holds
from detection.sigma.conditions import parse
from detection.sigma.faults import RuleFault
from detection.sigma.predicates import Truth
from detection.sigma.tree import Atom, Node
from tests.property.detection.examples import tried
from tests.unit.detection.sample import event

NAMES = ("a", "b", "sel_a", "sel_b", "filter_x", "_own", "android", "notes")
NAMED: dict[str, Node] = {name: Atom(name, Truth(True)) for name in NAMES}
PATTERNS = ("them", "sel_*", "s*", "*_*", "*a", "filter_x", "_*", "*")
LEAVES = st.one_of(
    st.sampled_from(NAMES),
    st.builds("{} of {}".format, st.sampled_from(["1", "any", "all"]), st.sampled_from(PATTERNS)),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("{} and {}".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
        st.builds("not {}".format, inner),
        st.builds("({})".format, inner),
    ),
    max_leaves=8,
)
TRUTHS = st.sets(st.sampled_from(NAMES)).map(lambda true: {name: name in true for name in NAMES})


def asked(condition: str, truths: Mapping[str, bool]) -> bool:
    return holds(parse(condition, NAMED), event(dict(truths)))


def meant(condition: str, truths: Mapping[str, bool]) -> bool:
    """Python's own reading: its and, or, not bind as Sigma's do."""

    def chosen(found: re.Match[str]) -> str:
        quantifier, pattern = found.groups()
        glob = "*" if pattern == "them" else pattern
        picked = [t for n, t in truths.items() if fnmatchcase(n, glob) and (glob[0] == "_" or n[0] != "_")]
        return str(all(picked) if quantifier == "all" else any(picked))

    text = re.sub(r"(1|any|all) of (\S+?)(?=[\s)]|$)", chosen, condition)
    text = re.sub(r"\b(?!and\b|or\b|not\b|True\b|False\b)\w+", lambda found: str(truths[found[0]]), text)
    return bool(eval(text, {"__builtins__": {}}))  # only words of this test


@tried(250)
@given(CONDITIONS, TRUTHS)
def test_a_condition_means_what_python_would_read(condition: str, truths: dict[str, bool]) -> None:
    assert asked(condition, truths) is meant(condition, truths)


@tried(150)
@given(CONDITIONS, CONDITIONS, TRUTHS)
def test_de_morgan(a: str, b: str, truths: dict[str, bool]) -> None:
    assert asked(f"not (({a}) and ({b}))", truths) is asked(f"not ({a}) or not ({b})", truths)
    assert asked(f"not (({a}) or ({b}))", truths) is asked(f"not ({a}) and not ({b})", truths)


@tried(80)
@given(CONDITIONS, TRUTHS)
def test_twice_not_is_nothing_and_brackets_change_nothing(a: str, truths: dict[str, bool]) -> None:
    assert asked(f"not not ({a})", truths) is asked(a, truths) is asked(f"(({a}))", truths)


@tried(80)
@given(st.sampled_from(PATTERNS), TRUTHS)
def test_one_of_is_or_and_all_of_is_and_over_the_names(pattern: str, truths: dict[str, bool]) -> None:
    glob = "*" if pattern == "them" else pattern
    names = [name for name in NAMES if fnmatchcase(name, glob) and (glob[0] == "_" or name[0] != "_")]
    assert asked(f"1 of {pattern}", truths) is asked(f"any of {pattern}", truths) is asked(" or ".join(names), truths)
    assert asked(f"all of {pattern}", truths) is asked(" and ".join(names), truths)
    assert asked(f"not 1 of {pattern}", truths) is asked(" and ".join(f"not {name}" for name in names), truths)
    assert asked(f"not all of {pattern}", truths) is asked(" or ".join(f"not {name}" for name in names), truths)


@tried(150)
@given(st.text(alphabet="ab_*()|,& 1\nofthemndl", max_size=24))
def test_any_text_is_a_condition_or_a_refusal(text: str) -> None:
    try:
        node = parse(text, NAMED)
    except RuleFault:
        return
    assert holds(node, event({})) in {True, False}
