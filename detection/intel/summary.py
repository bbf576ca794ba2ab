"""What a person is told of a set. Pure."""

from __future__ import annotations

from detection.intel.head import Head
from shouwang.model import Value


def summary(head: Head) -> dict[str, Value]:
    """Numbers of indicators by kind, and what was left out of its file, why and where."""
    return {
        "indicators": head.total,
        "counts": dict(head.counts),
        "left_out": dict(head.left_out),
        "examples": {reason: list(places) for reason, places in head.examples.items()},
        "replaced": head.replaced,
        "sha256": head.digest,
    }
