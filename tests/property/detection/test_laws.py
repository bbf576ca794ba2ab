"""Laws that hold of any rule and any event."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from detection.naive import holds, program
from detection.sigma import conditions, patterns
from detection.sigma.faults import RuleFault
from detection.sigma.predicates import Equals, Exists, Null, Pattern, Predicate, Regex, Token, Wild
from detection.sigma.tree import And, Atom, Keyword, Node, Not, Or
from detection.view import View, decoded
from detection.wildcards import glob
from shouwang.model import Event, Value
from tests.unit.detection.sample import event, item

LETTERS = st.text(alphabet="aA*?\\-/ \n中é", max_size=8)
SCALARS: st.SearchStrategy[Value] = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), LETTERS)
VALUES: st.SearchStrategy[Value] = st.one_of(SCALARS, st.lists(SCALARS, max_size=3))
EVENTS: st.SearchStrategy[Event] = st.dictionaries(st.sampled_from("fgh"), VALUES).map(event)
PREDICATES: st.SearchStrategy[Predicate] = st.one_of(
    st.builds(Pattern, LETTERS.map(patterns.parse), st.booleans()),
    st.builds(Equals, st.integers(-3, 3)),
    st.builds(Regex, st.sampled_from(["a", "^a", "A|中", "a.", "-$", "(?i)a", "(?=a)a", "é?"]), *[st.booleans()] * 3),
    st.just(Null()),
    st.builds(Exists, st.booleans()),
)
ATOMS: st.SearchStrategy[Node] = st.one_of(
    st.builds(Atom, st.sampled_from("fgh"), PREDICATES),
    st.builds(Keyword, st.builds(Pattern, LETTERS.map(patterns.parse))),
)


def _wider(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(And, parts), st.builds(Or, parts), st.builds(Not, inner))


NODES = st.recursive(ATOMS, _wider, max_leaves=8)


@given(NODES, NODES, EVENTS)
def test_boolean_laws_hold(a: Node, b: Node, seen: Event) -> None:
    assert holds(Not(Not(a)), seen) is holds(a, seen)
    assert holds(Not(And((a, b))), seen) is holds(Or((Not(a), Not(b))), seen)
    assert holds(And((a, b)), seen) is holds(And((b, a)), seen)
    assert holds(Or((a, And((a, b)))), seen) is holds(a, seen)
    assert holds(Or((a, Not(a))), seen)


@given(NODES, EVENTS)
def test_a_program_gives_the_same_answer_twice_and_whatever_was_asked_before(node: Node, seen: Event) -> None:
    view = View(seen)
    run = program(node)
    assert run(view) is run(view) is holds(node, seen)


PIECES: list[Token] = ["a", "b", "ab", "-", Wild.ANY, Wild.ONE, Wild.DASH]


def reference(tokens: Sequence[Token], text: str) -> bool:
    """The textbook recursion: slow, and plainly right."""
    if not tokens:
        return not text
    first, rest = tokens[0], tokens[1:]
    if first is Wild.ANY:
        return any(reference(rest, text[at:]) for at in range(len(text) + 1))
    if first is Wild.ONE:
        return bool(text) and reference(rest, text[1:])
    if first is Wild.DASH:
        return text[:1] in {*"-/\u2013\u2014\u2015"} and reference(rest, text[1:])
    assert isinstance(first, str)
    return text.startswith(first) and reference(rest, text[len(first) :])


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from(PIECES), max_size=7).map(patterns.joined),
    st.text(alphabet="ab-/\n", max_size=10),
)
def test_wildcards_agree_with_the_textbook(tokens: tuple[Token, ...], text: str) -> None:
    assert glob(tokens)(text) is reference(tokens, text)
    seen = event({"f": text})
    assert holds(Atom("f", Pattern(tokens)), seen) is reference(tokens, text)


@given(st.text(max_size=12))
def test_any_text_can_be_written_as_a_literal(text: str) -> None:
    escaped = re.sub(r"([\\*?])", r"\\\1", text)
    assert patterns.parse(escaped) == ((text,) if text else ())
    assert item("f", escaped, {"f": text})


@given(LETTERS, LETTERS)
def test_the_positions_are_the_wildcards_they_stand_for(value: str, text: str) -> None:
    tokens = patterns.parse(value)
    for key, before, after in [("contains", True, True), ("startswith", False, True), ("endswith", True, False)]:
        pattern = Pattern(patterns.surrounded(tokens, before=before, after=after))
        assert item(f"f|{key}", value, {"f": text}) is holds(Atom("f", pattern), event({"f": text}))


@given(st.text(alphabet="ab ()|*_1ofthemnd-", max_size=30))
def test_a_condition_is_read_or_refused_and_nothing_else(text: str) -> None:
    named: dict[str, Node] = {"a": Atom("f", Null()), "b": Atom("g", Null())}
    try:
        node = conditions.parse(text, named)
    except RuleFault:
        return
    assert holds(node, event({})) in {True, False}


@given(st.binary(max_size=40))
def test_any_record_can_be_searched(raw: bytes) -> None:
    assert isinstance(decoded(raw), str)
    assert "\nneedle" in decoded(raw + b"\nneedle")
