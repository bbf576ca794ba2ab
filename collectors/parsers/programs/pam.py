"""Linux-PAM modules, in whatever program they speak. ``ruser`` may be the client's text: read from the right.

Source: pam_unix (support.c, pam_unix_sess.c, pam_unix_passwd.c), pam_faillock, pam_tally2.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.actions import put_action
from collectors.parsers.addresses import put_peer
from collectors.parsers.flags import Doc

_HEAD: Final = re.compile(r"(pam_\w+)\(([\w.@/-]*):(\w+)\):\s?(.*)\Z", re.DOTALL)
_MORE: Final = re.compile(r"PAM (\d{1,9}) more authentication failures?; (.*)\Z", re.DOTALL)
_FAILURE: Final = re.compile(
    r"logname=(.*?) uid=(\d*) euid=\d* tty=(.*?) ruser=(.*) rhost=(\S*)(?:\s+user=(\S*))?\s*\Z", re.DOTALL
)
_OPENED: Final = re.compile(r"session opened for user (.*?)(?:\(uid=(\d+)\))? by (.*?)(?:\(uid=(\d+)\))?\Z", re.DOTALL)
_CLOSED: Final = re.compile(r"session closed for user (.*)\Z", re.DOTALL)
_CHANGED: Final = re.compile(r"password changed for (.*)\Z", re.DOTALL)
_LOCKED: Final = re.compile(
    r"(?:Consecutive login failures for user (\S+) account temporarily locked|user (\S+) \(\d+\) tally )"
)


def is_pam(message: str) -> bool:
    """Whether a PAM module speaks, not the program itself."""
    return message.startswith(("pam_", "PAM "))


def _failure(body: str, doc: Doc) -> None:
    put_action(doc, "auth_failed", "failure", "authentication")
    if (found := _FAILURE.search(body)) is None:
        return
    logname, _uid, tty, ruser, rhost, user = found.groups()
    if name := user or ruser or logname:
        doc["user.name"] = name
    if tty:
        doc["process.tty.name"] = tty
    put_peer(doc, "source", rhost)


def _session(body: str, doc: Doc) -> bool:
    if (found := _OPENED.match(body)) is not None:
        put_action(doc, "session_opened", "success", "session")
        doc["user.name"] = found[1]
        if found[2]:
            doc["user.id"] = found[2]
        if found[3]:
            doc["user.parent.name"] = found[3]
        return True
    if (found := _CLOSED.match(body)) is not None:
        put_action(doc, "session_closed", "", "session")
        doc["user.name"] = found[1]
        return True
    return False


def read(message: str, doc: Doc) -> tuple[str, ...]:
    """Adds what the module says; ``pam.module``, ``pam.service`` and ``pam.type`` say which."""
    if (more := _MORE.match(message)) is not None:
        doc["event.repeated"] = int(more[1])
        _failure(more[2], doc)
        return ()
    if (head := _HEAD.match(message)) is None:
        return ()
    doc["pam.module"], doc["pam.service"], doc["pam.type"], body = head.groups()
    if body.startswith(("authentication failure;", "check pass; user unknown")):
        if body.startswith("auth"):
            _failure(body, doc)
        else:
            put_action(doc, "auth_user_unknown", "failure", "authentication")
    elif _session(body, doc):
        pass
    elif (found := _CHANGED.match(body)) is not None:
        put_action(doc, "user_password_changed", "success", "iam")
        doc["user.target.name"] = doc["user.name"] = found[1]
    elif (found := _LOCKED.match(body)) is not None:
        put_action(doc, "user_locked", "", "iam")
        doc["user.name"] = found[1] or found[2]
    return ()
