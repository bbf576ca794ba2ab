"""What the user must act on. Everything else is a value (expected per item) or a bug (builtin exception).

ShouwangError          exit 1   the act failed; the sentence says on what, and what to do
├── UsageError         exit 2   the request or the input cannot be read as it stands
├── RulesError         exit 3   no rule could be loaded
├── StoreError         exit 4   a database cannot be opened, is newer than this version, or refuses
├── AccessError        exit 77  who you are may not do this (EX_NOPERM)
└── LockedError        exit 75  another process owns the home (EX_TEMPFAIL)
"""

from __future__ import annotations

from shouwang.words import NOTHING, Words, words


def _joined(message: str, hint: str) -> str:
    """Chinese sentences need no blank between them; nor does what the daemon said in Chinese to any reader."""
    return f"{message}{'' if message.endswith('。') else ' '}{hint}".strip()


class ShouwangError(Exception):
    """Says what failed, on what, and what to do, in the reader's language. Shown without a traceback."""

    exit_code = 1
    kind = "error"

    def __init__(self, message: str | Words, *, hint: str | Words = NOTHING) -> None:
        super().__init__(message)
        self.message = words(message)
        self.hint = words(hint)

    @property
    def whole(self) -> Words:
        """Message and hint as one."""
        return Words(_joined(self.message.zh, self.hint.zh), _joined(self.message.en, self.hint.en))

    def __str__(self) -> str:
        return self.whole.en


class UsageError(ShouwangError):
    exit_code = 2
    kind = "usage"


class RulesError(ShouwangError):
    exit_code = 3
    kind = "rules"


class StoreError(ShouwangError):
    exit_code = 4
    kind = "store"


class AccessError(ShouwangError):
    exit_code = 77
    kind = "access"


class LockedError(ShouwangError):
    exit_code = 75
    kind = "locked"


BY_KIND: dict[str, type[ShouwangError]] = {
    cls.kind: cls for cls in (ShouwangError, UsageError, RulesError, StoreError, AccessError, LockedError)
}
"""How an error that crossed the socket becomes the same error in the client."""
