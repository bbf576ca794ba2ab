"""A line that its kind's gate keeps silent fires nothing, however its JSON is written."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.fast.budget import Budget
from detection.fast.formulas import Atoms, atoms_of
from detection.fast.gate import Asked, Gate, needs
from detection.fast.routes import Program
from detection.oracle import NaiveEngine
from detection.ruleset import RuleSet
from detection.sigma.patterns import joined, parse
from detection.sigma.predicates import Pattern, Predicate, Regex, Token, Wild
from detection.sigma.tree import And, Atom, Keyword, Node, Not, Or
from shouwang.model import Event, Value
from tests.property.detection.test_fast import PREDICATES, SHAPE, rule

pytest.importorskip("hyperscan")

WORDS = [
    "evil",
    "c:\\temp\\",
    "\\cmd.exe",
    ".ps1",
    "-enc",
    "true",
    "false",
    "1e5",
    "nan",
    "0x10",
    "a/b",
    "中毒",
    "kiwi",
]
TOKENS: list[Token] = [*WORDS, Wild.ANY, Wild.ANY, Wild.ONE, Wild.DASH]
PATTERNS = st.builds(Pattern, st.lists(st.sampled_from(TOKENS), min_size=1, max_size=4).map(joined), st.booleans())
ASKED: st.SearchStrategy[Predicate] = st.one_of(
    PATTERNS,
    PATTERNS,
    PREDICATES,
    st.builds(Regex, st.sampled_from(["evil", "(?i)ev.l|kiwi", "cmd\\.exe$"]), *[st.booleans()] * 3),
)
ATOMS: st.SearchStrategy[Node] = st.one_of(
    st.builds(Atom, st.sampled_from(["a", "b", "w.c"]), ASKED), st.builds(Keyword, PATTERNS)
)


def _wider(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(And, parts), st.builds(Or, parts), st.builds(Not, inner))


NODES = st.recursive(ATOMS, _wider, max_leaves=8)
TEXTS = st.lists(
    st.one_of(
        st.sampled_from([*WORDS, "EVIL", "\u212aiwi", "kİwi", '"', "\\", "/", "\n", "é", "x"]),
        st.characters(codec="utf-8"),
    ),
    max_size=4,
).map("".join)
SCALARS: st.SearchStrategy[Value] = st.one_of(
    TEXTS, TEXTS, st.booleans(), st.none(), st.sampled_from([0, 16, 1e5, 100000, 1.5])
)
VALUES: st.SearchStrategy[Value] = st.one_of(SCALARS, SCALARS, st.lists(SCALARS, max_size=3))


def spelled(value: Value, chance: random.Random) -> str:
    """JSON, each letter of a text written in one of the ways that there are."""
    if isinstance(value, str):
        return '"' + "".join(_letter(letter, chance) for letter in value) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(spelled(each, chance) for each in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{spelled(key, chance)}: {spelled(held, chance)}" for key, held in value.items()) + "}"
    return json.dumps(value)


def _letter(letter: str, chance: random.Random) -> str:
    plain = json.dumps(letter, ensure_ascii=chance.random() < 0.3)[1:-1]
    if letter == "/" and chance.random() < 0.5:
        return "\\/"
    if len(letter.encode("utf-16-le")) == 2 and chance.random() < 0.02:
        return f"\\u{ord(letter):04x}" if chance.random() < 0.5 else f"\\u{ord(letter):04X}"
    return plain


def gate_of(nodes: list[Node]) -> Gate:
    atoms = Atoms()
    formulas = [atoms.formula(node) for node in nodes]
    programs = [Program(at, formula, frozenset(atoms_of(formula)), None) for at, formula in enumerate(formulas)]

    def asked(atom: int) -> Asked:
        test = atoms.tests[atom]
        return Asked(test.predicate, plain=True, whole=isinstance(test, Atom))

    return Gate(needs(programs, asked), (), Budget())


@settings(max_examples=400, deadline=None)
@given(
    st.lists(NODES, min_size=1, max_size=4),
    st.lists(st.dictionaries(st.sampled_from(["a", "b", "other"]), VALUES, max_size=3), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_what_a_gate_keeps_silent_fires_nothing(
    nodes: list[Node], docs: list[dict[str, Value]], chance: random.Random
) -> None:
    naive = NaiveEngine(RuleSet(tuple(rule(number, node) for number, node in enumerate(nodes))))
    gate = gate_of(nodes)
    for doc in docs:
        raw = spelled(doc, chance).encode()
        event = Event(time_us=61_000_000, received_us=0, source="s", shape=SHAPE, doc=json.loads(raw), raw=raw)
        gate.hits.clear()
        gate.scan(raw, gate.hit)
        if naive.fired(event):
            assert gate.awake[tuple(gate.hits)], raw


def test_a_gate_keeps_silent_what_lacks_a_rules_text_and_says_so_of_a_disguise() -> None:
    gate = gate_of([And((Atom("a", pattern("*\\cmd.exe")), Not(Atom("b", pattern("system")))))])

    def awake(raw: bytes) -> bool:
        gate.hits.clear()
        gate.scan(raw, gate.hit)
        return bool(gate.hits) and gate.awake[tuple(gate.hits)]

    assert awake(b'{"a":"C:\\\\CMD.exe"}')
    assert awake(b'{"a":"C:\\\\\\u0063md.exe"}')
    assert not awake(b'{"a":"C:\\\\cmd.exe.bak"}')
    assert not awake(b'{"b":"system"}')


def test_a_piece_that_stands_in_every_line_is_granted_unless_a_rule_then_always_fires() -> None:
    both = And((Atom("a", pattern("*system32*")), Atom("b", pattern("evil"))))
    needed = gate_of([both]).needs
    common, rare = needed.pieces.index(b"system32"), needed.pieces.index(b'"evil"')
    fewer = needed.granting([common])
    assert fewer is not None
    assert fewer.awake([rare])
    assert not fewer.awake([common])
    assert fewer.granting([rare]) is None


def pattern(text: str) -> Pattern:
    return Pattern(parse(text))


def test_true_and_false_may_be_written_as_text_or_bare() -> None:
    gate = gate_of([Atom("a", pattern("true"))])
    for raw in (b'{"a":true}', b'{"a":"TRUE"}'):
        gate.hits.clear()
        gate.scan(raw, gate.hit)
        assert gate.awake[tuple(gate.hits)]
