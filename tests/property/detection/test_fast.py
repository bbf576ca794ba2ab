"""The fast engine finds what the naive one finds, whatever the rules and the events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.engine import Engine
from detection.fast import literals
from detection.oracle import NaiveEngine
from detection.ruleset import Rule, RuleSet
from detection.sigma.patterns import joined, parse
from detection.sigma.predicates import (
    Compare,
    Equals,
    Exists,
    Null,
    Pattern,
    Predicate,
    Regex,
    SameAs,
    TimePart,
    Token,
    Truth,
    Wild,
)
from detection.sigma.tree import And, Atom, Keyword, Node, Not, Or
from shouwang.model import Event, Logsource, Severity, Shape, Value

SHAPE = Shape(
    dataset="test.fast",
    parser="json",
    logsources=frozenset((Logsource("windows", "x", None),)),
    paths={"a": (("a",), ("deep", "a")), "b": (("b",), ("a",)), "event.code": (("code",),)},
    prefixes=(("w.", ("deep",)),),
)
FIELDS = ["a", "b", "w.a", "w.c", "event.code", "tags", "nowhere", "event.dataset", "@timestamp"]
TEXTS = st.one_of(
    st.sampled_from(
        ["", "a", "A", "ab", "AB", "1", "01", "true", "test.fast", "\u212a", "k", "İ", "i", "\x02a", "a\x01"]
    ),
    st.sampled_from(["\u212aiwi", "KİWI", "kiwİ", "mimikatz", "MiMi"]),
    st.text(alphabet="aAbB*?\\-/ \n中kK\u212aıİ\x01\x02", max_size=6),
)
SCALARS: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.sampled_from([0.0, 1.0, 1.5, 2**70]), TEXTS
)
VALUES: st.SearchStrategy[Value] = st.one_of(SCALARS, SCALARS, st.lists(SCALARS, max_size=3), st.just({"x": "a"}))
TOKENS: list[Token] = ["a", "b", "-", " x", Wild.ANY, Wild.ONE, Wild.DASH]
PATTERNS = st.builds(
    Pattern,
    st.one_of(
        TEXTS.map(parse),
        st.lists(st.sampled_from(TOKENS), max_size=5).map(joined),
    ),
    st.booleans(),
)
PREDICATES: st.SearchStrategy[Predicate] = st.one_of(
    PATTERNS,
    PATTERNS,
    st.builds(Equals, st.integers(-2, 3)),
    st.builds(Truth, st.booleans()),
    st.builds(
        Regex,
        st.sampled_from(["a", "^a", "A|中", "a.", "-$", "(?i)a", "(?=a)a", "é?", "abk?", "(?i)kiwi", "[aA]b-"]),
        *[st.booleans()] * 3,
    ),
    st.just(Null()),
    st.builds(Exists, st.booleans()),
    st.builds(Compare, st.sampled_from(["lt", "gte"]), st.integers(-2, 3)),
    st.builds(SameAs, st.sampled_from(FIELDS), st.sampled_from(["equals", "contains"])),
    st.builds(TimePart, st.just("minute"), st.just("lt"), st.integers(0, 59)),
)
ATOMS: st.SearchStrategy[Node] = st.one_of(
    st.builds(Atom, st.sampled_from(FIELDS), PREDICATES),
    st.builds(Keyword, PATTERNS),
    st.builds(Keyword, st.sampled_from(["*Kiwi*", "*mimi*", "kiwi", "*i\u0307x*"]).map(parse).map(Pattern)),
)


def _wider(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(inner, min_size=1, max_size=4).map(tuple)
    return st.one_of(st.builds(And, parts), st.builds(Or, parts), st.builds(Not, inner))


NODES = st.recursive(ATOMS, _wider, max_leaves=10)
FLAT = st.dictionaries(st.sampled_from(["a", "b", "code"]), VALUES)
DEEP = st.one_of(st.none(), VALUES, st.dictionaries(st.sampled_from("ac"), VALUES))
CONTEXTS: st.SearchStrategy[dict[str, Value]] = st.one_of(
    st.just({}), st.dictionaries(st.sampled_from(["tags", "a", "w.c", "event.dataset", "other"]), VALUES)
)


def event(flat: Mapping[str, Value], deep: Value, context: Mapping[str, Value], written: str) -> Event:
    doc: dict[str, Value] = dict(flat) if deep is None else {**flat, "deep": deep}
    raw = json.dumps(doc, ensure_ascii=written == "escaped").encode() if written else b""
    return Event(time_us=61_000_000, received_us=0, source="s", shape=SHAPE, doc=doc, raw=raw, context=context)


def rule(number: int, condition: Node) -> Rule:
    return Rule(
        id=f"rule-{number}",
        title="",
        name="",
        severity=Severity.LOW,
        logsource=Logsource("windows"),
        tags=(),
        path=Path("x"),
        line=1,
        condition=condition,
    )


@settings(max_examples=300, deadline=None)
@given(
    st.lists(NODES, min_size=1, max_size=6),
    st.lists(st.builds(event, FLAT, DEEP, CONTEXTS, st.sampled_from(["", "plain", "escaped"])), min_size=1, max_size=6),
    st.sampled_from([200, 1 << 20]),
)
def test_the_fast_engine_finds_what_the_naive_one_finds(nodes: list[Node], seen: list[Event], cache: int) -> None:
    rules = RuleSet(tuple(rule(number, node) for number, node in enumerate(nodes)))
    naive = NaiveEngine(rules)
    fast = Engine(rules, ())
    fast.matcher.budget.limit_bytes = cache
    for each in (*seen, *seen):
        assert fast.fired(each) == naive.fired(each)
    assert fast.faults == naive.faults


@pytest.mark.parametrize("one_by_one", [True, False])
@settings(max_examples=100, deadline=None)
@given(pieces=st.lists(TEXTS.filter(bool), min_size=9, max_size=20, unique=True), text=TEXTS)
def test_pieces_are_found_alike_with_and_without_hyperscan(one_by_one: bool, pieces: list[str], text: str) -> None:
    folded = text.lower()
    bare = [piece for piece in map(str.lower, pieces) if "\x01" not in piece and "\x02" not in piece]
    forms = [form for piece in bare for form in (piece, literals.START + piece, piece + literals.END)]
    search = literals.Literals(forms)
    if not one_by_one and literals.HAS_HYPERSCAN and forms:
        search.compile()
    expected = {
        at
        for at, form in enumerate(forms)
        if (form[0] == literals.START and folded.startswith(form[1:]))
        or (form[-1] == literals.END and folded.endswith(form[:-1]))
        or (form[0] != literals.START and form[-1] != literals.END and form in folded)
    }
    assert set(search.found_in(text)) == expected
