"""The nouns in which the domains meet.

Times are ``int`` UTC microseconds and end in ``_us``. Field names are ECS. Greater is graver.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, StrEnum
from typing import Final, NamedTuple, TypeAlias

from shouwang.words import NOTHING, Words

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"
"""What JSON can say."""


class Absent(Enum):
    """The field is not there; differs from a field that is there and null."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
Found: TypeAlias = "Value | Absent"


# ---------------------------------------------------------------------------------------------- events


class Logsource(NamedTuple):
    """Sigma's logsource, of a rule or of an event. ``None`` in a rule means any."""

    product: str | None = None
    category: str | None = None
    service: str | None = None

    def covers(self, event: Logsource) -> bool:
        """Whether a rule written for this logsource is meant for an event of that one."""
        return all(mine is None or mine == theirs for mine, theirs in zip(self, event, strict=True))


Path: TypeAlias = tuple[str, ...]
"""The keys from the document's top to one field."""

IMPORTED: Final = "import:"
"""How ``Event.source`` begins when a file was brought in, not watched."""

DEAD_DATASET: Final = "shouwang.dead"
"""What no parser could read: kept whole, counted as dropped, replayable. ``doc["error.message"]`` says why."""


class Shape:
    """How one kind of record reads as ECS. Interned: one per (dataset, event code, dialect, version).

        ``paths`` names for an ECS field the places in the document where it may stand; the first present wins.
        ``prefixes`` serves whole families (``winlog.event_data.`` -> the folder of event data in the document), tried
    in order when ``paths`` does not know the name.
    ``parser`` is the name in ``PARSERS`` that makes ``doc`` from ``raw`` again.
    """

    __slots__ = ("code", "dataset", "dialect", "logsources", "parser", "paths", "prefixes", "version")

    def __init__(
        self,
        *,
        dataset: str,
        parser: str,
        code: str = "",
        dialect: str = "",
        logsources: frozenset[Logsource] = frozenset(),
        paths: Mapping[str, tuple[Path, ...]],
        prefixes: tuple[tuple[str, Path], ...] = (),
        version: int = 1,
    ) -> None:
        self.dataset = dataset
        self.parser = parser
        self.code = code
        self.dialect = dialect
        self.logsources = logsources
        self.paths = paths
        self.prefixes = prefixes
        self.version = version

    def locate(self, ecs_name: str) -> tuple[Path, ...]:
        """Every place in the document where this ECS field may stand, best first; empty when it cannot."""
        known = self.paths.get(ecs_name)
        if known is not None:
            return known
        return tuple(
            (*folder, ecs_name[len(prefix) :])
            for prefix, folder in self.prefixes
            if ecs_name.startswith(prefix) and len(ecs_name) > len(prefix)
        )

    def __repr__(self) -> str:
        return f"Shape({self.dataset!r}, code={self.code!r}, dialect={self.dialect!r})"


def value_at(doc: Mapping[str, Value], path: Path) -> Found:
    """The value at ``path``; ABSENT as soon as a key is missing or what stands above it is no object."""
    here: Value | Mapping[str, Value] = doc
    for key in path:
        if not isinstance(here, Mapping) or key not in here:
            return ABSENT
        here = here[key]
    return here  # type: ignore[return-value]  # a Mapping only for the empty path, which no shape has


class Event:
    """What the source said, and how to read it. Read-only by convention: only parsers and intake assign.

    id           16 bytes: 48-bit receipt time in ms, 80 random bits; ``b""`` until intake gives it
    time_us      when it happened, as far as we believe the source (see ``collectors.origin.settle``)
    received_us  when we received it; the store's day
    source       id of the source, for example ``file:/var/log/auth.log``
    doc          the decoded document; keys and layout are the shape's business
    raw          the record's bytes as received, without the line end
    context      ECS fields that intake knows and the record does not say (``log.file.path``, ``log.source.address``,
                 ``event.created`` when the claimed time was not believed, ``tags``, ``log.flags``); stored with ``raw``
    asset_id     the register's asset, ``""`` when unknown
    """

    __slots__ = ("asset_id", "context", "doc", "id", "raw", "received_us", "shape", "source", "time_us")

    def __init__(
        self,
        *,
        time_us: int,
        received_us: int,
        source: str,
        shape: Shape,
        doc: Mapping[str, Value],
        raw: bytes,
        context: Mapping[str, Value] | None = None,
        id: bytes = b"",
        asset_id: str = "",
    ) -> None:
        self.id = id
        self.time_us = time_us
        self.received_us = received_us
        self.source = source
        self.shape = shape
        self.doc = doc
        self.raw = raw
        self.context: Mapping[str, Value] = context if context is not None else {}
        self.asset_id = asset_id

    def get(self, ecs_name: str) -> Found:
        """One field by its ECS name. Lists stay lists; ABSENT when the event has no such field."""
        shape = self.shape
        places = shape.paths.get(ecs_name)
        if places is None:
            places = shape.locate(ecs_name)
        for path in places:
            found = value_at(self.doc, path)
            if found is not ABSENT:
                return found
        return self.context.get(ecs_name, ABSENT)

    def fields(self) -> dict[str, Value]:
        """The ECS view, dotted names, built on demand; without ``@timestamp`` and the other envelope fields."""
        view: dict[str, Value] = {}
        for name in self._names():
            found = self.get(name)
            if found is not ABSENT:
                view[name] = found
        return view

    def _names(self) -> Iterator[str]:
        yield from self.shape.paths
        for prefix, folder in self.shape.prefixes:
            held = value_at(self.doc, folder) if folder else dict(self.doc)
            if isinstance(held, Mapping):
                yield from (prefix + key for key in held)
        yield from self.context


