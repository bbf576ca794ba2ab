"""OpenSSH's server. The user's name is the client's text: it may hold blanks and "from 192.0.2.1 port 22 ssh2".

Source: OpenSSH portable, auth.c (auth_log, format_method_key_options), packet.c (sshpkt_fmt_connection_id), sshd.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from collectors.parsers.actions import put_action
from collectors.parsers.addresses import canonical, put_port
from collectors.parsers.flags import AMBIGUOUS, Doc

_AUTH: Final = re.compile(
    r"(Failed|Accepted|Postponed|Partial) (\S+) for (invalid user |illegal user )?(.*) from (\S+) port (\d+)"
    r"(?: ssh2?)?(?: \[preauth\])?(?:: [\w-]+ [\w:+/=.-]+)?\Z",
    re.DOTALL,
)
_CERTIFICATE: Final = (
    r"(Failed|Accepted|Postponed|Partial) (\S+) for (invalid user )?(.*{lazy}) from (\S+) port (\d+)"
    r" ssh2: \S+ \S+ ID .*\Z"
)
_CERTIFICATE_LEFT: Final = re.compile(_CERTIFICATE.format(lazy="?"), re.DOTALL)
_CERTIFICATE_RIGHT: Final = re.compile(_CERTIFICATE.format(lazy=""), re.DOTALL)
_INVALID: Final = re.compile(r"(?:Invalid|Illegal) user (.*) from (\S+?)(?: port (\d+))?\Z", re.DOTALL)
_BYE: Final = r"(?:Connection (?:closed|reset) by|Disconnected from|Disconnecting) "
_CLOSED: Final = re.compile(
    _BYE + r"(?:(?:authenticating |invalid )?user (.*) )?(\S+) port (\d+)"
    r"(?:: Too many authentication failures)?(?: \[preauth\])?\Z",
    re.DOTALL,
)
_CLOSED_PLAIN: Final = re.compile(_BYE + r"()(\S+?)(?: port (\d+))?(?:: .*)?(?: \[preauth\])?\Z", re.DOTALL)
_CLOSED_CHANGE: Final = re.compile(
    _BYE + r"(?:(?:authenticating |invalid )?user (.*?) )?(\S+) port (\d+): Change of username ", re.DOTALL
)
_RECEIVED: Final = re.compile(r"(?:error: )?Received disconnect from (\S+?)(?: port (\d+))?:\s?\d+:", re.DOTALL)
_CONNECTION: Final = re.compile(r"Connection from (\S+) port (\d+) on (\S+) port (\d+)")
_MAXIMUM: Final = re.compile(
    r"error: maximum authentication attempts exceeded for (invalid user )?(.*) from (\S+) port (\d+) ssh2"
    r"(?: \[preauth\])?\Z",
    re.DOTALL,
)
_NOT_ALLOWED: Final = re.compile(r"User (.*) from (\S+) not allowed because (.*)\Z", re.DOTALL)
_REVERSE: Final = re.compile(r"reverse mapping checking getaddrinfo for \S+ \[([^\]\s]+)\] failed")
_MAPS_TO: Final = re.compile(r"(?:Address|Nasty PTR record) (\S+) maps to ")
_NO_IDENTIFICATION: Final = re.compile(r"Did not receive identification string from (\S+?)(?: port (\d+))?\Z")
_BAD_PROTOCOL: Final = re.compile(r"Bad protocol version identification .* from (\S+?)(?: port (\d+))?\Z", re.DOTALL)
_FRONT: Final = re.compile(
    r"(?:(?:fatal|error): )?"
    r"(?:Unable to negotiate with|banner exchange: Connection from|Timeout before authentication for"
    r"|ssh_dispatch_run_fatal: Connection from|drop connection #\d+ from) \[?([0-9A-Fa-f:.%\w]+?)\]?(?: port |:)(\d+)"
)
_SESSION: Final = re.compile(
    r"(?:Starting|Close) session: .* (?:for|user) (\S+) from (\S+) port (\d+) id \d+\Z", re.DOTALL
)

_Reader = Callable[[str, Doc], tuple[str, ...]]
_ACTIONS: Final = {
    "Failed": ("ssh_login_failed", "failure"),
    "Accepted": ("ssh_login", "success"),
    "Postponed": ("ssh_login_postponed", ""),
    "Partial": ("ssh_login_partial", ""),
}


def _peer(doc: Doc, address: str, port: str | None) -> None:
    ip = canonical(address)
    if ip is not None:
        doc["source.ip"] = ip
    else:
        doc["source.address"] = address
    put_port(doc, "source", port)


def _user(doc: Doc, name: str) -> None:
    if name:
        doc["user.name"] = name


def _authentication(message: str, doc: Doc) -> tuple[str, ...]:
    found = _AUTH.match(message)
    if found is None:
        found = _CERTIFICATE_LEFT.match(message)
        if found is None:
            return ()
        greedy = _CERTIFICATE_RIGHT.match(message)
        if greedy is None or greedy.groups() != found.groups():
            action, outcome = _ACTIONS[found[1]]
            put_action(doc, action, outcome, "authentication")
            return (AMBIGUOUS,)
    verb, method, invalid, user, address, port = found.groups()
    action, outcome = _ACTIONS[verb]
    put_action(doc, action, outcome, "authentication")
    _user(doc, user)
    doc["ssh.method"] = method.partition("/")[0]
    if invalid:
        doc["ssh.invalid_user"] = True
    _peer(doc, address, port)
    return ()


def _invalid(message: str, doc: Doc) -> tuple[str, ...]:
    if (found := _INVALID.match(message)) is not None:
        put_action(doc, "ssh_invalid_user", "failure", "authentication")
        _user(doc, found[1])
        _peer(doc, found[2], found[3])
    return ()


def _closed(message: str, doc: Doc) -> tuple[str, ...]:
    found = _CLOSED.match(message)
    if found is None and (found := _CLOSED_CHANGE.match(message)) is not None and message.count(" port ") > 1:
        put_action(doc, "ssh_disconnect", "", "session")
        return (AMBIGUOUS,)
    found = found or _CLOSED_PLAIN.match(message)
    if found is None or canonical(found[2]) is None:
        return ()
    put_action(doc, "ssh_disconnect", "", "session")
    if found[1]:
        doc["user.name"] = found[1]
    _peer(doc, found[2], found[3])
    return ()


def _connection(message: str, doc: Doc) -> tuple[str, ...]:
    if (found := _CONNECTION.match(message)) is None:
        return _closed(message, doc)
    put_action(doc, "ssh_connect", "", "network")
    _peer(doc, found[1], found[2])
    if (ip := canonical(found[3])) is not None:
        doc["destination.ip"] = ip
    put_port(doc, "destination", found[4])
    return ()


def _not_allowed(message: str, doc: Doc) -> tuple[str, ...]:
    if (found := _NOT_ALLOWED.match(message)) is not None:
        put_action(doc, "ssh_not_allowed", "failure", "authentication")
        doc["user.name"] = found[1]
        _peer(doc, found[2], None)
    return ()


def _maximum(message: str, doc: Doc) -> tuple[str, ...]:
    if (found := _MAXIMUM.match(message)) is None:
        return _received(message, doc) if message.startswith("error: Received") else _front(message, doc)
    put_action(doc, "ssh_max_attempts", "failure", "authentication")
    _user(doc, found[2])
    if found[1]:
        doc["ssh.invalid_user"] = True
    _peer(doc, found[3], found[4])
    return ()


def _front(message: str, doc: Doc) -> tuple[str, ...]:
    if (found := _FRONT.match(message)) is not None and canonical(found[1]) is not None:
        put_action(doc, "ssh_protocol_error", "failure", "network")
        _peer(doc, found[1], found[2])
    return ()


def _simple(pattern: re.Pattern[str], action: str, outcome: str, category: str) -> _Reader:
    def read(message: str, doc: Doc) -> tuple[str, ...]:
        if (found := pattern.match(message)) is not None:
            put_action(doc, action, outcome, category)
            groups = found.groups()
            _peer(doc, groups[0], groups[1] if len(groups) > 1 else None)
        return ()

    return read


_received: Final = _simple(_RECEIVED, "ssh_disconnect", "", "session")


def _session(message: str, doc: Doc) -> tuple[str, ...]:
    if (found := _SESSION.match(message)) is not None:
        put_action(doc, "ssh_session_start" if message.startswith("Starting") else "ssh_session_end", "", "session")
        doc["user.name"] = found[1]
        _peer(doc, found[2], found[3])
    return ()


_BY_FIRST_WORD: Final[dict[str, _Reader]] = {
    **dict.fromkeys(("Failed", "Accepted", "Postponed", "Partial"), _authentication),
    **dict.fromkeys(("Invalid", "Illegal"), _invalid),
    **dict.fromkeys(("Disconnected", "Disconnecting"), _closed),
    "Connection": _connection,
    "Received": _received,
    "User": _not_allowed,
    "error:": _maximum,
    **dict.fromkeys(("fatal:", "Unable", "banner", "ssh_dispatch_run_fatal:", "Timeout", "drop"), _front),
    "reverse": _simple(_REVERSE, "ssh_reverse_mapping_failed", "", "network"),
    "Address": _simple(_MAPS_TO, "ssh_reverse_mapping_failed", "", "network"),
    "Did": _simple(_NO_IDENTIFICATION, "ssh_protocol_error", "failure", "network"),
    "Bad": _simple(_BAD_PROTOCOL, "ssh_protocol_error", "failure", "network"),
    **dict.fromkeys(("Starting", "Close"), _session),
}


def read(message: str, doc: Doc) -> tuple[str, ...]:
    """Adds who tried what from where; gives flags."""
    reader = _BY_FIRST_WORD.get(message.partition(" ")[0])
    return reader(message, doc) if reader is not None else ()
