"""All that reading a rule depends on beside the rule: versions, the field mapping, the site's placeholders."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from shouwang import __version__

_HERE = Path(__file__).parents[1]
_LIBRARIES = ("pysigma-", "pyyaml-", "google_re2-", "regex-")


def edition(placeholders: Mapping[str, Sequence[str]], pipelines: Sequence[Path] = ()) -> str:
    """A digest; another one means that rules may read otherwise."""
    parts = [__version__, sys.version, *_libraries(), *_own_code(), *_pipelines()]
    parts += [f"%{name}%={list(values)}" for name, values in sorted(placeholders.items())]
    parts += [f"{path}: {_content(path)}" for path in pipelines]
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _libraries() -> list[str]:
    """Names and versions, by the folders that installers leave: importlib.metadata takes 20 ms to say the same."""
    found = find_spec("sigma")
    if found is None or found.origin is None:
        return []
    place = Path(found.origin).parent.parent
    return sorted(name for name in os.listdir(place) if name.lower().startswith(_LIBRARIES))  # noqa: PTH208  # names


def _own_code() -> list[str]:
    """So that a checkout of the same version that was edited does not use old results."""
    files = sorted([*_HERE.glob("*.py"), *_HERE.glob("sigma/*.py")])
    return [f"{file.name} {found.st_size} {found.st_mtime_ns}" for file in files for found in [file.stat()]]


def _pipelines() -> list[str]:
    return [file.read_text(encoding="utf-8") for file in sorted((_HERE / "pipelines").glob("*.yml"))]


def _content(path: Path) -> str:
    try:
        return path.read_bytes().hex()
    except OSError as error:
        return str(error)
