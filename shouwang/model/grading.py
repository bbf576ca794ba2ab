"""How grave: the national plan's grades, what they turn on, and who confirmed one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from shouwang.model.asset import Importance


class Grade(IntEnum):
    """事件分级 of the national plan, 1.4."""

    IV = 1
    III = 2
    II = 3
    I = 4  # noqa: E741  # the plan's own name

    @property
    def zh(self) -> str:
        return ("一般", "较大", "重大", "特别重大")[self - 1]


class Colour(IntEnum):
    """预警分级 of the national plan, 3.1."""

    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4


class Loss(IntEnum):
    """系统损失, GB/Z 20986-2007 chapter 5; the plan's annex 3."""

    MINOR = 1
    CONSIDERABLE = 2
    SERIOUS = 3
    ESPECIALLY_SERIOUS = 4

    @property
    def zh(self) -> str:
        return ("较小", "较大", "严重", "特别严重")[self - 1]


class SocialEffect(IntEnum):
    """社会影响, GB/Z 20986-2007 chapter 5."""

    GENERAL = 1
    CONSIDERABLE = 2
    MAJOR = 3
    ESPECIALLY_MAJOR = 4

    @property
    def zh(self) -> str:
        return ("一般", "较大", "重大", "特别重大")[self - 1]


@dataclass(frozen=True, slots=True)
class GradeFacts:
    """What a person states, or the register knows, about an incident. ``None``: nobody said."""

    importance: Importance | None = None
    loss: Loss | None = None
    social: SocialEffect | None = None
    importance_looked_up: bool = False
    """Whether the register gave it; the others only a person states."""


class Fact(StrEnum):
    """How the facts are known that a criterion turns on."""

    STATED = "stated"
    """A person stated them."""
    LOOKED_UP = "looked_up"
    """The asset register gave the importance; the others, where there are any, a person stated."""
    NOT_STATED = "not_stated"
    """One of them at least nobody has stated."""
    NOT_ASKED = "not_asked"
    """This version asks nobody for them."""
    SUPPOSED = "supposed"
    """Not known: it says what they would change."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One criterion that was looked at, met or not."""

    criterion: str
    """Stable key, for example ``gbz20986.matrix``; ``plan.1.4.iii.a``."""
    value: str
    """What was found, in words: ``重要 x 较大``."""
    document: str
    clause: str
    grade: Grade | None
    """The grade that this criterion gives; ``None``: not met, or nothing stated."""
    sure: bool
    """Whether the text of the clause was read; ``False`` is shown as 未核实."""
    fact: Fact


@dataclass(frozen=True, slots=True)
class Grading:
    """What the grading data say of the facts: the gravest criterion wins."""

    grade: Grade
    reasons: tuple[Reason, ...]
    facts: GradeFacts


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A named person's word on the grade."""

    grade: Grade
    by: str
    at_us: int
    reason: str
    """Required when it differs from what was proposed."""
    overrides: bool
