"""A JSON object of the daemon's, read by key and kind: JSON is read here and nowhere else in the console.

Pure. A key that is missing or of another kind reads as nothing, so a daemon one version older or newer still shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shouwang.model import Value


class Doc:
    __slots__ = ("fields",)

    def __init__(self, value: Value) -> None:
        self.fields: Mapping[str, Value] = value if isinstance(value, dict) else {}

    def text(self, key: str) -> str:
        value = self.fields.get(key)
        return value if isinstance(value, str) else "" if value is None else str(value)

    def number(self, key: str) -> float:
        value = self.fields.get(key)
        return float(value) if isinstance(value, int | float) else 0.0

    def integer(self, key: str) -> int:
        return int(self.number(key))

    def flag(self, key: str) -> bool:
        return self.fields.get(key) is True

    def verdict(self, key: str) -> bool | None:
        value = self.fields.get(key)
        return value if isinstance(value, bool) else None

    def time(self, key: str) -> datetime | None:
        return moment(self.text(key))

    def doc(self, key: str) -> Doc:
        return Doc(self.fields.get(key))

    def docs(self, key: str) -> tuple[Doc, ...]:
        value = self.fields.get(key)
        return tuple(Doc(item) for item in value) if isinstance(value, list) else ()

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.fields.get(key)
        return tuple(str(item) for item in value) if isinstance(value, list) else ()

    def counts(self, key: str) -> dict[str, int]:
        value = self.fields.get(key)
        return {str(name): Doc(value).integer(name) for name in value} if isinstance(value, dict) else {}


def moment(text: str) -> datetime | None:
    """An RFC 3339 time with its offset; ``None`` when it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
