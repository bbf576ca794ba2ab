"""What matches carry of their events."""

from __future__ import annotations

from typing import Final

from detection import repeated

ENTITY_FIELDS: Final = (
    "host.name",
    "user.name",
    "source.ip",
    "destination.ip",
    "url.domain",
    "process.name",
    "file.path",
    repeated.FIELD,
)
"""What every match carries, so that an alert can say whom it is about, and for how many records its event speaks."""
