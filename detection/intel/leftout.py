"""What a reader of indicators says about what it does not take."""

from __future__ import annotations

from typing import NamedTuple

from shouwang.words import Words


class LeftOut(NamedTuple):
    """One value or object that is no indicator here. Nothing is left out without one."""

    where: str
    """``line 12``; a STIX id; ``attribute 3``: see ``reasons.place``."""
    reason: str
    """See ``reasons``. Without the value, so that equal ones can be counted."""


class Unreadable(ValueError):
    """The whole file is not what it should be; nothing of it is taken."""

    def __init__(self, why: Words) -> None:
        super().__init__(why.en)
        self.why = why


def no_json(wrong: Exception) -> Words:
    """A parser's complaint in one line, without its drawing of the place."""
    complaint = " ".join(str(wrong).partition("(right here)")[0].split())[:200]
    return Words(f"不是完好的 JSON（{complaint}）", f"no JSON: {complaint}")
