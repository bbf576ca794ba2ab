from __future__ import annotations

import json

import pytest

from collectors.parsers.escapes import unescape
from collectors.parsers.times import rfc3339
from shouwang.model import ABSENT
from tests.unit.parsers.reading import origin, read, serves, tags, us

TIME = "[24/Nov/2026:08:15:30 +0800]"


def access(line: str) -> dict[str, object]:
    event = read("access", line)
    assert event.shape.dataset == "web.access"
    assert serves(event, None, "webserver", None)
    assert tags(event) == []
    assert event.time_us == us("2026-11-24T00:15:30Z")
    return dict(event.fields())


def test_a_combined_line_gives_every_part_as_sent() -> None:
    fields = access(f'2001:DB8::7 - ops {TIME} "GET /a/b?q=%27%20or%201=1 HTTP/1.1" 200 12 "https://x/" "curl/8"')
    assert fields == {
        "event.category": "web",
        "event.outcome": "success",
        "source.ip": "2001:db8::7",
        "user.name": "ops",
        "http.request.method": "GET",
        "http.version": "1.1",
        "url.original": "/a/b?q=%27%20or%201=1",
        "url.path": "/a/b",
        "url.query": "q=%27%20or%201=1",
        "http.response.status_code": 200,
        "http.response.body.bytes": 12,
        "http.request.referrer": "https://x/",
        "user_agent.original": "curl/8",
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f'203.0.113.9 - - {TIME} "GET / HTTP/1.1" 200 5', {"http.response.body.bytes": 5}),
        (f'203.0.113.9 - - {TIME} "" 400 0 "-" "-"', {"http.response.status_code": 400, "url.original": None}),
        (f'203.0.113.9 - - {TIME} "-" 408 - "-" "-"', {"http.response.body.bytes": None, "http.request.method": None}),
        (
            f'203.0.113.9 - - {TIME} "\\x16\\x03\\x01" 400 150 "-" "-"',
            {"http.request.line": "\\x16\\x03\\x01", "http.request.method": None},
        ),
        (
            f'203.0.113.9 - li ming {TIME} "GET /x y HTTP/1.0" 404 9 "" "curl/8"',
            {
                "user.name": "li ming",
                "url.original": "/x y",
                "http.request.referrer": "",
                "user_agent.original": "curl/8",
            },
        ),
        (
            f'portal.example:443 2001:db8::7 - - {TIME} "GET / HTTP/2.0" 200 - "-" "a \\"q\\" [b]"',
            {
                "url.domain": "portal.example",
                "url.port": 443,
                "source.ip": "2001:db8::7",
                "user_agent.original": 'a "q" [b]',
                "http.version": "2.0",
            },
        ),
        (
            f'203.0.113.9 - - {TIME} "GET /i?x=\\"] \\"GET / HTTP/1.1\\" 200 HTTP/1.1" 403 199 "-" "sqlmap"',
            {
                "http.response.status_code": 403,
                "user_agent.original": "sqlmap",
                "url.query": 'x="] "GET / HTTP/1.1" 200',
            },
        ),
        (
            f'203.0.113.9 - x [1/Jan/1999] {TIME} "GET / HTTP/1.1" 200 5',
            {"user.name": "x [1/Jan/1999]", "http.response.status_code": 200},
        ),
        (
            f'203.0.113.9 - - {TIME} "GET http://h.example:81/p?q HTTP/1.1" 200 5 "-" "-" "10.0.0.1" 0.003',
            {"url.domain": "h.example", "url.port": 81, "url.path": "/p", "http.extra": '"10.0.0.1" 0.003'},
        ),
        (f'client.example - - {TIME} "GET / HTTP/1.1" 200 5', {"source.address": "client.example", "source.ip": None}),
        (
            f'203.0.113.9 - - {TIME} "GET / HTTP/1.1" 200 5 "-" "\\x22b\\x22 \\x5C \\xE7\\x99\\xBB"',
            {"user_agent.original": '"b" \\ 登'},
        ),
    ],
)
def test_odd_requests_are_read_too(line: str, expected: dict[str, object]) -> None:
    fields = access(line)
    assert {name: fields.get(name) for name in expected} == expected


