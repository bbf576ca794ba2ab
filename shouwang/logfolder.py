"""Which files of a folder are taken for logs, when a person names the folder. Pure but for the look."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shouwang.words import Words

NO_LOGS: Final = frozenset(
    (
        *(".yml", ".yaml", ".toml", ".ini", ".cfg", ".conf"),
        *(".md", ".rst", ".html", ".htm", ".css"),
        *(".py", ".sh", ".bat", ".ps1", ".js", ".ts", ".c", ".h", ".go", ".rs", ".java", ".sql"),
    )
)
"""Endings of rules, settings, documents and program text, in lower case. A file that is named itself is always read."""
_PACKED: Final = (".gz", ".zst")


@dataclass(frozen=True, slots=True)
class Listed:
    """Each in order of name."""

    logs: list[Path]
    passed_over: list[tuple[Path, Words]]
    """With the reason."""


def logs_under(folder: Path) -> Listed:
    """The regular files below the folder. FIFOs and devices are not looked at, links to folders not followed."""
    listed = Listed([], [])
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        why = _no_log(path.relative_to(folder))
        if why is None:
            listed.logs.append(path)
        else:
            listed.passed_over.append((path, why))
    return listed


def _no_log(path: Path) -> Words | None:
    if any(part.startswith(".") for part in path.parts):
        return Words("隐藏文件", "hidden")
    name = path.name.lower()
    for packed in _PACKED:
        name = name.removesuffix(packed)
    ending = Path(name).suffix
    if ending in NO_LOGS:
        return Words(f"{ending} 不是日志", f"{ending} is no log")
    return None
