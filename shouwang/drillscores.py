"""The drills that were played in a home, with their scores, out of ``drills/*/score.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from shouwang.errors import UsageError
from shouwang.home import MARK_OF_DRILL, Home
from shouwang.model import Value
from shouwang.words import Words

SCORE: Final = "score.json"
LENGTH_OF_TIME: Final = len("2026-11-24-090000")
"""The end of a drill's name: when it was started."""
MOST_BYTES: Final = 4 << 20
"""A score larger than this was not written by a drill."""


def played(home: Home) -> Iterator[dict[str, Value]]:
    """The score of every drill, the latest first; of one that has none only ``drill`` and ``home``.

    A drill has none while it runs, or when it was cut off. Raises ``UsageError`` where this user may not look.
    """
    try:
        found = [path for path in home.drills.iterdir() if (path / MARK_OF_DRILL).is_file()]
    except FileNotFoundError:
        return
    except PermissionError as denied:
        raise UsageError(
            Words(f"无权查看 {home.drills}。", f"You may not look into {home.drills}."),
            hint=Words("演练由数据目录的所有者查看。", "The home's owner may."),
        ) from denied
    for path in sorted(found, key=lambda path: (path.name[-LENGTH_OF_TIME:], path.name), reverse=True):
        yield _score(path) | {"drill": path.name, "home": str(path)}


def score_of(home: Home, drill: str) -> dict[str, Value]:
    """Raises ``UsageError`` when no drill of that name was played here."""
    for score in played(home):
        if score["drill"] == drill:
            return score
    raise UsageError(
        Words(f"没有演练 {drill!r}。", f"There is no drill {drill!r}."),
        hint=Words("可查看：shouwang drills list", "See: shouwang drills list"),
    )


def _score(path: Path) -> dict[str, Value]:
    """Empty where there is none that can be read."""
    file = path / SCORE
    try:
        if file.stat().st_size > MOST_BYTES:
            return {}
        said: Value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
