"""One record of the Linux audit log: ``type=EXECVE msg=audit(1795479330.123:456): argc=2 a0="id" ...``.

Values without quotes that stand where a quoted one is expected are hexadecimal: the kernel writes text with blanks or
quotes so. Its own names are kept under ``auditd.log.``; those that ECS knows are added.
Source: kernel/audit.c (audit_log_untrustedstring), audit-userspace field dictionary.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.origin import Origin
from collectors.parsers.addresses import put_peer
from collectors.parsers.flags import MALFORMED, Doc
from collectors.parsers.record import decode, text_event
from collectors.parsers.times import SECOND_US, Moment
from collectors.shapes.text import text_shape
from shouwang.model import Event, Logsource

NAME: Final = "auditd"
PREFIX: Final = "auditd.log."
_HEAD: Final = re.compile(
    r"(?:node=(\S+) )?type=(\S+) msg=audit\((\d{1,12})\.(\d{3}):(\d{1,20})\):\s?(.*)\Z", re.DOTALL
)
_PAIR: Final = re.compile(r"(?<![\w\[\]-])([A-Za-z][\w\[\]-]{0,63})=(\"[^\"]*\"|'(?:[^']*)'|\S*)")
_ENRICHED: Final = "\x1d"
_HEX: Final = re.compile(r"(?:[0-9A-F]{2})+\Z")
_UNTRUSTED: Final = re.compile(r"(?:exe|comm|name|cwd|cmd|proctitle|key|path|dir|acct|data|watch|file|vm)\Z")
_ARGUMENT: Final = re.compile(r"a\d+(?:\[\d+\])?\Z")
_ECS: Final = {
    "exe": "process.executable",
    "comm": "process.name",
    "cwd": "process.working_directory",
    "acct": "user.name",
    "tty": "process.tty.name",
    "terminal": "process.tty.name",
    "ses": "auditd.session",
    "AUID": "user.audit.name",
    "UID": "user.name",
    "EUID": "user.effective.name",
}
_ACTIONS: Final = {
    "USER_LOGIN": ("login", "authentication"),
    "USER_AUTH": ("auth", "authentication"),
    "USER_START": ("session_opened", "session"),
    "USER_END": ("session_closed", "session"),
    "ADD_USER": ("user_created", "iam"),
    "DEL_USER": ("user_deleted", "iam"),
    "ADD_GROUP": ("group_created", "iam"),
    "USER_CHAUTHTOK": ("user_password_changed", "iam"),
    "USER_CMD": ("sudo_command", "process"),
    "EXECVE": ("executed", "process"),
}
_SHAPE: Final = text_shape("linux.auditd", NAME, Logsource("linux", None, "auditd"))
_EXECVE: Final = text_shape("linux.auditd", NAME, Logsource("linux", "process_creation", "auditd"), code="EXECVE")
"""A started program: Sigma's process_creation, with the command line; the path only where the caller gave one."""


def parse(raw: bytes, origin: Origin) -> Event:
    """One record; those of one event share ``auditd.sequence``."""
    text = decode(raw, origin).rstrip("\r\n")
    found = _HEAD.match(text)
    if found is None:
        return text_event((raw, origin), _SHAPE, {"message": text}, None, (MALFORMED,))
    node, kind, seconds, milliseconds, sequence, body = found.groups()
    doc: Doc = {PREFIX + "type": kind, "auditd.sequence": int(sequence), "message": body}
    if node:
        doc["host.name"] = node
    _put_pairs(kind, body, doc)
    _put_ecs(kind, doc)
    moment = Moment(int(seconds) * SECOND_US + int(milliseconds) * 1000, assumed=False)
    return text_event((raw, origin), _EXECVE if kind == "EXECVE" else _SHAPE, doc, moment)


def _put_pairs(kind: str, body: str, doc: Doc) -> None:
    for name, value in _PAIR.findall(body.replace(_ENRICHED, " ")):
        if value[:1] == "'" and name == "msg":
            _put_pairs(kind, value[1:-1], doc)
            continue
        doc.setdefault(PREFIX + name, _value(kind, name, value))


def _value(kind: str, name: str, value: str) -> str:
    if value[:1] in {'"', "'"}:
        return value[1:-1]
    untrusted = _UNTRUSTED.match(name) or (kind == "EXECVE" and _ARGUMENT.match(name))
    if untrusted and len(value) > 3 and _HEX.match(value):
        return bytes.fromhex(value).replace(b"\0", b" ").decode("utf-8", "backslashreplace").rstrip(" ")
    return value


def _put_ecs(kind: str, doc: Doc) -> None:
    for name, ecs in _ECS.items():
        value = doc.get(PREFIX + name)
        if isinstance(value, str) and value and value not in {"?", "(none)", "unset"}:
            doc.setdefault(ecs, value)
    for name in ("pid", "ppid"):
        value = doc.get(PREFIX + name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
            doc["process.pid" if name == "pid" else "process.parent.pid"] = int(value)
    address = doc.get(PREFIX + "addr")
    if isinstance(address, str) and address != "?":
        put_peer(doc, "source", address)
    uid = doc.get(PREFIX + "uid")
    if isinstance(uid, str):
        doc["user.id"] = uid
    _put_command(kind, doc)
    _put_action(kind, doc)


def _put_command(kind: str, doc: Doc) -> None:
    if kind == "EXECVE":
        program = doc.get(PREFIX + "a0")
        if isinstance(program, str) and program.startswith("/"):
            doc["process.executable"] = program
        arguments = []
        for number in range(256):
            value = doc.get(f"{PREFIX}a{number}")
            if not isinstance(value, str):
                break
            arguments.append(value)
        doc["process.command_line"] = " ".join(arguments)
    else:
        command = doc.get(PREFIX + "cmd", doc.get(PREFIX + "proctitle"))
        if isinstance(command, str):
            doc["process.command_line"] = command
    if kind == "PATH" and isinstance(path := doc.get(PREFIX + "name"), str):
        doc["file.path"] = path


def _put_action(kind: str, doc: Doc) -> None:
    action, category = _ACTIONS.get(kind, (kind.lower(), ""))
    result = doc.get(PREFIX + "res", doc.get(PREFIX + "success"))
    if isinstance(result, str):
        doc["event.outcome"] = "success" if result in {"success", "1", "yes"} else "failure"
    failed = doc.get("event.outcome") == "failure" and category == "authentication"
    doc["event.action"] = action + "_failed" if failed else action
    if category:
        doc["event.category"] = category
