"""What an act is told beside its arguments."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import tzinfo
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict

from shouwang.access import Role
from shouwang.errors import UsageError
from shouwang.model import Value
from shouwang.statestore.store import Transaction
from shouwang.timespan import rfc3339, since
from shouwang.wiring import Services
from shouwang.words import Words, words

Json: TypeAlias = "dict[str, Value]"


@dataclass(frozen=True, slots=True)
class Context:
    services: Services
    user: str
    role: Role
    lang: str
    """``zh`` or ``en``: in which sentences are said."""
    file: int | None = None
    """A descriptor that came with the request; closed by whoever received it."""

    @property
    def zone(self) -> tzinfo:
        return self.services.config.site.zone

    def say(self, text: str | Words) -> str:
        """In the language asked for."""
        return words(text).of(self.lang)

    def now_us(self) -> int:
        return self.services.clock.now_us()

    def time(self, time_us: int) -> str:
        return rfc3339(time_us, self.zone)

    def optional_time(self, time_us: int) -> str | None:
        return self.time(time_us) if time_us else None

    def since_us(self, text: str) -> int:
        """``24h``, or a time; without an offset it is the site's."""
        return since(text, self.now_us(), self.zone)

    def note(self, act: str, target: str, detail: Json) -> None:
        """An audit entry of its own, for what is done outside the state store."""
        with self.act(act, target, detail):
            pass

    def act(self, act: str, target: str, detail: Json) -> AbstractContextManager[Transaction]:
        """One transaction of the state store with its audit entry."""
        store = self.services.state.acting_as(self.role.value)
        return store.act(actor=self.user, act=act, target=target, at_us=self.now_us(), detail=detail)

    def required_file(self) -> int:
        if self.file is None:
            raise UsageError(
                Words("此操作须随请求传入已打开的文件。", "This act needs an open file, handed over with the request."),
                hint="docs/reference/socket.md",
            )
        return self.file


class Args(BaseModel):
    """Arguments of an act: unknown ones are refused, kinds are not converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NoArgs(Args):
    pass
