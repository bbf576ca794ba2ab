"""Requests and answers cross as one line of JSON, errors as the same errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.errors import BY_KIND, ShouwangError, UsageError
from shouwang.wire import failure, line, read_reply, read_request, request_id, success


@pytest.mark.parametrize("kind", BY_KIND)
def test_an_error_is_the_same_error_on_the_other_side(kind: str) -> None:
    error = BY_KIND[kind]("什么", hint="怎么办")
    with pytest.raises(type(error)) as crossed:
        read_reply(failure(1, error, "zh"))
    assert type(crossed.value) is type(error)
    assert str(crossed.value) == "什么 怎么办"


def test_an_error_of_a_newer_daemon_is_still_an_error() -> None:
    with pytest.raises(ShouwangError, match="m"):
        read_reply(b'{"id":1,"ok":false,"error":{"kind":"news","message":"m"}}')
    with pytest.raises(ShouwangError):
        read_reply(b'{"id":1}')


@given(st.text(alphabet=st.characters()))
def test_any_text_crosses_unharmed_on_one_line(text: str) -> None:
    data = success(None, {"t": text})
    assert data.count(b"\n") == 1
    assert read_reply(data) == {"t": text}


def test_lone_surrogates_cross_too() -> None:
    assert read_reply(success(1, "a\udc80b")) == "a\udc80b"


@pytest.mark.parametrize(
    "junk",
    [b"", b"[]", b"1", b"{", b'{"act": 1}', b'{"act":"x","args":[]}', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000],
)
def test_junk_is_a_usage_error(junk: bytes) -> None:
    with pytest.raises(UsageError):
        read_request(junk)
    request_id(junk)


def test_numbers_that_json_has_not_are_never_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        line({"x": float("nan")})
