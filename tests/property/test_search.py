"""The store finds exactly what ``matches`` says, for any query over odd events; readers of text never fail oddly."""

from __future__ import annotations

import fnmatch
import json
import re
import tempfile
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from shouwang.comparison import like, scalars
from shouwang.errors import UsageError
from shouwang.eventjson import event_json
from shouwang.eventstore.base import Batch
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.model import Event, Value
from shouwang.query import (
    All,
    And,
    Cidr,
    Contains,
    Eq,
    Exists,
    Node,
    Not,
    Or,
    Prefix,
    Query,
    Range,
    Wildcard,
    matches,
    parse,
    value_of,
)
from shouwang.timespan import moment, rfc3339
from tests.contract.eventstore import all_of
from tests.contract.records import NOON_US, event_of, id_of, rehydrate

ZONE = ZoneInfo("Asia/Shanghai")

TEXTS = (
    "root", "Ro", "kelvin", "\u212aelvin", "\u0130stanbul", "i\u0307stanbul", "straße", "ΣΑΣ", "σας", "登录失败", "🐉",
    "10.1.2.3", "::ffff:10.1.2.3", "2001:DB8::9", "2001:db8:0:0::9", "fe80::1%eth0", "4625", "22", "22.0", "-5", "true",
    "null", "", " ", "a*b", "a?b", "a\\b", "C:\\Windows\\cmd.exe", "50%", "a_b", "x'; --", "a\x00b", "\ud800", '"q"',
    "2026-11-24T04:00:00Z", "2026-11-24", "test.object", "file:/var/log/test.log",
)  # fmt: skip
FIELDS = ("user.name", "host.name", "source.ip", "event.code", "destination.port", "labels.note", "user.domain")
ENVELOPE = ("@timestamp", "event.ingested", "event.id", "event.dataset", "event.original", "shouwang.source")

words = st.sampled_from(TEXTS) | st.text(alphabet="aAbk\u212a\u0130ßéÉ0.:*?\\ ", max_size=6)
scalar: st.SearchStrategy[Value] = (
    words | st.sampled_from([0, 1, -5, 22, 22.0, 22.5, 4625, 2**63, 2**70, 1e300, True, False, None])
)  # fmt: skip
values: st.SearchStrategy[Value] = (
    scalar | st.lists(scalar, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), scalar, max_size=1)
)
times = st.integers(NOON_US - 3, NOON_US + 3) | st.sampled_from([0, -1, -11_644_473_600_000_000])
objects = st.dictionaries(st.sampled_from(FIELDS), values, max_size=4)
lines = words.map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=8)
contexts = st.none() | st.dictionaries(
    st.sampled_from(["host.name", "tags", "labels.note"]), values, min_size=1, max_size=2
)

fields = st.sampled_from(FIELDS + ENVELOPE)
leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(Eq, fields, words),
    st.builds(Prefix, fields, words),
    st.builds(Wildcard, fields, words.map(lambda text: f"*{text}*") | words),
    st.builds(Contains, st.just("") | fields, words),
    st.builds(Exists, fields),
    st.builds(Cidr, fields, st.sampled_from(["10.0.0.0/8", "2001:db8::/32", "fe80::/10", "::/0", "10.1.2.3/32", "x"])),
    st.builds(Range, fields, st.none() | words, st.none() | words, st.booleans(), st.booleans()),
    st.just(All()),
)
nodes: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(lambda parts: And(tuple(parts)), st.lists(inner, max_size=3)),
        st.builds(lambda parts: Or(tuple(parts)), st.lists(inner, max_size=3)),
    ),
    max_leaves=6,
)
queries = st.builds(
    lambda node, a, b: Query(node, min(a, b), max(a, b)), nodes, times | st.just(-(1 << 62)), times | st.just(1 << 62)
)


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    made = []
    for number in range(draw(st.integers(0, 12))):
        parser = draw(st.sampled_from(["object", "coded", "line"]))
        raw = (
            draw(lines)
            if parser == "line"
            else json.dumps(draw(objects), ensure_ascii=draw(st.booleans())).encode("utf-8", "backslashreplace")
        )
        made.append(
            event_of(
                parser,
                raw,
                id=id_of(draw(st.integers(0, 2**40)) * 100 + number),
                time_us=draw(times),
                source=draw(st.sampled_from(["file:/var/log/test.log", "udp:\u212a", "ΣΑΣ"])),
                context=draw(contexts),
            )
        )
    return made


