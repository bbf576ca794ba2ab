"""What the engine and the correlations hand to alerting: a rule, a group, and the events that newly count for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shouwang.model import Match, Severity, Value

VALUE_CHARS = 256
"""Longest entity value kept; what is cut ends in an ellipsis."""
VALUES_OF_ONE = 16
"""Most values read from one list field of one event."""


@dataclass(frozen=True, slots=True)
class Member:
    """One event, as far as alerts need it."""

    event_id: bytes
    time_us: int
    received_us: int
    entities: Mapping[str, tuple[str, ...]]
    values: tuple[str, ...] = ()
    """What of it counted in a ``value_*`` correlation."""


@dataclass(frozen=True, slots=True)
class Hit:
    """``members`` count for this rule and group now; each event is handed over once."""

    rule_id: str
    title: str
    severity: Severity
    tags: tuple[str, ...]
    group: tuple[str, ...]
    """``name=value``, in the order the rule names them; values without case."""
    members: tuple[Member, ...]
    """In order of time."""
    timespan_us: int = 0
    """Of the correlation; 0 for a plain rule."""
    kind: str = ""
    """The correlation's type."""
    measured: str = ""
    """What was held against the condition in the newest stretch that fulfils it, as a numeral; empty where nothing is
    measured (temporal conditions in words)."""
    at_least: bool = False
    """Some events of the group were let go for want of room: more may have counted."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Events of a group were let go for want of room while they could still have counted."""

    rule_id: str
    group: tuple[str, ...]
    first_us: int
    last_us: int
    timespan_us: int


def text(value: Value) -> str:
    """A scalar as text: no lone surrogate, at most ``VALUE_CHARS`` characters; ``""`` when it says nothing."""
    if value is None or isinstance(value, list | dict):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    written = str(value)
    if len(written) > VALUE_CHARS:
        written = written[: VALUE_CHARS - 1] + "…"
    return written.encode("utf-8", "backslashreplace").decode("utf-8")


def texts(value: Value) -> tuple[str, ...]:
    """The value, or the elements of a list, as text; without what says nothing, each once."""
    if value.__class__ is str and len(value) <= VALUE_CHARS and value.isascii():  # nearly all are so
        return (value,) if value else ()
    elements = value[:VALUES_OF_ONE] if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(said for said in map(text, elements) if said))


def member_of(match: Match) -> Member:
    entities = {name: said for name, value in match.fields.items() if (said := texts(value))}
    return Member(match.event_id, match.time_us, match.received_us, entities)
