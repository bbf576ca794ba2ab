"""JSON that is no Windows event: flattened names; those that ECS knows are read as ECS."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from shouwang.model import Logsource, Path, Shape

_PATHS: Final[dict[str, tuple[Path, ...]]] = {
    "message": (("message",), ("msg",), ("log",)),
    "host.name": (("host.name",), ("host.hostname",), ("host",), ("hostname",)),
    "@timestamp": (),
}


def _zeek(dataset: str) -> frozenset[Logsource]:
    return frozenset((Logsource("zeek", None, dataset.removeprefix("zeek.")),))


def logsources_of(dataset: str) -> frozenset[Logsource]:
    """For an ECS sender's ``event.dataset``; others belong to no logsource, and only rules without one see them."""
    if dataset in {"nginx.access", "apache.access"}:
        product = dataset.partition(".")[0]
        return frozenset((Logsource(None, "webserver", None), Logsource(product, "webserver", product)))
    if dataset.startswith("zeek."):
        return _zeek(dataset)
    if dataset == "platform.api":
        return frozenset((Logsource("platform", "webserver", "api"),))
    return frozenset()


@lru_cache(maxsize=256)
def flat_shape(dataset: str, parser: str, logsources: frozenset[Logsource]) -> Shape:
    """For flattened documents."""
    return Shape(
        dataset=dataset, parser=parser, dialect="generic", logsources=logsources, paths=_PATHS, prefixes=(("", ()),)
    )
