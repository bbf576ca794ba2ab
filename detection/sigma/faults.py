"""How a rule that cannot be used is told from inside its parser."""

from __future__ import annotations

from shouwang.words import Words


class RuleFault(ValueError):
    """Why this document is refused. ``where``: the keys that lead to the cause, for the line number."""

    def __init__(self, reason: Words, *where: str | int) -> None:
        super().__init__(reason.en)
        self.reason = reason
        self.where = where

    def under(self, *keys: str | int) -> RuleFault:
        return RuleFault(self.reason, *keys, *self.where)
