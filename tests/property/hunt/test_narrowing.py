"""Narrowing never loses a match: whatever the rule, whatever the event holds, however the store keeps it."""

from __future__ import annotations

from ipaddress import ip_network

import apsw
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detection.hunt import above
from detection.naive import holds
from detection.sigma import patterns
from detection.sigma.predicates import Compare, Equals, Exists, InNetwork, Null, Pattern, Predicate, Regex, Truth
from detection.sigma.tree import And, Atom, Keyword, Node, Not, Or
from shouwang.eventstore.embedded.history import STORED_FIELDS
from shouwang.eventstore.embedded.narrowing import narrow
from shouwang.eventstore.embedded.rows import Promoter
from shouwang.eventstore.embedded.schema import MIGRATIONS
from shouwang.model import Event, Shape, Value
from shouwang.query import predicate

FIELDS = ("host.name", "source.ip", "event.code", "url.path", "other.field")
SHAPE = Shape(dataset="test", parser="json", paths={}, prefixes=(("", ()),))
LETTERS = st.text(alphabet="aAkKsS*?\\-/ \n\0中éİıßΣσς\u212a\ud800", max_size=6)
LONG = st.integers(1, 3).map(lambda times: "Ab" * 5000 * times)
NUMERALS = st.sampled_from(["4688", "04688", "-3", "1.50", "0" * 75 + "7", "9" * 30, "1e3", "+3", " 3", "٣"])
ADDRESSES = st.sampled_from(
    [
        "10.1.2.3",
        "::ffff:10.1.2.3",
        "fe80::1%eth0",
        "10.1.2.3%" + "z" * 100,
        "2001:db8::1",
        "2001:0DB8::0001",
        "::",
        "x",
    ]
)
SCALARS: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([4688, 1.5, 3.0, 2**63, -(2**70), 1e22]),
    LETTERS, LONG, NUMERALS, ADDRESSES,
)  # fmt: skip
VALUES: st.SearchStrategy[Value] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(LETTERS, inner, max_size=1)),
    max_leaves=4,
)
EVENTS = st.lists(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4), min_size=1, max_size=6)
NETWORKS = st.sampled_from(
    ["10.0.0.0/8", "::/0", "::/80", "::ffff:10.0.0.0/104", "2001:db8::/32", "0.0.0.0/0", "fe80::/10"]
)
NUMBERS = st.sampled_from([-3, 0, 1, 3, 4688, 1.5, 7, int("9" * 30), 2**63, 1e22])
WRITTEN = st.one_of(LETTERS, NUMERALS, ADDRESSES, LONG, st.just("aaa*"), st.just("*a?"))
PREDICATES: st.SearchStrategy[Predicate] = st.one_of(
    st.builds(Pattern, WRITTEN.map(patterns.parse), st.booleans()),
    st.builds(Pattern, WRITTEN.map(lambda text: patterns.surrounded(patterns.parse(text), before=True, after=True))),
    st.builds(Equals, NUMBERS),
    st.builds(Compare, st.sampled_from(["lt", "lte", "gt", "gte", "eq"]), NUMBERS),
    st.builds(Truth, st.booleans()),
    st.builds(Exists, st.booleans()),
    st.builds(InNetwork, NETWORKS.map(ip_network)),
    st.builds(Regex, st.sampled_from(["a", "^A"])),
    st.just(Null()),
)
ATOMS: st.SearchStrategy[Node] = st.one_of(
    st.builds(Atom, st.sampled_from(FIELDS), PREDICATES),
    st.builds(Keyword, st.builds(Pattern, LETTERS.map(patterns.parse))),
)


def _wider(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(And, parts), st.builds(Or, parts), st.builds(Not, inner))


NODES = st.recursive(ATOMS, _wider, max_leaves=6)


def event(number: int, doc: dict[str, Value]) -> Event:
    return Event(
        id=number.to_bytes(16, "big"), time_us=number, received_us=number, source="t", shape=SHAPE, doc=doc, raw=b"{}"
    )


def kept(node: Node, events: list[Event]) -> set[bytes]:
    """By SQL alone, as the store runs it."""
    db = apsw.Connection(":memory:")
    db.execute(MIGRATIONS[1])
    promoter = Promoter()
    for each in events:
        row = promoter.row(each)
        db.execute(f"INSERT INTO event VALUES (NULL, {', '.join('?' * len(row))})", row)
    narrowing = narrow(above(node, STORED_FIELDS))
    narrowing.prepare(db)
    return {row[0] for row in db.execute(f"SELECT id FROM event WHERE {narrowing.sql}", narrowing.values)}


@settings(max_examples=300, deadline=None)
@given(NODES, EVENTS)
@example(Atom("event.code", Equals(7)), [{"event.code": "0" * 75 + "7"}])
@example(Atom("source.ip", InNetwork(ip_network("::/0"))), [{"source.ip": "::ffff:10.1.2.3"}])
@example(Atom("source.ip", InNetwork(ip_network("10.0.0.0/8"))), [{"source.ip": "10.1.2.3%" + "z" * 100}])
@example(Atom("url.path", Pattern(patterns.parse("aΣ*"), cased=True)), [{"url.path": "aΣb"}])
@example(Atom("host.name", Pattern(patterns.parse("k"))), [{"host.name": "\u212a"}, {"host.name": ["x", "\u212a"]}])
def test_no_match_is_lost(node: Node, docs: list[dict[str, Value]]) -> None:
    events = [event(number, doc) for number, doc in enumerate(docs)]
    fire = {each.id for each in events if holds(node, each)}
    asked = predicate(above(node, STORED_FIELDS))
    assert fire <= {each.id for each in events if asked(each)}
    assert fire <= kept(node, events)


def test_it_does_narrow() -> None:
    node = And((Atom("host.name", Pattern(patterns.parse("db-*"))), Not(Atom("url.path", Null()))))
    events = [event(0, {"host.name": "DB-1"}), event(1, {"host.name": "web-1"})]
    assert kept(node, events) == {events[0].id}
