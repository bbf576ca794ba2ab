"""What is known of a set without reading its indicators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Head:
    """Stands at the front of the set's file."""

    name: str
    source: str
    confidence: int | None
    """Of indicators that say none themselves."""
    made_us: int
    until_us: int
    """When indicators without an end of their own end."""
    digest: str
    """SHA-256 of the file that it was made from."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Kind -> number."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Reason -> number."""
    examples: Mapping[str, list[str]] = field(default_factory=dict)
    """Reason -> the first places."""
    prefixes: Mapping[str, list[int]] = field(default_factory=dict)
    """IP version -> the lengths of its networks' prefixes."""
    replaced: int = 0
    """Indicators that came more than once; the one that ends last stays."""

    records_bytes: int = 0

    @property
    def total(self) -> int:
        return sum(self.counts.values())
