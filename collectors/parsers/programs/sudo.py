"""sudo's own lines. The working directory and the command are the user's text; what follows the first of each name is
taken, and a line in which a name occurs twice is flagged.

Source: sudo, lib/eventlog (fields in fixed order TTY CHROOT PWD USER GROUP TSID ENV COMMAND).
"""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.flags import AMBIGUOUS, Doc

_WHO: Final = re.compile(r"\s*(\S+) : ")
_NAMES: Final = ("TTY=", "CHROOT=", "PWD=", "USER=", "GROUP=", "TSID=", "ENV=", "COMMAND=")
_ATTEMPTS: Final = re.compile(r"\d+ incorrect password attempts?\Z")


def _fields(rest: str) -> tuple[str, dict[str, str]]:
    """What stands before the first field, and the fields; a piece without a name belongs to the field before it, and
    all that follows ``COMMAND=`` to the command."""
    problem: list[str] = []
    fields: dict[str, str] = {}
    last = ""
    pieces = rest.split(" ; ")
    for number, piece in enumerate(pieces):
        name = next((name for name in _NAMES if piece.startswith(name) and name not in fields), "")
        if name == "COMMAND=":
            fields[name] = " ; ".join(pieces[number:])[len(name) :]
            break
        if name:
            fields[name] = piece[len(name) :]
            last = name
        elif last:
            fields[last] += " ; " + piece
        else:
            problem.append(piece)
    return " ; ".join(problem), fields


def read(message: str, doc: Doc) -> tuple[str, ...]:
    """``user.name`` ran, or was refused, ``process.command_line`` as ``user.effective.name``."""
    if (found := _WHO.match(message)) is None:
        return ()
    problem, fields = _fields(message[found.end() :])
    if "COMMAND=" not in fields or "USER=" not in fields:
        return ()
    doc["event.category"] = "process"
    doc["event.action"] = "sudo_denied" if problem else "sudo_command"
    doc["event.outcome"] = "failure" if problem else "success"
    doc["user.name"] = found[1]
    doc["user.effective.name"] = fields["USER="]
    doc["process.command_line"] = fields["COMMAND="]
    for name, ecs in (
        ("TTY=", "process.tty.name"),
        ("PWD=", "process.working_directory"),
        ("GROUP=", "group.name"),
    ):
        if name in fields:
            doc[ecs] = fields[name]
    if problem:
        doc["event.reason"] = problem
        if _ATTEMPTS.match(problem):
            doc["event.category"] = "authentication"
    return (AMBIGUOUS,) if message.count(" ; USER=") > 1 else ()
