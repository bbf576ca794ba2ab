"""docs/reference/sigma.md names a test for each part of the specification, and each of them is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest
from sigma.processing.transformations import transformations

from detection.ruleset import CorrelationType
from detection.sigma.modifiers import KNOWN, LONG_NAMES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "sigma.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (.+?) \| .* \| `(tests/[\w/.]+)::(\w+)` \|$", re.MULTILINE)
NAMED = sorted(set(re.findall(r"`(tests/[\w/.]+\.py)::(\w+)`", PAGE)))


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def words(title: str) -> set[str]:
    """What stands as code in the first column of a section's table."""
    rows = [line.split(" | ")[0] for line in section(title).splitlines() if line.startswith("| ")]
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_the_table_names_exists(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_of_the_specification_names_a_test() -> None:
    for title in (
        "Modifiers",
        "Values",
        "Conditions",
        "Keywords",
        "Placeholders",
        "Documents",
        "Correlations",
        "Filters",
    ):
        lines = [line for line in section(title).splitlines() if line.startswith("| ")][1:]
        assert len(lines) >= 3, title
        assert [line for line in lines if not ROW.match(line)] == []


def test_every_modifier_and_correlation_type_has_a_row() -> None:
    short = {"i", "m", "s"}
    assert words("Modifiers") >= KNOWN - short
    assert words("Modifiers") >= short | set(LONG_NAMES)
    assert words("Correlations") >= set(get_args(CorrelationType))


def test_every_transformation_of_pysigma_has_a_row() -> None:
    assert words("Pipelines of your own") >= set(transformations)
