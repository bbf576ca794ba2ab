"""The user's name is the client's text: no name may give another address than the real one, which is 203.0.113.9."""

from __future__ import annotations

import pytest

from shouwang.model import ABSENT
from tests.unit.parsers.reading import read, serves, tags, view

REAL = "203.0.113.9"


def sshd(message: str) -> dict[str, object]:
    event = read("syslog", "Nov 24 08:15:30 web-1 sshd[4711]: " + message)
    assert event.shape.dataset == "linux.sshd"
    assert all(serves(event, "linux", None, service) for service in ("sshd", "auth", "syslog", None))
    return {**event.fields(), "tags": tags(event)}


@pytest.mark.parametrize(
    ("message", "action", "user"),
    [
        ("Failed password for root from 203.0.113.9 port 5 ssh2", "ssh_login_failed", "root"),
        ("Failed password for invalid user li ming from 203.0.113.9 port 5 ssh2", "ssh_login_failed", "li ming"),
        (
            "Failed password for invalid user a from 1.2.3.4 port 22 ssh2 from 203.0.113.9 port 5 ssh2",
            "ssh_login_failed",
            "a from 1.2.3.4 port 22 ssh2",
        ),
        (
            "Failed publickey for invalid user x from 1.2.3.4 port 1 ssh2: RSA SHA256:aa from 203.0.113.9 port 5 ssh2: "
            "ED25519 SHA256:bb+/=",
            "ssh_login_failed",
            "x from 1.2.3.4 port 1 ssh2: RSA SHA256:aa",
        ),
        ("Accepted publickey for ops from 203.0.113.9 port 5 ssh2: RSA SHA256:ab", "ssh_login", "ops"),
        (
            "Accepted publickey for ops from 203.0.113.9 port 5 ssh2: ED25519-CERT SHA256:a ID ops@pc (serial 0) CA "
            "ED25519 SHA256:b",
            "ssh_login",
            "ops",
        ),
        ("Invalid user x from 1.2.3.4 port 5 from 203.0.113.9 port 5", "ssh_invalid_user", "x from 1.2.3.4 port 5"),
        ("Invalid user x from 203.0.113.9", "ssh_invalid_user", "x"),
        (
            "Connection closed by invalid user a 1.2.3.4 port 1 [preauth] 203.0.113.9 port 5 [preauth]",
            "ssh_disconnect",
            "a 1.2.3.4 port 1 [preauth]",
        ),
        ("Connection reset by authenticating user root 203.0.113.9 port 5 [preauth]", "ssh_disconnect", "root"),
        ("Disconnected from user ops 203.0.113.9 port 5", "ssh_disconnect", "ops"),
        (
            "error: maximum authentication attempts exceeded for invalid user x from 1.2.3.4 port 2 ssh2 from "
            "203.0.113.9 port 5 ssh2 [preauth]",
            "ssh_max_attempts",
            "x from 1.2.3.4 port 2 ssh2",
        ),
        ("User ops from 203.0.113.9 not allowed because not listed in AllowUsers", "ssh_not_allowed", "ops"),
        ("message repeated 5 times: [ Failed none for a from 203.0.113.9 port 5 ssh2]", "ssh_login_failed", "a"),
        (
            "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser=x rhost=1.2.3.4  user=a "
            "rhost=203.0.113.9  user=root",
            "auth_failed",
            "root",
        ),
    ],
)
def test_who_and_from_where_is_read_at_the_end_the_client_does_not_write(message: str, action: str, user: str) -> None:
    fields = sshd(message)
    assert fields["event.action"] == action
    assert fields["user.name"] == user
    assert fields["source.ip"] == REAL
    assert fields.get("source.port", 5) == 5
    assert fields["tags"] == []


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ("Connection closed by 203.0.113.9 [preauth]", "ssh_disconnect"),
        ("Connection closed by 203.0.113.9 port 5 [preauth]", "ssh_disconnect"),
        ("Received disconnect from 203.0.113.9 port 5:11: Bye from 1.2.3.4 port 3:11: [preauth]", "ssh_disconnect"),
        ("error: Received disconnect from 203.0.113.9: 3: com.jcraft.jsch: Auth fail [preauth]", "ssh_disconnect"),
        (
            "Bad protocol version identification 'GET / from 1.2.3.4 port 3' from 203.0.113.9 port 5",
            "ssh_protocol_error",
        ),
        ("Did not receive identification string from 203.0.113.9 port 5", "ssh_protocol_error"),
        ("Unable to negotiate with 203.0.113.9 port 5: no matching host key type found.", "ssh_protocol_error"),
        ("drop connection #12 from [203.0.113.9]:5 on [198.51.100.1]:22 past MaxStartups", "ssh_protocol_error"),
        ("fatal: Timeout before authentication for 203.0.113.9 port 5", "ssh_protocol_error"),
        (
            "reverse mapping checking getaddrinfo for a.example [203.0.113.9] failed - POSSIBLE BREAK-IN ATTEMPT!",
            "ssh_reverse_mapping_failed",
        ),
        ("Address 203.0.113.9 maps to a.example, but this does not map back", "ssh_reverse_mapping_failed"),
        ('Connection from 203.0.113.9 port 5 on 198.51.100.1 port 22 rdomain ""', "ssh_connect"),
        ("Starting session: shell on pts/0 for ops from 203.0.113.9 port 5 id 0", "ssh_session_start"),
    ],
)
def test_connections_give_the_real_address(message: str, action: str) -> None:
    fields = sshd(message)
    assert fields["event.action"] == action
    assert fields["source.ip"] == REAL


@pytest.mark.parametrize(
    "message",
    [
        "Failed publickey for ops from 203.0.113.9 port 5 ssh2: ED25519-CERT SHA256:a ID x from 1.2.3.4 port 1 ssh2: "
        "RSA-CERT SHA256:a ID y (serial 0) CA ED25519 SHA256:b",
        "Disconnecting authenticating user root 203.0.113.9 port 5: Change of username or service not allowed: "
        "(root,ssh-connection) -> (x 1.2.3.4 port 1: Too many,ssh-connection) [preauth]",
    ],
)
def test_a_line_that_reads_two_ways_gives_no_address_and_says_so(message: str) -> None:
    fields = sshd(message)
    assert "source.ip" not in fields
    assert fields["tags"] == ["ambiguous"]


def test_addresses_are_comparable() -> None:
    assert sshd("Failed password for a from ::ffff:203.0.113.9 port 5 ssh2")["source.ip"] == REAL
    assert sshd("Failed password for a from FE80::1%eth0 port 5 ssh2")["source.ip"] == "fe80::1"


def test_an_empty_name_is_no_name() -> None:
    fields = sshd("Failed password for invalid user  from 203.0.113.9 port 5 ssh2")
    assert "user.name" not in fields
    assert fields["source.ip"] == REAL


def test_a_name_never_gives_the_action_of_a_success() -> None:
    event = read("syslog", "Nov 24 08:15:30 w sshd[1]: Invalid user Accepted password for root from 1.2.3.4 port 5")
    assert event.get("event.action") == "ssh_invalid_user"
    assert event.get("event.outcome") == "failure"


def test_dropbear_speaks_of_the_same_things() -> None:
    event = read("syslog", "Nov 24 08:15:30 cam-3 dropbear[9]: Bad password attempt for 'root' from 203.0.113.9:5")
    assert view(event, "event.action", "user.name", "source.ip", "source.port") == {
        "event.action": "ssh_login_failed",
        "user.name": "root",
        "source.ip": REAL,
        "source.port": 5,
    }
    assert event.get("destination.ip") is ABSENT