def by_time(found: list[Event]) -> list[bytes]:
    return [event.id for event in sorted(found, key=lambda event: (event.time_us, event.id))]


@settings(max_examples=80, deadline=None)
@given(made=events(), asked=st.lists(queries, min_size=1, max_size=8), by=fields, limit=st.integers(1, 20))
def test_the_store_finds_what_matches_says(made: list[Event], asked: list[Query], by: str, limit: int) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedStore(Path(folder) / "events.db", zone=ZONE, rehydrate=rehydrate) as store,
    ):
        store.put(Batch(made, received_us=NOON_US), {})
        for query in asked:
            expected = [event for event in made if matches(query, event)]
            assert [e.id for e in all_of(store, query, limit=limit)] == by_time(expected)
            assert [e.id for e in all_of(store, query, newest_first=True, limit=limit)] == by_time(expected)[::-1]
            (total,) = store.count(query, by=None, bucket_s=None, top=0)
            assert total.count == len(expected)
            counted = store.count(query, by=by, bucket_s=None, top=0)
            assert {(kind_of(c.key), c.key): c.count for c in counted} == tally(expected, by)
            buckets = store.count(query, by=None, bucket_s=3600, top=0)
            assert sum(c.count for c in buckets) == len(expected)
            assert all(isinstance(c.key, int) and c.key % 3_600_000_000 == 0 for c in buckets)


def kind_of(value: Value) -> str:
    return "text" if isinstance(value, str) else "truth" if isinstance(value, bool) else "number"


def tally(found: list[Event], by: str) -> dict[tuple[str, Value], int]:
    """Distinct elements of each event, 1 and 1.0 as one."""
    return Counter(key for event in found for key in {(kind_of(v), v) for v in scalars(value_of(event, by))})


@settings(deadline=None)
@given(pattern=st.text(alphabet="ab?*", max_size=8), value=st.text(alphabet="ab", max_size=8))
def test_wildcards_agree_with_the_shells(pattern: str, value: str) -> None:
    assert like(pattern)(value) is (re.fullmatch(fnmatch.translate(pattern), value) is not None)


@settings(deadline=None)
@given(
    text=st.text(alphabet='ab:*?"()[]{}+-!~^/\\<>= ANDORNOTO_exists_1.@timestamp', max_size=30) | st.text(max_size=20)
)
def test_text_is_read_or_refused_with_a_column(text: str) -> None:
    try:
        node = parse(text)
    except UsageError as error:
        said = str(error)
    else:
        said = ""
        assert matches(Query(node), event_of("line", b"a", id=id_of(1))) in (True, False)
    assert not said or "column" in said


@settings(deadline=None)
@given(
    text=st.text(max_size=20).filter(lambda text: "\ud800" not in text), field=st.sampled_from(["user.name", "x-y_z"])
)
def test_any_value_can_be_asked_for_in_quotes(text: str, field: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    event = event_of("object", json.dumps({field: text}).encode(), id=id_of(1), context={field: text})
    assert matches(Query(parse(f'{field}:"{quoted}"')), event)


@settings(deadline=None)
@given(raw=st.binary(max_size=40))
def test_any_bytes_have_a_json_form(raw: bytes) -> None:
    found = event_json(event_of("line", raw, id=id_of(1)), ZONE)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@settings(deadline=None)
@given(time_us=st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999))
def test_times_are_written_and_read_back_the_same(time_us: int) -> None:
    bounds = moment(rfc3339(time_us, ZONE))
    assert bounds is not None
    assert bounds[0] == time_us
