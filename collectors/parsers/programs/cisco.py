"""What Cisco devices write: ``%FACILITY-SEVERITY-MNEMONIC: text``, behind heads of many forms.

IOS and IOS XE: a counter, the device's name, a time that ``*`` or ``.`` marks as not synchronised, or the time since
start. NX-OS: the year first. IOS XR: the node before the time, the process behind it. ASA: the name and a blank before
the colon. Cisco, "System Message Guide": how to read system messages. Commands come by ``archive log config``
(PARSER-5-CFGLOG_LOGGEDCMD) and, on NX-OS, by accounting. Pure.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.addresses import put_peer, put_port
from collectors.parsers.flags import Doc
from collectors.parsers.severity import LEVELS

_TIME: Final = (
    r"(?:(?P<year>(?:19|20)\d\d) )?(?P<day>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2})"
    r" (?P<late_year>(?:19|20)\d\d )?(?P<clock>\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?: (?P<zone>[A-Za-z]{2,5}))?"
)
_UPTIME: Final = r"(?:\d{1,3}[ywdhms]){1,3}|\d{1,5}:\d\d:\d\d(?:\.\d{1,9})?"
_HOST: Final = r"\w(?:[\w.:-]{0,253}\w)?"
_HEAD: Final = re.compile(
    rf"(?:: )?(?:(?P<host>(?!\d+ ){_HOST}) )?"
    rf"(?:(?P<number>\d{{1,12}}): ?(?:\d{{1,12}}: )?(?:(?P<name>(?=[A-Za-z]){_HOST}) ?: )?)?"
    rf"(?P<stamp>(?:[A-Z0-9]+(?:/\w+){{1,4}} ?:)?(?P<doubt>[*.]?)(?:{_TIME}|{_UPTIME})"
    rf"(?:: ?(?:\w+\[\d{{1,10}}\]: )?| (?P<after>{_HOST}) ))?(?:: )?"
    r"%(?P<facility>[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+)*)-(?P<digit>[0-7])-(?P<mnemonic>[A-Z0-9_]+) ?:(?: (?P<text>.*)|)\Z",
    re.DOTALL | re.ASCII,
)
"""The device's name stands between counter and time; without a counter a word with a colon is some program's tag."""
_SERVICES: Final = (
    (
        frozenset(("AAA", "AAAA", "PARSER", "LOGIN", "TAC", "TACACS", "RADIUS", "AUTHMGR", "DOT1X", "DAEMON", "VSHD")),
        "aaa",
    ),
    (frozenset(("BGP", "TCP")), "bgp"),
    (frozenset(("LDP", "TDP", "TCP")), "ldp"),
)
"""Words of a facility's name -> Sigma's service. A failed TCP MD5 check concerns whoever speaks over it."""
_LOGGED: Final = re.compile(r"User:(\S*) {1,2}logged command:(.*)\Z", re.DOTALL)
_ACCOUNTED: Final = re.compile(
    r"\w+:(?:([0-9A-Fa-f.:]+)@)?[\w/.]+:([^:\s]+):(.*?)(?: \((SUCCESS|FAILURE|REDIRECT)\))?\Z", re.DOTALL
)
_CONFIGURED: Final = re.compile(r"Configured from (?:\S+) by (\S+)(?: on \S+)?(?: \(([0-9A-Fa-f.:]+)\))?\Z")
_LOGIN: Final = re.compile(
    r"Login (failed|Success) \[user: (.*)\] \[Source: ([^\]]*)\] \[localport: (\d+)\]", re.DOTALL
)
_BAD_DIGEST: Final = re.compile(
    r"(?:No|Invalid) MD5 digest from ([0-9A-Fa-f.:]+?)(?:\((\d+)\)|:(\d+)) to ([0-9A-Fa-f.:]+?)(?:\((\d+)\)|:(\d+))"
)


def split(text: str, *, relayed: bool) -> re.Match[str] | None:
    """The parts of a device's line. ``relayed``: a relay has written a time before it, and perhaps a host, which then
    needs neither counter nor time of the device behind it."""
    found = _HEAD.match(text)
    if found is None or relayed or found["number"] or found["stamp"] or not found["host"]:
        return found
    return None


def stamp(head: re.Match[str]) -> str:
    """The device's own time as RFC 3164 writes it; empty when it says none."""
    if head["day"] is None:
        return ""
    year = head["late_year"] or (head["year"] + " " if head["year"] else "")
    return f"{head['day']} {year}{head['clock']} "


def services(facility: str) -> tuple[str, ...]:
    said = frozenset(re.split("[-_]", facility))
    return tuple(service for names, service in _SERVICES if names & said)


def read(head: re.Match[str], doc: Doc) -> None:
    """Adds facility, mnemonic, level, and who did what from where."""
    facility, digit, mnemonic, text = head["facility"], head["digit"], head["mnemonic"], head["text"] or ""
    doc["event.code"] = f"{facility}-{digit}-{mnemonic}"
    doc["event.provider"] = facility
    doc["log.syslog.msgid"] = mnemonic
    doc["event.action"] = mnemonic.lower()
    doc["log.level"] = LEVELS[int(digit)]
    doc["message"] = text
    if head["number"]:
        doc["event.sequence"] = int(head["number"])
    if (found := _LOGGED.match(text)) is not None:
        _put_command(doc, found[1], found[2])
    elif mnemonic == "AAA_ACCOUNTING_MESSAGE" and (found := _ACCOUNTED.match(text)) is not None:
        _put_command(doc, found[2], found[3])
        put_peer(doc, "source", found[1] or "")
        if found[4]:
            doc["event.outcome"] = "success" if found[4] == "SUCCESS" else "failure"
    elif (found := _CONFIGURED.match(text)) is not None:
        doc["event.category"] = "configuration"
        doc["user.name"] = found[1]
        put_peer(doc, "source", found[2] or "")
    elif (found := _LOGIN.match(text)) is not None:
        _put_login(doc, found)
    elif (found := _BAD_DIGEST.match(text)) is not None:
        put_peer(doc, "source", found[1])
        put_port(doc, "source", found[2] or found[3])
        put_peer(doc, "destination", found[4])
        put_port(doc, "destination", found[5] or found[6])


def _put_command(doc: Doc, user: str, command: str) -> None:
    doc["event.category"] = "configuration"
    doc["process.command_line"] = command
    if user:
        doc["user.name"] = user


def _put_login(doc: Doc, found: re.Match[str]) -> None:
    """The name is the caller's choice: the brackets that count are the last ones."""
    failed = found[1] == "failed"
    doc["event.category"] = "authentication"
    doc["event.action"] = "login_failed" if failed else "login"
    doc["event.outcome"] = "failure" if failed else "success"
    doc["user.name"] = found[2]
    put_peer(doc, "source", found[3])
    put_port(doc, "destination", found[4])
