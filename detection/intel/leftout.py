"""What a reader of indicators says about what it does not take."""

from __future__ import annotations

from typing import NamedTuple


class LeftOut(NamedTuple):
    """One value or object that is no indicator here. Nothing is left out without one."""

    where: str
    """``line 12``; a STIX id; ``attribute 3``."""
    reason: str
    """Short and without the value, so that equal ones can be counted."""


class Unreadable(ValueError):
    """The whole file is not what it should be; nothing of it is taken."""


def no_json(wrong: Exception) -> str:
    """A parser's complaint in one line, without its drawing of the place."""
    return f"no JSON: {' '.join(str(wrong).partition('(right here)')[0].split())[:200]}"
