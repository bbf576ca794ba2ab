"""JSON that is no Windows event: flattened names; those that ECS knows are read as ECS."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from shouwang.model import Logsource, Path, Shape

PATHS: Final[dict[str, tuple[Path, ...]]] = {
    "message": (("message",), ("msg",), ("log",)),
    "host.name": (("host.name",), ("host.hostname",), ("host",), ("hostname",)),
    "@timestamp": (),
}


@lru_cache(maxsize=256)
def flat_shape(dataset: str, parser: str, logsources: frozenset[Logsource]) -> Shape:
    """For flattened documents."""
    return Shape(
        dataset=dataset, parser=parser, dialect="generic", logsources=logsources, paths=PATHS, prefixes=(("", ()),)
    )
