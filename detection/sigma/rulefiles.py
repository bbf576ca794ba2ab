"""The rule files under some paths, and how one is known to be unchanged."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

_SUFFIXES = (".yml", ".yaml")
_TESTS = (".test.yml", ".test.yaml", ".expect.yml", ".expect.yaml")
"""How files end that say what rules must do."""
_NO_RULES = frozenset({"regression_data"})
"""Folders of a rule collection that hold events for its tests, described in YAML."""
_VERSIONS = ".versions"
"""A file; the folder that holds it holds versions of rule sets, of which the ones in use are named themselves."""


class Stamp(NamedTuple):
    """What the file system says of a file. Any change of its content changes one of these, but for changes that
    follow each other within one tick of the file system's clock."""

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    """Set by the kernel; no program can set it back."""


class RuleFile(NamedTuple):
    path: str
    stamp: Stamp | None
    """``None``: it cannot be looked at; reading it says why."""


def rule_files(paths: Sequence[Path]) -> list[RuleFile]:
    """Each file named, and every .yml and .yaml file under each folder in order of name, but for tests; none twice."""
    seen: set[tuple[int, int]] = set()
    found = []
    for path in paths:
        for file in _under(path):
            if file.stamp is not None:
                place = (file.stamp.device, file.stamp.inode)
                if place in seen:
                    continue
                seen.add(place)
            found.append(file)
    return found


def _under(path: Path) -> list[RuleFile]:
    if not path.is_dir():
        return [RuleFile(str(path), _stamp(path))]
    return sorted(_walk(str(path)), key=lambda file: file.path.split("/"))


def _walk(folder: str) -> Iterator[RuleFile]:
    """Links to folders are not followed: they may lead in a circle."""
    try:
        entries = os.scandir(folder)
    except OSError:
        yield RuleFile(folder, None)
        return
    with entries:
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _NO_RULES and not os.path.exists(f"{entry.path}/{_VERSIONS}"):  # noqa: PTH110
                        yield from _walk(entry.path)
                elif entry.name.endswith(_SUFFIXES) and not entry.name.endswith(_TESTS) and entry.is_file():
                    yield RuleFile(entry.path, _of(entry.stat()))
            except OSError:
                yield RuleFile(entry.path, None)


def _stamp(path: Path) -> Stamp | None:
    try:
        return _of(path.stat())
    except OSError:
        return None


def _of(found: os.stat_result) -> Stamp:
    return Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
