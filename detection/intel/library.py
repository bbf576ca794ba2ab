"""The sets of a home: one index file each. A new version takes the old one's place without anyone waiting."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from detection.intel.index import DamagedIndex, Index
from shouwang.words import Words, words

SUFFIX: Final = ".idx"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def good_name(name: str) -> bool:
    """Small letters, digits, ``-`` and ``_``: it names a file and stands in rule ids."""
    return _NAME.fullmatch(name) is not None


class Library:
    """``sets`` is replaced as a whole, never changed: who holds it goes on with what was."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changing = threading.Lock()
        self.sets: Mapping[str, Index] = MappingProxyType({})
        self.damaged: Mapping[str, Words] = MappingProxyType({})
        """File -> why it is not used."""
        self.reload()

    def path(self, name: str) -> Path:
        return self._folder / (name + SUFFIX)

    def reload(self) -> None:
        found: dict[str, Index] = {}
        damaged: dict[str, Words] = {}
        for path in sorted(self._folder.glob("*" + SUFFIX)) if self._folder.is_dir() else ():
            if not good_name(path.stem):
                continue
            try:
                found[path.stem] = Index.at(path)
            except DamagedIndex as wrong:
                damaged[str(path)] = wrong.why
            except OSError as wrong:
                damaged[str(path)] = words(str(wrong.strerror))
        self.sets, self.damaged = MappingProxyType(found), MappingProxyType(damaged)

    def adopt(self, name: str, made: Path) -> None:
        """Put a finished index in the place of the set. Raises ``DamagedIndex``."""
        with self._changing:
            Index.at(made)
            made.replace(self.path(name))
            self._settle()

    def remove(self, name: str) -> None:
        with self._changing:
            self.path(name).unlink(missing_ok=True)
            self._settle()

    def _settle(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self.reload()
