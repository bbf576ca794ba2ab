"""su of util-linux and of shadow."""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.flags import Doc

_UTIL_LINUX: Final = re.compile(r"(FAILED SU )?\(to (\S+)\) (\S+) on (\S+)\Z")
_SHADOW: Final = re.compile(r"(Successful|FAILED) su for (\S+) by (\S+)\Z")
_SIGN: Final = re.compile(r"([+-]) (\S+) ([^\s:]+)[:-]([^\s:]+)\Z")


def _put(doc: Doc, *, failed: bool, user: str, target: str, tty: str = "") -> None:
    doc["event.category"] = "authentication"
    doc["event.action"] = "su_failed" if failed else "su"
    doc["event.outcome"] = "failure" if failed else "success"
    doc["user.name"] = user
    doc["user.effective.name"] = target
    if tty:
        doc["process.tty.name"] = tty


def read(message: str, doc: Doc) -> tuple[str, ...]:
    """``user.name`` became, or wanted to become, ``user.effective.name``."""
    if (found := _UTIL_LINUX.match(message)) is not None:
        _put(doc, failed=bool(found[1]), target=found[2], user=found[3], tty=found[4])
    elif (found := _SHADOW.match(message)) is not None:
        _put(doc, failed=found[1] == "FAILED", target=found[2], user=found[3])
    elif (found := _SIGN.match(message)) is not None:
        _put(doc, failed=found[1] == "-", tty=found[2], user=found[3], target=found[4])
    return ()
