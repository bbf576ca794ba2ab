from __future__ import annotations

import pytest

from shouwang.model import ABSENT
from tests.unit.parsers.reading import read, serves, tags, view

NAMES = (
    "event.action",
    "event.outcome",
    "user.name",
    "user.effective.name",
    "user.target.name",
    "group.name",
    "source.ip",
)


@pytest.mark.parametrize(
    ("line", "dataset", "expected"),
    [
        (
            "sudo:      ops : TTY=pts/3 ; PWD=/srv ; USER=root ; COMMAND=/usr/bin/id -u",
            "linux.sudo",
            ("sudo_command", "success", "ops", "root", None, None, None),
        ),
        (
            "sudo:  ops : 3 incorrect password attempts ; TTY=pts/3 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
            "linux.sudo",
            ("sudo_denied", "failure", "ops", "root", None, None, None),
        ),
        (
            "su[8]: FAILED SU (to root) ops on pts/3",
            "linux.auth",
            ("su_failed", "failure", "ops", "root", None, None, None),
        ),
        ("su[8]: (to root) ops on pts/3", "linux.auth", ("su", "success", "ops", "root", None, None, None)),
        ("su: Successful su for root by ops", "linux.auth", ("su", "success", "ops", "root", None, None, None)),
        ("su: - pts/1 ops:root", "linux.auth", ("su_failed", "failure", "ops", "root", None, None, None)),
        (
            "useradd[3]: new user: name=eve, UID=1001, GID=1001, home=/home/eve, shell=/bin/bash, from=/dev/pts/0",
            "linux.auth",
            ("user_created", "success", None, None, "eve", None, None),
        ),
        (
            "usermod[3]: add 'eve' to shadow group 'sudo'",
            "linux.auth",
            ("group_member_added", "success", None, None, "eve", "sudo", None),
        ),
        (
            "gpasswd[3]: user eve added by root to group sudo",
            "linux.auth",
            ("group_member_added", "success", "root", None, "eve", "sudo", None),
        ),
        (
            "groupadd[3]: new group: name=iot, GID=1002",
            "linux.auth",
            ("group_created", "success", None, None, None, "iot", None),
        ),
        ("userdel[3]: delete user 'eve'", "linux.auth", ("user_deleted", "success", None, None, "eve", None, None)),
        (
            "chage[3]: changed password expiry for eve",
            "linux.auth",
            ("user_changed", "success", None, None, "eve", None, None),
        ),
        (
            "passwd[3]: pam_unix(passwd:chauthtok): password changed for eve",
            "linux.auth",
            ("user_password_changed", "success", "eve", None, "eve", None, None),
        ),
        (
            "CRON[9]: (root) CMD (/usr/local/bin/rotate)",
            "linux.cron",
            ("cron_command", None, "root", None, None, None, None),
        ),
        ("crontab[9]: (ops) REPLACE (ops)", "linux.cron", ("cron_changed", None, "ops", None, "ops", None, None)),
        (
            "cron[9]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
            "linux.cron",
            ("session_opened", "success", "root", None, None, None, None),
        ),
        (
            "vsftpd: pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser=eve "
            "rhost=1.2.3.4 rhost=203.0.113.9",
            "linux.auth",
            ("auth_failed", "failure", "eve rhost=1.2.3.4", None, None, None, "203.0.113.9"),
        ),
        (
            "login[3]: FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure",
            "linux.auth",
            ("login_failed", "failure", "root", None, None, None, None),
        ),
        (
            "systemd-logind[3]: New session 5 of user ops.",
            "linux.auth",
            ("session_opened", None, "ops", None, None, None, None),
        ),
    ],
)
def test_programs_say_who_did_what_to_whom(line: str, dataset: str, expected: tuple[str | None, ...]) -> None:
    event = read("syslog", "Nov 24 08:15:30 gate-2 " + line)
    assert event.shape.dataset == dataset
    found = view(event, *NAMES)
    assert tuple(found.get(name) for name in NAMES) == expected


def test_services_follow_the_program() -> None:
    head = "Nov 24 08:15:30 gate-2 "
    assert serves(read("syslog", head + "sudo: x"), "linux", None, "sudo")
    assert serves(read("syslog", head + "CRON[1]: x"), "linux", None, "cron")
    assert not serves(read("syslog", head + "CRON[1]: x"), "linux", None, "auth")
    assert serves(read("syslog", "<86>" + head + "unknown: x"), "linux", None, "auth")
    assert serves(read("syslog", head + "clamd[1]: x"), "linux", None, "clamav")


