from __future__ import annotations

import pytest

from collectors.parsers.times import rfc3339
from tests.unit.parsers.reading import NOW_US, origin, read, serves, tags, us, view

HEAD = "Nov 24 08:15:30 gate-2 "


def test_the_head_gives_time_host_program_and_pid() -> None:
    event = read("syslog", HEAD + "app[77]: all is well")
    assert rfc3339(event.time_us) == "2026-11-24T00:15:30.000000Z"
    assert view(event, "host.name", "process.name", "process.pid", "message") == {
        "host.name": "gate-2",
        "process.name": "app",
        "process.pid": 77,
        "message": "all is well",
    }
    assert serves(event, "linux", None, None)
    assert serves(event, "linux", None, "syslog")
    assert not serves(event, "linux", None, "sshd")


@pytest.mark.parametrize(
    ("line", "name", "host"),
    [
        (HEAD + "sudo:  ops : x", "sudo", "gate-2"),
        (HEAD + "/usr/sbin/cron[9]: x", "cron", "gate-2"),
        (HEAD + "(systemd)[9]: x", "systemd", "gate-2"),
        (HEAD + "postfix/smtpd[9]: x", "postfix/smtpd", "gate-2"),
        ("Nov 24 08:15:30 sshd[9]: x", "sshd", None),
        (HEAD + "last message repeated 2 times", None, "gate-2"),
        ("2026-11-24T08:15:30.5+08:00 gate-2 app: x", "app", "gate-2"),
        ("Nov  4 08:15:30 2001:db8::1 app: x", "app", "2001:db8::1"),
    ],
)
def test_tags_of_every_form_are_the_program(line: str, name: str | None, host: str | None) -> None:
    event = read("syslog", line)
    assert view(event, "process.name").get("process.name") == name
    assert view(event, "host.name").get("host.name") == host
    assert tags(event) == []


def test_a_record_without_host_is_its_senders() -> None:
    where = origin(context={"log.source.address": "198.51.100.9"})
    assert read("syslog", "Nov 24 08:15:30 sshd[9]: x", where).get("host.name") == "198.51.100.9"
    assert read("syslog", "<13>just text", where).get("host.name") == "198.51.100.9"


def test_the_priority_says_facility_and_level() -> None:
    event = read("syslog", "<165>" + HEAD + "app: x")
    assert view(event, "log.syslog.facility.name", "log.syslog.severity.name", "log.level") == {
        "log.syslog.facility.name": "local4",
        "log.syslog.severity.name": "notice",
        "log.level": "notice",
    }


@pytest.mark.parametrize("line", ["hello", "<13>hello", "<999>" + HEAD + "a: b", ""])
def test_a_line_without_head_is_kept_and_flagged(line: str) -> None:
    event = read("syslog", line)
    assert event.shape.dataset == "linux.syslog"
    assert event.time_us == NOW_US
    assert "malformed" in tags(event)


def test_a_date_that_does_not_exist_takes_the_receipt_time_but_the_rest_is_read() -> None:
    event = read("syslog", "Nov 31 08:15:30 gate-2 app[3]: x")
    assert event.time_us == NOW_US
    assert event.get("process.pid") == 3
    assert tags(event) == ["time_unusable"]


