"""cron and crontab."""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.flags import Doc

_LINE: Final = re.compile(r"\(([^()]*)\) ([A-Z][A-Z ]*[A-Z])(?: \((.*)\))?\Z", re.DOTALL)
_ACTIONS: Final = {
    "CMD": "cron_command",
    "REPLACE": "cron_changed",
    "BEGIN EDIT": "cron_edit",
    "END EDIT": "cron_edit",
    "DELETE": "cron_deleted",
    "LIST": "cron_listed",
    "RELOAD": "cron_reloaded",
}


def read(message: str, doc: Doc) -> tuple[str, ...]:
    """Whose job ran what, and who changed whose table."""
    if (found := _LINE.match(message)) is None:
        return ()
    user, verb, rest = found.groups()
    doc["user.name"] = user
    doc["event.action"] = _ACTIONS.get(verb, "cron_" + verb.lower().replace(" ", "_"))
    doc["event.category"] = "process" if verb == "CMD" else "configuration"
    if verb == "CMD":
        doc["process.command_line"] = rest or ""
    elif rest:
        doc["user.target.name"] = rest
    return ()
