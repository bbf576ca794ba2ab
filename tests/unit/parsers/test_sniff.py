from __future__ import annotations

import pytest

from collectors.registry import PARSERS
from collectors.sniff import sniff


@pytest.mark.parametrize(
    ("head", "name", "parser"),
    [
        (b"ElfFile\0\0\0", "x", "evtx"),
        (b'{"EventID": 1}\n', "x", "json"),
        (b'  [\n {"a": 1}]', "x", "json"),
        (b'{"__REALTIME_TIMESTAMP": "1", "MESSAGE": "x"}\n', "x", "journald"),
        (b"<Events><Event>", "x", "xml"),
        (b"<13>Nov 24 08:15:30 h a: b\n", "x", "syslog"),
        (b"Nov 24 08:15:30 h a: b\n continued\n", "x", "syslog"),
        (b"2026-11-24T08:15:30.1+08:00 h a[1]: b\n", "x", "syslog"),
        (b"%Nov 24 08:15:32:809 2026 H3C SHELL/5/SHELL_LOGIN: x\n", "x", "syslog"),
        (b"type=SYSCALL msg=audit(1.1:2): a=1\n", "x", "auditd"),
        (b'1.2.3.4 - - [24/Nov/2026:08:15:30 +0800] "GET / HTTP/1.1" 200 5\n', "x", "access"),
        (b'h:80 1.2.3.4 - - [24/Nov/2026:08:15:30 +0800] "" 400 5\n', "x", "access"),
        (b"[Sun Dec 04 04:47:44 2005] [notice] x\n", "x", "httpd_error"),
        (b"2026/11/24 08:15:30 [error] 1#1: x\n", "x", "httpd_error"),
        (b"whatever\nit is\n", "x", "text"),
        (b"whatever\nit is\n", "auth.log.1", "syslog"),
        (b"", "events.jsonl", "json"),
        (b"", "x", "text"),
        (b"[13:05] nothing like an array\n", "x", "text"),
        (b"\x00\x01\x02\xff", "x", "text"),
    ],
)
def test_the_first_bytes_tell_the_parser(head: bytes, name: str, parser: str) -> None:
    assert sniff(head, name) == parser
    assert parser in PARSERS