def test_nginx_json_lines_give_the_same_names() -> None:
    line = json.dumps(
        {
            "time_iso8601": "2026-11-24T08:15:30+08:00",
            "remote_addr": "::ffff:203.0.113.9",
            "remote_user": "",
            "request": "GET /a?b=1 HTTP/1.1",
            "status": 404,
            "body_bytes_sent": "9",
            "http_user_agent": "curl/8",
            "http_host": "portal.example",
        }
    )
    for parser in ("access", "json"):
        event = read(parser, line)
        assert serves(event, None, "webserver", None)
        assert event.time_us == us("2026-11-24T00:15:30Z")
        fields = event.fields()
        assert fields["source.ip"] == "203.0.113.9"
        assert fields["url.query"] == "b=1"
        assert fields["http.response.status_code"] == 404
        assert fields["url.domain"] == "portal.example"
        assert "user.name" not in fields


def test_the_server_is_known_by_where_its_log_lies() -> None:
    line = f'203.0.113.9 - - {TIME} "GET / HTTP/1.1" 200 5'
    nginx = read("access", line, origin(context={"log.file.path": "/var/log/nginx/access.log"}))
    assert serves(nginx, "nginx", None, "nginx")
    apache = read("access", line, origin(source="file:/var/log/apache2/access.log"))
    assert serves(apache, "apache", "webserver", None)
    assert not serves(read("access", line), "nginx", None, None)


def test_a_line_of_another_form_is_kept_and_flagged() -> None:
    event = read("access", "nothing of the kind")
    assert event.get("message") == "nothing of the kind"
    assert tags(event) == ["malformed", "time_unusable"]
    assert event.get("source.ip") is ABSENT


def test_escapes_are_undone_once_and_bad_bytes_stay_visible() -> None:
    assert unescape(r"\x5Cx41 \xff \u767b \n\\") == "\\x41 \\xff 登 \n\\"


def test_apache_errors_give_client_module_and_code() -> None:
    event = read(
        "httpd_error",
        "[Tue Nov 24 08:15:30.123456 2026] [core:error] [pid 12:tid 34] [client 203.0.113.9:5] AH00126: Invalid URI",
    )
    fields = event.fields()
    assert rfc3339(event.time_us) == "2026-11-24T00:15:30.123456Z"
    assert (fields["source.ip"], fields["source.port"], fields["event.code"]) == ("203.0.113.9", 5, "AH00126")
    assert (fields["log.level"], fields["event.provider"], fields["process.pid"]) == ("error", "core", 12)
    assert serves(event, "apache", None, "apache")
    old = read("httpd_error", "[Tue Nov 24 08:15:30 2026] [error] [client 2001:db8::7] File does not exist: /x")
    assert old.get("source.ip") == "2001:db8::7"


def test_nginx_errors_give_the_client_only_when_one_stands_there() -> None:
    head = "2026/11/24 08:15:30 [error] 12#12: *7 "
    event = read(
        "httpd_error", head + 'open() "/x" failed, client: 203.0.113.9, server: a.example, request: "GET /x HTTP/1.1"'
    )
    fields = event.fields()
    assert (fields["source.ip"], fields["url.domain"], fields["url.path"]) == ("203.0.113.9", "a.example", "/x")
    assert serves(event, "nginx", None, "nginx")
    hostile = read(
        "httpd_error",
        head
        + 'open() "/y, client: 1.2.3.4, server: x" failed, client: 203.0.113.9, server: a, request: "GET /y HTTP/1.1"',
    )
    assert hostile.get("source.ip") is ABSENT
    assert tags(hostile) == ["ambiguous"]
