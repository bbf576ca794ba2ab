"""Windows events as JSON in a syslog line."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from collectors.origin import Origin
from collectors.registry import PARSERS
from shouwang.model import Event

ORIGIN = Origin("syslog:udp", 1_795_500_000_000_000, 1_795_500_000_000_000, ZoneInfo("Asia/Shanghai"), live=True)
FLAT = '{"EventTime": "2026-11-24 08:15:30", "Hostname": "ws-07", "Channel": "Security", "EventID": 4688}'


def read(line: str) -> Event:
    return PARSERS["syslog"](line.encode(), ORIGIN)


@pytest.mark.parametrize(
    "head",
    [
        "<14>Nov 24 08:15:30 relay Microsoft-Windows[4711]: ",
        "<14>Nov 24 08:15:30 relay nxlog: ",
        "<14>Nov 24 08:15:30 relay ",
        "<14>1 2026-11-24T00:15:30Z relay nxlog 4711 - - ",
        '<14>1 2026-11-24T00:15:30Z relay nxlog 4711 - [a@1 b="c"] ',
    ],
)
def test_the_object_is_the_event_and_the_head_says_who_reports_it(head: str) -> None:
    line = head + FLAT
    event = read(line)
    assert (event.shape.dataset, event.shape.code, event.raw) == ("windows.security", "4688", line.encode())
    assert (event.get("host.name"), event.get("observer.name")) == ("ws-07", "relay")


@pytest.mark.parametrize(
    "line",
    [
        f"<86>Nov 24 08:15:30 web-1 sudo: ops : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/echo {FLAT}",
        f"<38>Nov 24 08:15:30 web-1 sshd[1]: Invalid user {FLAT}",
        '<14>Nov 24 08:15:30 web-1 app: {"level": "info"}',
        '<14>Nov 24 08:15:30 web-1 app: {"EventID": 4688, "Channel": }',
    ],
)
def test_an_object_that_is_not_the_whole_message_or_no_windows_event_changes_nothing(line: str) -> None:
    event = read(line)
    assert event.shape.dialect == "text"
    assert event.get("host.name") == "web-1"
