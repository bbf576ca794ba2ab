"""What Elasticsearch is asked for never leaves out an event that the query wants; where it says so, it is the query."""

from __future__ import annotations

import json
from typing import cast

from hypothesis import example, given, settings
from hypothesis import strategies as st

from collectors.vocabulary import kinds
from shouwang.eventstore.elastic.documents import event_document
from shouwang.eventstore.elastic.narrowing import narrow
from shouwang.model import Event, Value
from shouwang.query import Contains, Eq, Node, Not, Or, Prefix, Query, Range, Wildcard, matches
from tests.contract.records import NOON_US, event_of, id_of
from tests.property.elastic.asking import finds
from tests.property.test_search import contexts, lines, nodes, objects, times, values

KINDS = {**kinds(), "message": "text"}
LONG = "A" * 300 + " endmark1 /x?id=%27" + "报" * 400 + "Z"
long_objects = st.fixed_dictionaries(
    {},
    optional={
        "message": values | st.sampled_from([LONG, "failed password for root", "a" * 256, "a" * 257]),
        "user.name": values | st.sampled_from([LONG, LONG.lower()[:256], "b" * 256, "b" * 255]),
        "url.path": values | st.sampled_from(["/etc/../passwd", LONG, "/A?b*c\\d"]),
        "extra": st.dictionaries(st.text(max_size=3), values, max_size=2),
    },
)
parts = st.sampled_from(
    ["endmark1", " endmark1",
     "a" * 255, "a" * 300, "b" * 255, "b" * 256, "报报", "报z", "x?id", "%27报", "password for", "d",
     "/", "passwd", "b*", "\\", "../", LONG, LONG[:256], LONG[250:400], " "]
)  # fmt: skip
names = st.sampled_from(["message", "user.name", "url.path", "extra.a", ""])
long_leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(Contains, names, parts),
    st.builds(Eq, names.filter(bool), parts),
    st.builds(Prefix, names.filter(bool), parts),
    st.builds(
        Wildcard, names.filter(bool), parts.map(lambda part: f"*{part}*") | parts.map(lambda part: f"{part}*") | parts
    ),
)
any_node = st.recursive(
    nodes | long_leaves,
    lambda inner: st.builds(Not, inner) | st.lists(inner, min_size=1, max_size=3).map(lambda all: Or(tuple(all))),
    max_leaves=4,
)


def check(event: Event, node: Node) -> None:
    document = event_document(event, KINDS, 1, "aa", "aa:1")
    narrowing = narrow(Query(node), KINDS)
    wanted = matches(Query(node, -(1 << 63), 1 << 63), event)
    found = finds(narrowing.ask, document)
    assert found or not wanted
    if narrowing.exact:
        assert found == wanted


def made(doc: dict[str, Value], time_us: int = NOON_US, context: dict[str, Value] | None = None) -> Event:
    return event_of("object", json.dumps(doc).encode(), id=id_of(1), time_us=time_us, context=context)


@settings(max_examples=1500, deadline=None)
@given(objects, nodes, times, contexts)
def test_no_odd_value_is_left_out(doc: dict[str, Value], node: Node, time_us: int, context: dict[str, Value]) -> None:
    check(made(doc, time_us, context), node)


@settings(max_examples=1500, deadline=None)
@given(long_objects, any_node)
@example({"message": LONG}, Contains("message", " endmark1"))
@example({"user.name": "b" * 257}, Not(Eq("user.name", "b" * 256)))
@example({"user.name": LONG}, Wildcard("user.name", "*endmark1*"))
@example({"user.name": "a\\b"}, Wildcard("user.name", "a\\b"))
def test_no_long_value_is_left_out(doc: dict[str, Value], node: Node) -> None:
    check(made(doc), node)


@settings(max_examples=800, deadline=None)
@given(lines, nodes | long_leaves)
def test_no_line_is_left_out_whatever_its_bytes(raw: bytes, node: Node) -> None:
    check(event_of("line", raw, id=id_of(1)), node)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.sampled_from(["登录", "a", "B", "\u0130", "\u212a", "Σ", "-", " ", "\\", '"', "/", "9", "_"]), max_size=8
    ).map("".join),
    st.integers(0, 8),
    st.integers(0, 8),
    st.booleans(),
    st.sampled_from(["utf-8", "gb18030", "json"]),
)
def test_any_part_of_a_record_finds_it(text: str, start: int, end: int, upper: bool, form: str) -> None:
    part = text[start:end].upper() if upper else text[start:end]
    event = made({"message": text}) if form == "json" else event_of("line", text.encode(form), id=id_of(1))
    check(event, Contains("", part))
    check(event, Contains("message", part))
    check(event, Wildcard("event.original", f"*{part}*"))


def test_what_is_asked_leaves_something_out() -> None:
    """The properties above would hold for a question that lets everything through."""
    document = event_document(
        made({"user.name": "ann", "message": "session opened", "destination.port": 80}), KINDS, 1, "aa", "x"
    )
    for node in (
        Eq("user.name", "root"),
        Contains("user.name", "oo"),
        Contains("message", "failed"),
        Contains("", "failed"),
        Prefix("user.name", "b"),
        Wildcard("user.name", "*b*"),
        Range("destination.port", "443", None, include_low=True, include_high=False),
        Not(Eq("user.name", "ANN")),
        Or(tuple(Eq("user.name", f"user{n}") for n in range(3000))),
    ):
        assert not finds(narrow(Query(node), KINDS).ask, document), node


def test_thousands_of_alternatives_are_one_question() -> None:
    ask = narrow(Query(Or(tuple(Eq("user.name", f"user{n}") for n in range(3000)))), KINDS).ask
    assert len(cast("dict[str, list[str]]", ask["terms"])["shouwang.terms"]) == 3000
