"""Rule sets from elsewhere, in versions: ``rules/sets/NAME/VERSION/`` and one pointer a set, replaced in one step."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shouwang.errors import UsageError
from shouwang.words import Words

MARK: Final = ".versions"
"""A file: the folder that holds it holds versions, and is not looked through for rules."""
POINTER: Final = "current.json"
KEPT: Final = 3
"""Versions of a set, the current one among them."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,80}")


@dataclass(frozen=True, slots=True)
class Pointer:
    current: str
    before: tuple[str, ...] = ()
    """The versions that were in use, the latest first."""


class RuleSets:
    """The sets of a home. One process changes them at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        return sorted(
            path.parent.name for path in self.folder.glob(f"*/{POINTER}") if _NAME.fullmatch(path.parent.name)
        )

    def paths(self) -> list[Path]:
        """The folders of the versions in use."""
        found = (self.path(name) for name in self.names())
        return [path for path in found if path is not None]

    def path(self, name: str) -> Path | None:
        pointer = self.pointer(name)
        return None if pointer is None else self.folder / name / pointer.current

    def pointer(self, name: str) -> Pointer | None:
        """``None``: there is no such set, or its pointer is damaged and points nowhere."""
        try:
            said = json.loads((self.folder / name / POINTER).read_text(encoding="utf-8"))
            pointer = Pointer(str(said["current"]), tuple(map(str, said["before"])))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        names = (pointer.current, *pointer.before)
        return pointer if all(_VERSION.fullmatch(each) for each in names) else None

    def place(self, name: str, version: str) -> Path:
        """Where a version is made; it is in use once the pointer says so. Raises ``UsageError`` for a bad name."""
        if not _NAME.fullmatch(name):
            raise UsageError(
                Words(f"规则集名称 {name!r} 不可用。", f"{name!r} cannot be a set's name."),
                hint=Words("请用小写字母、数字、- 与 _。", "Use small letters, digits, - and _."),
            )
        (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / MARK).touch(mode=0o600)
        return self.folder / name / version

    def made(self, name: str, version: str) -> Path:
        """Raises ``UsageError`` when it is not there."""
        place = self.folder / name / version
        if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version) or not place.is_dir():
            raise UsageError(
                Words(f"规则集 {name} 没有版本 {version}。", f"There is no version {version} of {name}."),
                hint=Words("请重新 `shouwang rules update`。", "Run `shouwang rules update` again."),
            )
        return place

    def adopt(self, name: str, version: str) -> Pointer | None:
        """The version takes the current one's place; killed anywhere, one of both is in use. Gives what was before."""
        self.made(name, version)
        known = self.pointer(name)
        before = () if known is None else tuple(each for each in (known.current, *known.before) if each != version)
        self.point(name, Pointer(version, before[: KEPT - 1]))
        return known

    def rollback(self, name: str) -> Pointer:
        """The version before is in use again. Raises ``UsageError`` when there is none."""
        pointer = self.pointer(name)
        there = [each for each in (pointer.before if pointer else ()) if (self.folder / name / each).is_dir()]
        if pointer is None or not there:
            known = ", ".join(self.names()) or "-"
            raise UsageError(
                Words(f"规则集 {name} 没有可退回的版本。", f"The set {name} has no version to go back to."),
                hint=Words(f"现有规则集：{known}。", f"Sets: {known}."),
            )
        back = Pointer(there[0], tuple(there[1:]))
        self.point(name, back)
        return back

    def discard(self, name: str, version: str) -> None:
        """A version that is not in use. Raises ``UsageError``."""
        place, pointer = self.made(name, version), self.pointer(name)
        if pointer is None or version not in {pointer.current, *pointer.before}:
            shutil.rmtree(place, ignore_errors=True)

    def clear(self) -> None:
        """Versions that no pointer names: what was made and never adopted, and what is too old."""
        for name in self.names():
            pointer = self.pointer(name)
            used = set() if pointer is None else {pointer.current, *pointer.before}
            for path in self._versions(name) if used else ():
                if path.name not in used:
                    shutil.rmtree(path, ignore_errors=True)

    def point(self, name: str, pointer: Pointer | None) -> None:
        """In one step. ``None``: the set is no longer in use."""
        place = self.folder / name / POINTER
        if pointer is None:
            place.unlink(missing_ok=True)
            return
        new = place.with_name(f".{POINTER}.new")
        with new.open("w", encoding="utf-8") as file:
            json.dump({"current": pointer.current, "before": list(pointer.before)}, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(place)
        _settle(place.parent)

    def _versions(self, name: str) -> Iterator[Path]:
        for path in (self.folder / name).iterdir():
            if path.is_dir() and not path.is_symlink() and _VERSION.fullmatch(path.name):
                yield path


def _settle(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
