"""Whole packages read no clock and no disk; what does is named here, with what it does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).parents[2]
PURE: Final = (
    "shouwang/model",
    "shouwang/query.py",
    "shouwang/access.py",
    "shouwang/audit.py",
    "shouwang/assets.py",
    "collectors/parsers",
    "collectors/shapes",
    "detection",
    "incidents",
    "tui/present.py",
)
DOES_IO: Final = {
    "detection/authoring/attack.py": "reads the list of techniques that stands beside it",
    "detection/authoring/lint.py": "looks whether a rule's tests stand beside it",
    "detection/inforce.py": "a lock between those who match and who reloads",
    "detection/intel/index.py": "maps a set's file",
    "detection/intel/library.py": "keeps the sets' files",
    "detection/ownfile.py": "cache files",
    "detection/rules.py": "finds our own rules beside it",
    "detection/searchcache.py": "cache files of compiled patterns",
    "detection/sigma/documents.py": "reads rule files",
    "detection/sigma/edition.py": "reads what rules depend on, to know it again",
    "detection/sigma/fieldnames.py": "reads the pipelines beside it",
    "detection/sigma/rulecache.py": "cache files of rules",
    "detection/sigma/rulefiles.py": "finds rule files",
    "detection/sigma/userpipelines.py": "reads the site's pipelines",
    "incidents/plans/__init__.py": "reads the plans beside it",
    "incidents/report/html.py": "reads the templates beside it",
}
NAMES_FILES: Final = {
    "detection/authoring/difference.py",
    "detection/authoring/problems.py",
    "detection/correlation/plain.py",
    "detection/engine.py",
    "detection/ruleset.py",
    "detection/sigma/packing.py",
    "detection/sigma/reading.py",
    "detection/sigma/shelf.py",
}
"""Carry a path from one to another and ask nothing of the disk."""
_LIBRARIES: Final = """
os io socket subprocess sqlite3 apsw threading asyncio time shutil tempfile glob mmap select selectors signal fcntl http
requests gzip zipfile tarfile secrets random multiprocessing concurrent psutil duckdb pyarrow
"""
LIBRARIES: Final = frozenset(_LIBRARIES.split())
_CALLS: Final = """
now today utcnow read_text read_bytes write_text write_bytes open exists is_file is_dir iterdir rglob stat mkdir unlink
"""
CALLS: Final = frozenset(_CALLS.split())


def impurities(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (each.name for each in names if each.name.partition(".")[0] in {*LIBRARIES, "pathlib"})
            case ast.ImportFrom(module=str(module), names=names):
                if module.partition(".")[0] in LIBRARIES:
                    yield module
                if module == "pathlib" and any(each.name == "Path" for each in names):
                    yield "pathlib.Path"
            case ast.Call(func=ast.Name(id="open" | "input" | "print" as name)):
                yield f"{name}()"
            case ast.Call(func=ast.Attribute(attr=name)) if name in CALLS:
                yield f".{name}()"


def modules() -> list[str]:
    found = [path for place in PURE for path in (ROOT / place, *(ROOT / place).rglob("*.py")) if path.is_file()]
    return sorted(str(path.relative_to(ROOT)) for path in found)


@pytest.mark.parametrize("module", modules())
def test_pure_module_reads_no_clock_and_no_disk(module: str) -> None:
    found = set(impurities((ROOT / module).read_text(encoding="utf-8")))
    if module in DOES_IO:
        assert found, f"{module} does no I/O any more: it needs no exception"
    elif module in NAMES_FILES:
        assert found == {"pathlib.Path"}
    else:
        assert not found


def test_every_package_that_is_pure_and_every_exception_is_there() -> None:
    assert all((ROOT / place).exists() for place in PURE)
    assert NAMES_FILES.union(DOES_IO) <= set(modules())


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "from os import path",
        "from pathlib import Path",
        "open('x')",
        "x = datetime.now()",
        "a.b.exists()",
    ],
)
def test_the_look_finds_what_it_looks_for(source: str) -> None:
    assert list(impurities(source))
    assert not list(impurities("from pathlib import PurePath\nfrom urllib.parse import quote\nx = 'open()'"))
