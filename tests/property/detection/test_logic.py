"""What is said of a condition without an event is true of every event."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from detection.authoring.logic import Sense, sense
from detection.naive import holds
from detection.sigma.patterns import parse
from detection.sigma.predicates import Equals, Exists, Null, Pattern, Predicate, Regex
from detection.sigma.tree import And, Atom, Keyword, Node, Not, Or
from shouwang.model import Value
from tests.property.detection.examples import tried
from tests.unit.detection.sample import event as event_of

TEXTS = st.sampled_from(["a", "A", "ab", "*", "a*", "*a", "*b*", "*ab", "a?b", "", "*A*", "abab", "*a*b*"])
PATTERNS = st.builds(Pattern, TEXTS.map(parse), st.booleans())
PREDICATES: st.SearchStrategy[Predicate] = st.one_of(
    PATTERNS, PATTERNS, st.builds(Equals, st.integers(0, 1)), st.just(Null()), st.builds(Exists, st.booleans()),
    st.just(Regex("a")),
)  # fmt: skip
ATOMS: st.SearchStrategy[Node] = st.one_of(st.builds(Atom, st.just("x"), PREDICATES), st.builds(Keyword, PATTERNS))


def _wider(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(And, parts), st.builds(Or, parts), st.builds(Not, inner))


ANY = st.recursive(ATOMS, _wider, max_leaves=6)
TIGHT = st.lists(st.one_of(ATOMS, ATOMS.map(Not), ANY), min_size=2, max_size=4).map(tuple)
NODES = st.one_of(st.builds(And, TIGHT), st.builds(Or, TIGHT), ANY)
SCALARS: st.SearchStrategy[Value] = st.sampled_from([None, 0, 1, "a", "A", "ab", "b", "", "abab", "aab", "ba"])
DOCS = st.dictionaries(st.just("x"), st.one_of(SCALARS, st.lists(SCALARS, max_size=2)))
SINGLE = st.dictionaries(st.just("x"), SCALARS)


@given(NODES, st.lists(DOCS, max_size=8))
@tried(1500)
def test_what_never_or_always_holds_does_so_on_every_event(node: Node, docs: list[dict[str, Value]]) -> None:
    said = sense(node)
    for doc in docs if said in {Sense.NEVER, Sense.ALWAYS} else ():
        assert holds(node, event_of(doc)) is (said is Sense.ALWAYS)


@given(NODES, st.lists(SINGLE, max_size=8))
@tried(600)
def test_what_needs_several_values_never_holds_of_single_ones(node: Node, docs: list[dict[str, Value]]) -> None:
    if sense(node) is Sense.NEVER_ONE_VALUE:
        assert not any(holds(node, event_of(doc)) for doc in docs)


@given(NODES)
@tried(300)
def test_an_empty_event_is_told_as_the_engine_finds_it(node: Node) -> None:
    said = sense(node)
    if said is Sense.PLAIN:
        assert not holds(node, event_of({}, raw=b""))
    if said is Sense.WITHOUT_FIELDS:
        assert holds(node, event_of({}, raw=b""))
