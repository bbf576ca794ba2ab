"""A record as received, and how it reads as ECS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from shouwang.model.value import ABSENT, Found, Path, Value, value_at


class Logsource(NamedTuple):
    """Sigma's logsource, of a rule or of an event. ``None`` in a rule means any."""

    product: str | None = None
    category: str | None = None
    service: str | None = None

    def covers(self, event: Logsource) -> bool:
        """Whether a rule written for this logsource is meant for an event of that one."""
        return all(mine is None or mine == theirs for mine, theirs in zip(self, event, strict=True))


IMPORTED: Final = "import:"
"""How ``Event.source`` begins when a file was brought in, not watched."""


DEAD_DATASET: Final = "shouwang.dead"
"""What no parser could read: kept whole, counted as dropped, replayable. ``doc["error.message"]`` says why."""


class Shape:
    """How one kind of record reads as ECS. Interned: one per (dataset, event code, dialect, version).

    ``paths`` names for an ECS field the places in the document where it may stand; the first present wins.
    ``prefixes`` serves whole families (``winlog.event_data.`` -> the folder of event data in the document), tried in
    order when ``paths`` does not know the name.
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
