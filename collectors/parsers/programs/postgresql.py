"""What PostgreSQL's server says, in whatever log it lands.

``log_line_prefix`` puts the client's user and database in front of the level, before anybody has proved who he is, and
both may hold any text. A line that can also be read as the refusal of a login with such a name keeps its statement for
the rules to see, but says of nobody that he ran it. JSON logs (PostgreSQL 15 and later) do not have this weakness.
Source: src/backend/utils/error/elog.c, libpq/auth.c, utils/init/postinit.c, tcop/postgres.c; tried on 15.18.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.actions import put_action
from collectors.parsers.addresses import put_peer, put_port
from collectors.parsers.flags import AMBIGUOUS, Doc

_LEVEL: Final = (
    r"(DEBUG\d?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT|BACKTRACE)"
)
_PLACE: Final = r"(?: (?:\[local\]|([0-9A-Fa-f.:]+)(?:\((\d+)\))?))?"
HEAD: Final = re.compile(
    r"(?:\[\d+-\d+\] )?(?:(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) ([A-Za-z]{1,6}|[+-]\d\d(?::?\d\d)?) )?"
    r"(?:\[(\d{1,10})\](?:: \[\d+-\d+\])? )?(?:([^\s@]{1,63})@([^\s@]{1,63})" + _PLACE + r" )?" + _LEVEL + r":  ?"
)
"""Time, zone, process, user, database, address, port, level. The prefixes ``%m [%p] %q%u@%d `` (Debian's) and
``%t [%p] ``, the same with ``%r`` or ``%h`` behind the database, and none."""
_FOREIGN: Final = re.compile(
    r"@.{0,63}? FATAL:  (?:password authentication failed|[A-Za-z]+ authentication failed|no pg_hba\.conf entry"
    r"|role \"|database \")",
    re.DOTALL,
)
_LONGEST_NAME: Final = 64
_LEVELS: Final = {"LOG": "info", "WARNING": "warning", "ERROR": "error", "FATAL": "crit", "PANIC": "emerg"}
_LOGIN: Final = re.compile(
    r"(?:replication )?connection authorized: user=(\S+)(?: database=(\S+))?(?: application_name=(.*?))?"
    r"(?: SSL enabled \(.*\)| GSS \(.*\))?\Z",
    re.DOTALL,
)
_RECEIVED: Final = re.compile(r"connection received: host=(\S+)(?: port=(\d+))?\Z")
_ENDED: Final = re.compile(r"disconnection: session time: .* host=(\S+)(?: port=(\d+))?\Z", re.DOTALL)
_PASSWORD: Final = re.compile(r"\S+ authentication failed for user \"(.*)\"\Z", re.DOTALL)
_NO_ENTRY: Final = re.compile(r"no pg_hba\.conf entry for (?:replication connection from )?host \"([^\"]*)\", user ")
_UNKNOWN: Final = re.compile(r"(role|database) \".*\" does not exist\Z", re.DOTALL)
_STATEMENT: Final = re.compile(
    r"(?:duration: [\d.]+ ms  )?(?:statement|(?:execute|execute fetch from) [^\s:]+|fastpath function call): (.*)\Z",
    re.DOTALL,
)
_AUDIT: Final = re.compile(
    r"AUDIT: (?:SESSION|OBJECT),\d+,\d+,[A-Z]+,[^,\"]*,[^,\"]*,(?:[^,\"]*|\"(?:[^\"]|\"\")*\"),"
    r"(?:\"((?:[^\"]|\"\")*)\"|([^,\"]*)),",
)
"""pgAudit's CSV: the statement is its eighth field. Tried on 1.7."""


def read(message: str, doc: Doc) -> tuple[str, ...]:
    """A syslog message or a line: the prefix, then what the server says."""
    if (head := HEAD.match(message)) is None:
        return ()
    _time, _zone, pid, user, database, address, port, level = head.groups()
    if pid:
        doc["process.pid"] = int(pid)
    text = message[head.end() :]
    contested = level != "FATAL" and user is not None and _contested(message[head.start(4) :])
    if not contested:
        if user and user != "[unknown]":
            doc["user.name"] = user
        if database and database != "[unknown]":
            doc["database.name"] = database
        if address:
            put_peer(doc, "source", address)
            put_port(doc, "source", port)
    said(level, text.replace("\n\t", "\n"), doc)
    return (AMBIGUOUS,) if contested else ()


def _contested(rest: str) -> bool:
    """Whether all before a later refusal could be one user's name: names are cut at 63 bytes."""
    found = _FOREIGN.search(rest)
    return found is not None and len(rest[: found.start()].encode()) < _LONGEST_NAME


def said(level: str, text: str, doc: Doc) -> None:
    """What a message means; ``doc`` may hold who and from where already."""
    doc["message"] = text
    doc["event.category"] = "database"
    if level in _LEVELS:
        doc["log.level"] = _LEVELS[level]
    if level == "LOG":
        _logged(text, doc)
    elif level == "FATAL":
        _refused(text, doc)
    elif level == "ERROR":
        put_action(doc, "db_error", "failure", "database")


def _logged(text: str, doc: Doc) -> None:
    if (found := _STATEMENT.match(text)) is not None:
        put_action(doc, "db_statement", "", "database")
        doc["database.statement"] = found[1]
    elif (found := _AUDIT.match(text)) is not None:
        put_action(doc, "db_statement", "", "database")
        doc["database.statement"] = found[1].replace('""', '"') if found[1] is not None else found[2]
    elif (found := _LOGIN.match(text)) is not None:
        put_action(doc, "db_login", "success", "authentication")
        if found[3]:
            doc["database.client"] = found[3]
    elif (found := _RECEIVED.match(text)) is not None:
        put_action(doc, "db_connection", "", "database")
        _put_client(found[1], found[2], doc)
    elif (found := _ENDED.match(text)) is not None:
        put_action(doc, "db_logout", "", "session")
        _put_client(found[1], found[2], doc)


def _put_client(host: str, port: str | None, doc: Doc) -> None:
    if host != "[local]" and "source.ip" not in doc:
        put_peer(doc, "source", host)
        put_port(doc, "source", port)


def _refused(text: str, doc: Doc) -> None:
    if (found := _NO_ENTRY.match(text)) is not None:
        put_action(doc, "db_client_refused", "failure", "authentication")
        _put_client(found[1], None, doc)
    elif (found := _PASSWORD.match(text)) is not None:
        put_action(doc, "db_login_failed", "failure", "authentication")
        doc["user.name"] = found[1]
    elif _UNKNOWN.match(text) is not None:
        put_action(doc, "db_login_failed", "failure", "authentication")
