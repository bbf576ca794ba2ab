"""The daemon's answers, read by key and kind; results to stdout as JSON."""

from __future__ import annotations

import json
import sys
from typing import Final

from shouwang.cli.terminal import inert_json, shown
from shouwang.model import Value

SCHEMA: Final = 1
"""Of the JSON that commands print: changed when a field goes or means something else, not when one is added."""


class Answer:
    """A JSON object; what is missing, or of another kind, reads as nothing."""

    __slots__ = ("fields",)

    def __init__(self, value: Value) -> None:
        self.fields: dict[str, Value] = value if isinstance(value, dict) else {}

    def __getitem__(self, key: str) -> str:
        """As text for a terminal."""
        value = self.fields.get(key)
        return "" if value is None else shown(value)

    def number(self, key: str) -> float:
        value = self.fields.get(key)
        return value if isinstance(value, int | float) else 0

    def flag(self, key: str) -> bool:
        return self.fields.get(key) is True

    def time(self, key: str) -> str:
        """To the second, without the offset."""
        return self[key][:19].replace("T", " ")

    def part(self, key: str) -> Answer:
        return Answer(self.fields.get(key))

    def parts(self, key: str) -> list[Answer]:
        return parts(self.fields.get(key))

    def texts(self, key: str) -> list[str]:
        value = self.fields.get(key)
        return [shown(each) for each in value] if isinstance(value, list) else []

    def counts(self, key: str) -> str:
        """``name 3, other 1``, without the zeros."""
        return ", ".join(f"{shown(name)} {count}" for name, count in self.part(key).fields.items() if count)


def parts(value: Value) -> list[Answer]:
    return [Answer(each) for each in value] if isinstance(value, list) else []


def print_json(value: Value) -> None:
    """Indented; objects say the schema."""
    stamped: Value = {"schema": SCHEMA, **value} if isinstance(value, dict) else value
    _write(json.dumps(stamped, ensure_ascii=False, indent=2))


def print_json_line(value: Value) -> None:
    _write(json.dumps(value, ensure_ascii=False))
    sys.stdout.flush()


def _write(text: str) -> None:
    """As UTF-8, with nothing in it that steers a terminal."""
    sys.stdout.write(inert_json(text.encode("utf-8", "backslashreplace").decode("utf-8")) + "\n")


def counted(alert: Answer) -> str:
    """``141``; ``>=141`` where some events were let go for want of room."""
    return f">={alert['count']}" if alert.flag("at_least") else alert["count"]