def test_huawei_and_h3c_keep_year_module_level_and_mnemonic_apart() -> None:
    lines = [
        "<187>Feb  5 2026 06:07:08 SW-B1 %%01SSH/4/SSH_FAIL(s)[3]:Failed to login. (IP=192.0.2.7, UserName=ops)",
        "<190>Feb  5 06:07:08 2026 AC-1 %%10SHELL/5/SHELL_LOGIN(l): -DevIP=198.51.100.1; ops logged in from 192.0.2.7.",
        "2026-02-05 06:07:08.250.1 RT-1 %%01IFNET/2/LINK_DOWN(l)[9]:Interface GE0/0/1 went down.",
        "%Feb  5 06:07:08:250 2026 AC-2 SHELL/6/SHELL_CMD: -User=ops; Command is display version",
        "Feb  5 2026 06:07:08+08:00 SW-B3 %%01SHELL/5/LOGIN(s)[1]:x",
    ]
    events = [read("syslog", line) for line in lines]
    assert [event.get("host.name") for event in events] == ["SW-B1", "AC-1", "RT-1", "AC-2", "SW-B3"]
    assert [event.get("event.code") for event in events] == [
        "SSH/4/SSH_FAIL",
        "SHELL/5/SHELL_LOGIN",
        "IFNET/2/LINK_DOWN",
        "SHELL/6/SHELL_CMD",
        "SHELL/5/LOGIN",
    ]
    assert [event.get("log.level") for event in events] == [
        "warning",
        "notice",
        "critical",
        "informational",
        "notice",
    ]
    assert {event.time_us for event in events} == {us("2026-02-04T22:07:08Z"), us("2026-02-04T22:07:08.25Z")}
    assert [event.shape.dataset for event in events] == [
        "network.huawei",
        "network.h3c",
        "network.huawei",
        "network.h3c",
        "network.huawei",
    ]
    assert view(events[0], "source.ip", "user.name", "event.outcome") == {
        "source.ip": "192.0.2.7",
        "user.name": "ops",
        "event.outcome": "failure",
    }
    assert events[1].get("source.ip") == "192.0.2.7"


SD = "log.syslog.structured_data."


@pytest.mark.parametrize(
    ("rest", "expected", "flags"),
    [
        (
            r'[a@1 who="x\\y \"z\"" path="a[0\]" note="x\n"] ' + "\ufeff[m] 好",
            {SD + "a@1.who": 'x\\y "z"', SD + "a@1.path": "a[0]", SD + "a@1.note": "x\\n", "message": "[m] 好"},
            [],
        ),
        ("-", {}, []),
        ("- text", {"message": "text"}, []),
        ("text", {"message": "text"}, ["malformed"]),
        ("[m] text", {"message": "[m] text"}, ["malformed"]),
        ('[a@1 b="1" b="2"] [x', {SD + "a@1.b": ["1", "2"], "message": "[x"}, []),
        ('[a@1][c@2 k=""] t', {SD + "c@2.k": "", "message": "t"}, []),
        ('[a@1 b="1" t', {"message": '[a@1 b="1" t'}, ["malformed"]),
    ],
)
def test_structured_data_is_read_to_the_letter(rest: str, expected: dict[str, object], flags: list[str]) -> None:
    event = read("syslog", "<14>1 2026-11-24T00:15:30.5-00:00 h app 7 ID " + rest)
    held = {name: value for name, value in event.fields().items() if name == "message" or name.startswith(SD)}
    assert held == expected
    assert tags(event) == flags
    assert rfc3339(event.time_us) == "2026-11-24T00:15:30.500000Z"
    assert view(event, "host.name", "process.name", "process.pid", "log.syslog.msgid") == {
        "host.name": "h",
        "process.name": "app",
        "process.pid": 7,
        "log.syslog.msgid": "ID",
    }


def test_bytes_that_are_no_text_are_shown_and_gb18030_is_read_when_declared() -> None:
    assert read("syslog", HEAD.encode() + b"app: a\xff\xfeb").get("message") == "a\\xff\\xfeb"
    event = read("syslog", HEAD.encode() + "app: 登录失败".encode("gb18030"), origin(encoding="gb18030"))
    assert event.get("message") == "登录失败"
    assert event.context["log.encoding"] == "gb18030"


def test_a_user_name_that_looks_like_an_address_field_makes_no_address() -> None:
    event = read(
        "syslog", "<187>Feb  5 2026 06:07:08 SW %%01SSH/4/SSH_FAIL(s)[3]:Failed. (UserName=a, Ip=1.2.3.4, IP=192.0.2.7)"
    )
    assert "source.ip" not in event.fields()
    assert tags(event) == ["ambiguous"]
    named = read(
        "syslog",
        "<187>Feb  5 06:07:08 2026 AC %%10SSHS/6/L: Authentication failed for user a from 1.2.3.4 from 192.0.2.7.",
    )
    assert named.get("source.ip") == "192.0.2.7"
