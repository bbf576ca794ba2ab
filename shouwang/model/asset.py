"""The register of what is watched."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Importance(IntEnum):
    """信息系统的重要程度, GB/Z 20986-2007 chapter 5."""

    ORDINARY = 1
    IMPORTANT = 2
    ESPECIALLY_IMPORTANT = 3

    @property
    def zh(self) -> str:
        return ("一般", "重要", "特别重要")[self - 1]


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
