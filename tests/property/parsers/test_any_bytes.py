"""On any bytes at all: no parser raises, none loses the record, all give times that can be stored."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.files import Record, records
from collectors.parsers.addresses import canonical
from collectors.registry import PARSERS
from collectors.sniff import sniff
from shouwang.model import DEAD_DATASET
from tests.unit.parsers.reading import NOW_US, origin, read

SEEDS = [
    b'<165>1 2026-11-24T08:15:30.123456+08:00 h app 4711 ID47 [a@1 b="c\\""] \xef\xbb\xbf[x] y',
    b"Nov 24 08:15:30 h sshd[1]: Failed password for invalid user a from 203.0.113.9 port 5 ssh2: RSA SHA256:a ID b",
    b"Nov 24 08:15:30 h sudo: a : TTY=x ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
    b"Nov 24 08:15:30 h kernel: [1.0] x IN=a OUT= MAC=a:b SRC=1.2.3.4 DST=1.2.3.5 LEN=1 PROTO=2 [SRC=1.1.1.1 ]",
    b"<188>Oct  3 2026 13:19:33 HW %%01SHELL/4/LOGINFAILED(s)[1027]:Failed. (Ip=192.0.2.77, UserName=admin)",
    b"type=EXECVE msg=audit(1.123:4): argc=1 a0=6964 msg='op=x res=failed'",
    b'h:80 1.2.3.4 - a [24/Nov/2026:08:15:30 +0800] "GET /\\x22 HTTP/1.1" 200 5 "-" "x" y',
    b'2026/11/24 08:15:30 [error] 1#1: *1 x, client: 1.2.3.4, server: a, request: "GET / HTTP/1.1"',
    b"[Tue Nov 24 08:15:30.123456 2026] [core:error] [pid 12] [client 203.0.113.9:5] AH00126: x",
    b'{"Event": {"System": {"EventID": 1, "Channel": "Security", "Provider": {"#attributes": {"Name": "x"}}}}}',
    b'{"EventID": 1, "Channel": "Security", "EventTime": "2026-11-24 08:15:34", "tags": "x"}',
    b'{"__REALTIME_TIMESTAMP": "1795479330123456", "MESSAGE": [1, 2, 3], "PRIORITY": "9", "_PID": []}',
    b"<Event><System><EventID>1</EventID></System><EventData><Data>x</Data></EventData></Event>",
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A record of a known form with something torn out, doubled or put in."""
    seed = draw(st.sampled_from(SEEDS))
    start = draw(st.integers(0, len(seed)))
    end = draw(st.integers(start, len(seed)))
    middle = draw(st.one_of(st.binary(max_size=12), st.just(seed[start:end] * 2), st.sampled_from(SEEDS)))
    return seed[:start] + middle + seed[end:]


def holds(parser: str, raw: bytes) -> None:
    event = read(parser, raw)
    assert event.raw == raw
    assert 0 < event.time_us <= NOW_US + 86_400_000_000
    assert event.shape.parser in PARSERS
    view = event.fields()
    json.dumps(view)
    assert all(event.get(name) == value for name, value in view.items())
    if event.shape.dataset == DEAD_DATASET:
        assert view["error.code"]
    for name in ("source.ip", "destination.ip"):
        value = view.get(name)
        assert value is None or isinstance(value, list) or canonical(str(value)) == value
    for value in view.values():
        if isinstance(value, str):
            value.encode()


@pytest.mark.parametrize("parser", sorted(PARSERS))
@given(raw=st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_an_event(parser: str, raw: bytes) -> None:
    holds(parser, raw)


@pytest.mark.parametrize("parser", sorted(PARSERS))
@given(raw=mutated())
@settings(max_examples=120, deadline=None)
def test_torn_records_are_events(parser: str, raw: bytes) -> None:
    holds(parser, raw)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        *(
            "Event",
            "System",
            "EventData",
            "UserData",
            "EventID",
            "Channel",
            "winlog",
            "event_id",
            "win",
            "system",
            "data",
        ),
        *("@timestamp", "tags", "source", "ip", "source.ip", "remote_addr", "status", "request", "MESSAGE", "PRIORITY"),
        *("Provider", "#attributes", "Name", "log_name", "event_data", "channel", "param1", "UtcTime", "_PID", "~ecs"),
        "host",
    ]
)
DOCUMENTS = st.recursive(
    st.dictionaries(NAMES, VALUES, max_size=6),
    lambda inner: st.dictionaries(NAMES, st.one_of(inner, VALUES), max_size=6),
    max_leaves=12,
)


@pytest.mark.parametrize("parser", ["json", "evtx", "journald", "metrics", "access"])
@given(document=DOCUMENTS)
@settings(max_examples=150, deadline=None)
def test_any_document_is_an_event(parser: str, document: dict[str, object]) -> None:
    holds(parser, json.dumps(document).encode())


@given(user=st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_user_name_forges_an_address(user: str) -> None:
    for message in (
        "Failed password for invalid user {} from 203.0.113.9 port 5 ssh2",
        "Invalid user {} from 203.0.113.9 port 5",
        "Connection closed by invalid user {} 203.0.113.9 port 5 [preauth]",
        "error: maximum authentication attempts exceeded for invalid user {} from 203.0.113.9 port 5 ssh2 [preauth]",
    ):
        event = read("syslog", "Nov 24 08:15:30 h sshd[1]: " + message.format(user))
        assert event.get("source.ip") == "203.0.113.9"


FORGERIES = [
    "x from 1.2.3.4 port 22 ssh2",
    "x from 1.2.3.4",
    "1.2.3.4 port 1 [preauth]",
    " from ",
    "] [preauth]",
    "\\",
    ": RSA a:b",
]


@given(parts=st.lists(st.sampled_from(FORGERIES), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_no_forgery_made_of_the_formats_own_pieces_works(parts: list[str]) -> None:
    test_no_user_name_forges_an_address.hypothesis.inner_test(" ".join(parts))  # type: ignore[attr-defined]  # hypothesis adds it


@given(
    data=st.one_of(st.binary(max_size=300), st.lists(mutated(), max_size=4).map(b"\n".join)), name=st.text(max_size=8)
)
@settings(max_examples=200, deadline=None)
def test_any_file_is_read_to_its_end(data: bytes, name: str) -> None:
    assert sniff(data, name) in PARSERS
    for piece in records(io.BytesIO(data), name=name):
        if isinstance(piece, Record):
            assert piece.parser in PARSERS
            assert 0 <= piece.end <= 3 * len(data) + 3
            PARSERS[piece.parser](piece.raw, origin())


@given(lines=st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line and b"\r" not in line), max_size=8))
@settings(max_examples=200, deadline=None)
def test_lines_come_out_as_they_went_in(lines: list[bytes]) -> None:
    data = b"#" + b"\n#".join(lines) + b"\n"
    found = [piece for piece in records(io.BytesIO(data), "text") if isinstance(piece, Record)]
    assert [piece.raw for piece in found] == [b"#" + line for line in lines] or not lines
    assert found[-1].end == len(data)
