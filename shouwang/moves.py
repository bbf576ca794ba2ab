"""What is kept of a move from one event store to the other, while it goes on and after it. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Final, Literal

import orjson

from shouwang.errors import StoreError
from shouwang.model import Value
from shouwang.words import Words

MOVE: Final = "store/move"
"""Name in the memory table."""
EMBEDDED: Final = "embedded"
"""As a target: the home itself."""
OPEN: Final = "open"
"""In place of a day's fingerprint: what it had was copied once; more may come."""

Stage = Literal["moving", "ready", "switched", "done"]


@dataclass(frozen=True, slots=True)
class Aim:
    """Settings of ``[store]`` that the home has after the move; all but ``prefix`` empty: events are in the home."""

    url: str = ""
    ca: str = ""
    credentials: str = ""
    prefix: str = "shouwang"

    def __str__(self) -> str:
        return self.url or EMBEDDED


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps a day from being moved, as it was last seen."""

    day: str
    source: str
    zh: str
    en: str

    @property
    def what(self) -> Words:
        return Words(self.zh, self.en)


@dataclass(frozen=True, slots=True)
class Move:
    aim: Aim
    left: Aim
    """Where the events were before."""
    by: str
    begun_us: int
    events: str
    """Position in the old store: what arrived before it is moved by days, what came after it one by one."""
    stage: Stage = "moving"
    """``ready``: the rest is small; the daemon starts anew and switches. ``switched``: the settings are yet to say so.
    ``done``: the old store is kept for whoever wants to go back."""
    matches: str = ""
    """Position up to which matches are moved; empty: none."""
    days: dict[str, str] = field(default_factory=dict)
    """Receipt day -> fingerprint of the ledger with which it was found equal, or ``OPEN``."""
    faults: tuple[Fault, ...] = ()
    why: Words | None = None
    """The last switch was put off, and why."""
    not_before_us: int = 0
    """The next one."""
    done_us: int = 0

    @property
    def goes_on(self) -> bool:
        return self.stage in ("moving", "ready")

    def dumped(self) -> bytes:
        why = None if self.why is None else [self.why.zh, self.why.en]
        return orjson.dumps({**asdict(replace(self, why=None)), "why": why})


def move_of(kept: bytes | None) -> Move | None:
    """Of ``Move.dumped``; empty: none any more."""
    if not kept:
        return None
    said: dict[str, Value] = orjson.loads(kept)
    aims = {name: Aim(**said.pop(name)) for name in ("aim", "left")}  # type: ignore[arg-type]  # what ``dumped`` wrote
    faults = tuple(Fault(**each) for each in said.pop("faults"))  # type: ignore[union-attr,arg-type]  # as above
    why = said.pop("why")
    return Move(**aims, faults=faults, why=Words(*why) if isinstance(why, list) else None, **said)  # type: ignore[arg-type]  # as above


def refuse_half(kept: bytes | None, url: str) -> None:
    """Raises ``StoreError`` where the events are elsewhere by now and the settings do not say so yet."""
    move = move_of(kept)
    if move is not None and move.stage == "switched" and move.aim.url != url:
        raise StoreError(
            Words(
                f"日志已迁至 {move.aim}，但配置尚未改写。",
                f"The events have moved to {move.aim}, and the settings do not say so yet.",
            ),
            hint=Words(
                f"`shouwang up` 会改写；或自行设 [store] url = {move.aim.url!r}。",
                f"`shouwang up` writes them; or set [store] url = {move.aim.url!r} yourself.",
            ),
        )
