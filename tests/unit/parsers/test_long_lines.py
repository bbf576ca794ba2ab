"""A line as long as a record may be, made to keep a backtracking pattern busy, costs no more than its length."""

from __future__ import annotations

import pytest

from collectors.reading import LONGEST_BYTES
from tests.effort import calls, ends
from tests.unit.parsers.reading import read

HEAD = "Nov 24 08:15:30 h "
CLF = '1.2.3.4 - - [24/Nov/2026:08:15:30 +0800] "'


@pytest.mark.parametrize(
    ("parser", "head", "piece"),
    [
        ("syslog", HEAD + "sshd[1]: Failed password for ", " from 1.2.3.4 port 5 ssh2: a a ID "),
        ("syslog", HEAD + "sshd[1]: Connection closed by invalid user ", " 1.2.3.4 port 5"),
        ("syslog", HEAD + "sudo: ops : TTY=", " ; PWD="),
        ("syslog", HEAD + "x: pam_unix(a:auth): authentication failure; logname= uid=0 euid=0 tty= ruser=", " rhost="),
        ("syslog", HEAD + "dropbear: Password auth succeeded for '", "'"),
        ("syslog", HEAD + "kernel: ", "IN= OUT= SRC=1.1.1.1 "),
        ("syslog", HEAD + "CRON[1]: (", ") CMD ("),
        ("syslog", "<1>1 2026-11-24T00:15:30Z h a - - [a@1", ' b="\\"'),
        ("syslog", "<1>Nov 24 2026 08:15:30 h %%01A/4/B: ", "a=,"),
        ("syslog", "", "a"),
        ("access", CLF, "\\x22"),
        ("access", "", "[24/Nov/2026:08:15:30 +0800] "),
        ("access", CLF + '" 200 5 "', " from"),
        ("httpd_error", "2026/11/24 08:15:30 [error] 1#1: ", ", client: 1.1.1.1"),
        ("auditd", "type=A msg=audit(1.123:4): ", "a"),
        ("auditd", "type=A msg=audit(1.123:4): ", "msg='"),
        ("json", "", '{"a":'),
        ("xml", "", "<Event>"),
    ],
)
def test_no_line_is_slow_beyond_its_length(parser: str, head: str, piece: str) -> None:
    line = (head + piece * (LONGEST_BYTES // len(piece)))[:LONGEST_BYTES]
    ends(lambda: read(parser, line))  # a pattern that goes back and back takes minutes, within one call
    whole = calls(lambda: read(parser, line))
    half = calls(lambda: read(parser, line[: LONGEST_BYTES // 2]))
    assert whole <= 2.2 * half + 500
