"""login, systemd-logind and dropbear: small things that let people in."""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.addresses import put_peer, put_port
from collectors.parsers.flags import Doc

_LOGIN_FAILED: Final = re.compile(
    r"FAILED LOGIN (?:SESSION )?(?:\(\d+\) )?(?:on '?(\S+?)'? )?(?:FROM (\S+) )?FOR '?([^',]*)'?"
)
_LOGIN: Final = re.compile(r"(?:ROOT )?LOGIN ON '?(\S+?)'?(?: BY '?([^'\s]+)'?)?(?: FROM '?([^'\s]+)'?)?\Z")
_SESSION: Final = re.compile(r"(New session \S+ of|Removed session \S+?)(?: user (.*?))?\.\Z")
_BEAR_FAILED: Final = re.compile(
    r"(?:[Bb]ad (?:PAM )?password attempt for '?(.*?)'?|Login attempt for nonexistent user(?: '(.*)')?)"
    r" from (\S+):(\d+)\Z",
    re.DOTALL,
)
_BEAR_LOGIN: Final = re.compile(r"(?:PAM )?(?:[Pp]assword|[Pp]ubkey) auth succeeded for '([^']*)'")
_BEAR_PEER: Final = re.compile(r" from (\S+):(\d+)\Z")


def _act(doc: Doc, action: str, outcome: str, user: str | None) -> None:
    doc["event.category"] = "authentication"
    doc["event.action"] = action
    if outcome:
        doc["event.outcome"] = outcome
    if user:
        doc["user.name"] = user


def read(message: str, doc: Doc) -> tuple[str, ...]:
    """Logins at a terminal."""
    if (found := _LOGIN_FAILED.match(message)) is not None:
        _act(doc, "login_failed", "failure", found[3])
        put_peer(doc, "source", found[2] or "")
    elif (found := _LOGIN.match(message)) is not None:
        _act(doc, "login", "success", found[2] or "root")
        put_peer(doc, "source", found[3] or "")
    elif (found := _SESSION.match(message)) is not None:
        _act(doc, "session_opened" if found[2] else "session_closed", "", found[2])
        doc["event.category"] = "session"
    return ()


def read_dropbear(message: str, doc: Doc) -> tuple[str, ...]:
    """The SSH server of small devices. The name is the client's text; the address stands at the end."""
    if (found := _BEAR_FAILED.match(message)) is not None:
        _act(doc, "ssh_login_failed", "failure", found[1] or found[2])
        address, port = found[3], found[4]
    elif (found := _BEAR_LOGIN.match(message)) is not None and (peer := _BEAR_PEER.search(message)) is not None:
        _act(doc, "ssh_login", "success", found[1])
        address, port = peer[1], peer[2]
    else:
        return ()
    put_peer(doc, "source", address)
    put_port(doc, "source", port)
    return ()