# ------------------------------------------------------------------------------------------ detection


class Severity(IntEnum):
    """Sigma's level."""

    INFORMATIONAL = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5


@dataclass(frozen=True, slots=True)
class Match:
    """One rule fired on one event."""

    rule_id: str
    title: str
    severity: Severity
    event_id: bytes
    time_us: int
    received_us: int
    source: str
    fields: Mapping[str, Value]
    """ECS fields that alerts and correlations group by: the entities, and whatever a loaded correlation names."""
    tags: tuple[str, ...] = ()
    """Sigma tags, for example ``attack.t1110``."""


class AlertState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule or correlation fired for one entity within one window."""

    id: str
    """``A-`` and a number; ``D-A-`` in a drill."""
    key: str
    """Hash of rule, group key and window start: what makes repeating harmless."""
    rule_id: str
    title: Words
    """The rule's; a rule with a title in one language only has it in both."""
    severity: Severity
    count: int
    """Exact number of events, or of what the correlation counts."""
    first_us: int
    last_us: int
    received_us: int
    """Receipt time of the newest event in it."""
    entities: Mapping[str, tuple[str, ...]]
    """ECS name -> values, sorted: ``source.ip``, ``host.name``, ``user.name`` ..."""
    event_ids: tuple[bytes, ...]
    """The first hundred."""
    tags: tuple[str, ...]
    state: AlertState
    incident_id: str
    asset_id: str
    drill: bool = False


# ------------------------------------------------------------------------------------------ incidents


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


class Importance(IntEnum):
    """信息系统的重要程度, GB/Z 20986-2007 chapter 5."""

    ORDINARY = 1
    IMPORTANT = 2
    ESPECIALLY_IMPORTANT = 3

    @property
    def zh(self) -> str:
        return ("一般", "重要", "特别重要")[self - 1]


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
class Asset:
    """One row of the register."""

    id: str
    name: str
    importance: Importance
    hosts: tuple[str, ...] = ()
    """Host names, compared without case."""
    networks: tuple[str, ...] = ()
    """Addresses or CIDR, canonical."""


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


class IncidentState(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    TRIAGED = "triaged"
    CLOSED = "closed"

    @property
    def zh(self) -> str:
        return {"open": "待认领", "claimed": "已认领", "triaged": "已研判", "closed": "已办结"}[self.value]


class Disposition(StrEnum):
    """研判结论."""

    TRUE = "true"
    FALSE_POSITIVE = "false_positive"
    DUPLICATE = "duplicate"
    AUTHORISED = "authorised"

    @property
    def zh(self) -> str:
        return {"true": "真实", "false_positive": "误报", "duplicate": "重复", "authorised": "已授权"}[self.value]


@dataclass(frozen=True, slots=True)
class Incident:
    id: str
    """``INC-20261124-0007`` (day of the site); ``D-INC-...`` in a drill."""
    title: Words
    key: str
    """What alerts must share to belong here; see ``incidents.grouping``."""
    state: IncidentState
    found_at_us: int
    """发现/获知: receipt time of the alert that made it. Legal clocks run from here, whenever its events happened."""
    grading: Grading
    """What the system proposes, made anew when facts change."""
    confirmation: Confirmation | None = None
    owner: str = ""
    disposition: Disposition | None = None
    disposition_reason: str = ""
    close_reason: str = ""
    closed_at_us: int = 0
    alert_ids: tuple[str, ...] = ()
    asset_ids: tuple[str, ...] = ()
    first_us: int = 0
    """When the first and the last of its events happened; 0: not known."""
    last_us: int = 0
    imported: bool = False
    """Whether its first events were brought in from a file: they may have been known long before ``found_at_us``."""
    drill: bool = False

    @property
    def grade(self) -> Grade:
        return self.confirmation.grade if self.confirmation else self.grading.grade


# --------------------------------------------------------------------------------------------- health


class Level(StrEnum):
    """How a part of the system does."""

    OK = "ok"
    DEGRADED = "degraded"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know about the system itself, and what to do."""

    level: Level
    what: Words
    hint: Words = NOTHING


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How one source does, for the overview."""

    id: str
    level: Level
    detail: str | Words
    last_event_us: int = 0
    received: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Reason -> number, since the daemon started."""
