"""The cases that are a file, a folder of rules, and what each rule fires on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from shouwang.model import Value

MATCHES: Final[Mapping[str, str]] = {
    "B01": "events.jsonl",
    "B03": "events.jsonl",
    "B08": "ForwardedEvents.jsonl",
    "C01": "events.jsonl",
    "C04": "events.log",
    "C05": "events.jsonl",
    "C09": "events.jsonl",
}
"""Case -> its file."""


def expected(folder: Path) -> dict[str, list[Value]]:
    """Rule title -> record numbers; of what is optional, what we have chosen."""
    said = json.loads((folder / "expect.json").read_text(encoding="utf-8"))
    for words in ("refused with path:line and reason", "either"):
        said.pop(words, None)
    for title, records in said.pop("optional", {}).items():
        if isinstance(records, dict):
            said[title] = [record for record in said[title] if record not in records["without"]]
        else:
            said[title] = sorted([*said.get(title, []), *records])
    return dict(said)


def by_rule(matches: Iterable[Mapping[str, Value]]) -> dict[str, list[Value]]:
    """What ``scan --json`` says, as ``expected`` does."""
    got: dict[str, list[Value]] = {}
    for match in matches:
        got.setdefault(str(match["title"]), []).append(match["record"])
    return got
