"""sudo's own lines. The working directory and the command are the user's text; what follows the first of each name is
taken, and a line in which a name occurs twice is flagged.

Source: sudo, lib/eventlog (fields in fixed order TTY CHROOT PWD USER GROUP TSID ENV COMMAND).
"""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.flags import AMBIGUOUS, Doc

_LINE: Final = re.compile(
    r"\s*(\S+) : (?:(.*?) ; )?TTY=(.*?) ; (?:CHROOT=.*? ; )?PWD=(.*?) ; USER=(.*?)(?: ; GROUP=(.*?))?(?: ; TSID=\S*?)?"
    r"(?: ; ENV=.*?)? ; COMMAND=(.*)\Z",
    re.DOTALL,
)
_ATTEMPTS: Final = re.compile(r"\d+ incorrect password attempts?\Z")


def read(message: str, doc: Doc) -> tuple[str, ...]:
    """``user.name`` ran, or was refused, ``process.command_line`` as ``user.effective.name``."""
    if (found := _LINE.match(message)) is None:
        return ()
    user, problem, tty, folder, target, group, command = found.groups()
    doc["event.category"] = "process"
    doc["event.action"] = "sudo_denied" if problem else "sudo_command"
    doc["event.outcome"] = "failure" if problem else "success"
    doc["user.name"] = user
    doc["user.effective.name"] = target
    doc["process.tty.name"] = tty
    doc["process.working_directory"] = folder
    doc["process.command_line"] = command
    if group:
        doc["group.name"] = group
    if problem:
        doc["event.reason"] = problem
        if _ATTEMPTS.match(problem):
            doc["event.category"] = "authentication"
    return (AMBIGUOUS,) if message.count(" ; USER=") > 1 else ()
