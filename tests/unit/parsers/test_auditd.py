from __future__ import annotations

from shouwang.model import ABSENT
from tests.unit.parsers.reading import read, serves, tags, us, view


def test_a_started_program_gives_its_command_line() -> None:
    event = read("auditd", 'type=EXECVE msg=audit(1795479330.123:456): argc=3 a0="/bin/sh" a1="-c" a2=6964203B206C73')
    assert event.time_us == us("2026-11-24T00:15:30.123Z")
    assert view(event, "auditd.log.type", "auditd.sequence", "process.command_line", "process.executable") == {
        "auditd.log.type": "EXECVE",
        "auditd.sequence": 456,
        "process.command_line": "/bin/sh -c id ; ls",
        "process.executable": "/bin/sh",
    }
    assert serves(event, "linux", None, "auditd")
    assert serves(event, "linux", "process_creation", None)


def test_a_failed_login_gives_name_address_and_outcome() -> None:
    event = read(
        "auditd",
        "node=gw-1 type=USER_LOGIN msg=audit(1795479330.123:457): pid=12 uid=0 auid=4294967295 msg='op=login "
        'acct="eve" exe="/usr/sbin/sshd" addr=203.0.113.9 terminal=ssh res=failed\'\x1dUID="root" AUID="unset"',
    )
    assert view(event, "host.name", "user.name", "source.ip", "event.action", "event.outcome", "process.pid") == {
        "host.name": "gw-1",
        "user.name": "eve",
        "source.ip": "203.0.113.9",
        "event.action": "login_failed",
        "event.outcome": "failure",
        "process.pid": 12,
    }


def test_a_system_calls_numbers_are_no_text() -> None:
    event = read("auditd", 'type=SYSCALL msg=audit(1.000:1): success=yes a0=5541 ppid=10 pid=11 comm="id" key=(null)')
    assert event.get("auditd.log.a0") == "5541"
    assert event.get("process.parent.pid") == 10
    assert event.get("process.name") == "id"
    assert not serves(event, "linux", "process_creation", None)
    assert event.get("source.ip") is ABSENT


def test_another_line_is_kept_and_flagged() -> None:
    assert "malformed" in tags(read("auditd", "type=X nothing"))