def test_the_rest_of_a_sudo_command_is_the_users_text() -> None:
    event = read(
        "syslog",
        "Nov 24 08:15:30 g sudo: ops : TTY=a ; PWD=/ ; USER=root ; COMMAND=/bin/sh -c x ; USER=bob ; COMMAND=y",
    )
    assert event.get("user.effective.name") == "root"
    assert event.get("process.command_line") == "/bin/sh -c x ; USER=bob ; COMMAND=y"
    assert tags(event) == ["ambiguous"]


HEAD = "Nov 24 08:15:30 fw-2 kernel: "


def test_a_blocked_packet_gives_both_ends_flags_and_rule() -> None:
    event = read(
        "syslog",
        HEAD + "[  12.345678] [UFW BLOCK] IN=eth0 OUT= MAC=02:42:ac:11:00:02:02:42:ac:11:00:01:08:00 SRC=203.0.113.9 "
        "DST=198.51.100.2 LEN=60 TTL=52 ID=1 DF PROTO=TCP SPT=5 DPT=23 WINDOW=8192 RES=0x00 SYN URGP=0",
    )
    assert event.shape.dataset == "linux.firewall"
    assert serves(event, None, "firewall", None)
    assert view(
        event,
        *("event.action", "rule.name", "source.ip", "source.port", "destination.ip", "destination.port"),
        *("network.transport", "source.mac", "destination.mac", "observer.ingress.interface.name", "netfilter.flags"),
    ) == {
        "event.action": "block",
        "rule.name": "UFW BLOCK",
        "source.ip": "203.0.113.9",
        "source.port": 5,
        "destination.ip": "198.51.100.2",
        "destination.port": 23,
        "network.transport": "tcp",
        "source.mac": "02:42:ac:11:00:01",
        "destination.mac": "02:42:ac:11:00:02",
        "observer.ingress.interface.name": "eth0",
        "netfilter.flags": ["DF", "SYN"],
    }
    assert event.get("observer.egress.interface.name") is ABSENT


def test_the_quoted_packet_and_a_prefix_that_looks_like_a_field_change_nothing() -> None:
    icmp = read(
        "syslog",
        HEAD + "IN=eth0 OUT= MAC= SRC=192.0.2.1 DST=198.51.100.2 LEN=56 PROTO=ICMP TYPE=3 CODE=1 [SRC=198.51.100.2 "
        "DST=203.0.113.9 LEN=60 PROTO=TCP SPT=4 DPT=443 ]",
    )
    assert view(
        icmp, "source.ip", "destination.ip", "destination.port", "network.transport", "netfilter.icmp.type"
    ) == {
        "source.ip": "192.0.2.1",
        "destination.ip": "198.51.100.2",
        "network.transport": "icmp",
        "netfilter.icmp.type": 3,
    }
    prefix = read(
        "syslog",
        HEAD + "SRC=8.8.8.8 IN=eth0 OUT= SRC=203.0.113.9 DST=198.51.100.2 LEN=72 PROTO=UDP SPT=53 DPT=9 LEN=32",
    )
    assert prefix.get("source.ip") == "203.0.113.9"
    assert view(prefix, "netfilter.length_bytes", "netfilter.udp.length_bytes") == {
        "netfilter.length_bytes": 72,
        "netfilter.udp.length_bytes": 32,
    }


def test_other_kernel_lines_are_plain_syslog() -> None:
    assert read("syslog", HEAD + "[1.0] usb 1-1: new device").shape.dataset == "linux.syslog"


@pytest.mark.parametrize(
    ("line", "action", "repeated"),
    [
        (
            "sshd[1]: message repeated 5 times: [ Failed password for a from 203.0.113.9 port 5 ssh2]",
            "ssh_login_failed",
            5,
        ),
        ("su[1]: message repeated 2 times: [ pam_unix(su:auth): authentication failure; user=a]", "auth_failed", 2),
        ("app[1]: message repeated 3 times: [ all is well]", None, 3),
        ("sshd[1]: message repeated 2 times: [ message repeated 9 times: [ Failed none for a]]", None, 2),
    ],
)
def test_what_syslog_folded_is_read_as_what_it_was_and_how_often(line: str, action: str | None, repeated: int) -> None:
    event = read("syslog", "Nov 24 08:15:30 gate-2 " + line)
    assert event.get("event.repeated") == repeated
    assert view(event, "event.action").get("event.action") == action
    assert str(event.get("message")).startswith("message repeated")
