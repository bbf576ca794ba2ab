"""What MySQL's and MariaDB's servers say: error log, general log, MariaDB's audit plugin.

A client's user name is written as it came, line breaks included: a line of any of these files may be forged by whoever
reaches the port. Within a line the patterns are anchored at the end, which the server writes.
Source: MariaDB 10.11 plugin/server_audit, sql/sql_acl.cc; tried on 10.11.19. MySQL 8's head from its manual.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.actions import put_action
from collectors.parsers.addresses import put_peer
from collectors.parsers.flags import Doc

_DENIED: Final = re.compile(r"Access denied for user '(.*)'@'([^']*)' \(using password: (?:YES|NO)\)\Z", re.DOTALL)
_DENIED_DATABASE: Final = re.compile(r"Access denied for user '.*'@'[^']*' to database '", re.DOTALL)
_CONNECTION: Final = re.compile(
    r"(.*),([^,]*),(\d+),\d+,(CONNECT|FAILED_CONNECT|DISCONNECT),([^,]*),,(\d+)\Z", re.DOTALL
)
_QUERY: Final = re.compile(r"([^,]*),([^,]*),(\d+),\d+,QUERY(?:_\w+)?,([^,]*),'(.*)',(\d+)\Z", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_PLAIN: Final = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_CONNECTIONS: Final = {
    "CONNECT": ("db_login", "success", "authentication"),
    "FAILED_CONNECT": ("db_login_failed", "failure", "authentication"),
    "DISCONNECT": ("db_logout", "", "session"),
}


def read(message: str, doc: Doc) -> tuple[str, ...]:
    """A message of the error log."""
    if (found := _DENIED.search(message)) is not None:
        put_action(doc, "db_login_failed", "failure", "authentication")
        _put_who(found[1], found[2], doc)
    elif _DENIED_DATABASE.search(message) is not None:
        put_action(doc, "db_error", "failure", "database")
    return ()


def read_audit(message: str, doc: Doc) -> tuple[str, ...]:
    """The audit plugin's line without its time: server, user, client, connection, query id, operation, database,
    object, error number."""
    server, comma, rest = message.partition(",")
    if not comma:
        return ()
    if server:
        doc.setdefault("host.name", server)
    if (found := _CONNECTION.match(rest)) is not None:
        user, client, _connection, kind, database, code = found.groups()
        put_action(doc, *_CONNECTIONS[kind])
        _put_who(user, client, doc)
    elif (found := _QUERY.match(rest)) is not None:
        user, client, _connection, database, statement, code = found.groups()
        put_action(doc, "db_statement", "success" if code == "0" else "failure", "database")
        _put_who(user, client, doc)
        doc["database.statement"] = _ESCAPED.sub(lambda each: _PLAIN.get(each[1], each[1]), statement)
    else:
        return ()
    if database:
        doc["database.name"] = database
    if code != "0":
        doc["event.code"] = code
    return ()


def _put_who(user: str, client: str, doc: Doc) -> None:
    """``localhost`` is the server's own socket or loopback."""
    if user:
        doc["user.name"] = user
    if client != "localhost":
        put_peer(doc, "source", client)
