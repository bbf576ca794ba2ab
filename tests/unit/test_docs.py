"""The pages say what is there: what code and pages name exists; every command and option stands in the reference."""

from __future__ import annotations

import argparse
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shouwang.cli.main import parser

ROOT = Path(__file__).parents[2]
EVERYWHERE = {"--home", "--json", "--lang", "--help"}


def tracked() -> Iterator[tuple[str, str]]:
    """Name and text of every text file of the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        try:
            yield name, (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue


def anchors(page: Path) -> set[str]:
    """Of its headings, as they are linked to."""
    titles = re.findall(r"^#+ +(.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def is_there(page: Path, anchor: str) -> bool:
    return page.exists() and (not anchor or page.suffix != ".md" or anchor in anchors(page))


def test_every_page_that_is_named_outside_the_pages_exists_with_its_section() -> None:
    named = [
        (name, page, anchor)
        for name, text in tracked()
        if not name.startswith("docs/")
        for page, anchor in re.findall(r"\b(docs/[\w/.-]+\.md)(?:#([\w-]+))?", text)
    ]
    assert len(named) > 30
    assert not [each for each in named if not is_there(ROOT / each[1], each[2])]


def test_every_link_between_pages_leads_somewhere() -> None:
    links = [
        (name, target, anchor)
        for name, text in tracked()
        if name.endswith(".md") and not name.startswith("tests/")
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text)
    ]
    assert links
    broken = [
        (name, target, anchor)
        for name, target, anchor in links
        if not is_there((ROOT / name).parent / target if target else ROOT / name, anchor)
    ]
    assert not broken


def test_every_file_that_a_page_names_exists() -> None:
    rooms = "shouwang|collectors|detection|incidents|playbooks|backup|tui|tests|scripts"
    named = [
        (name, path)
        for name, text in tracked()
        if name.endswith(".md") and not name.startswith(("docs/adr/", "tests/"))  # a decision tells of its day
        for path in re.findall(rf"`((?:{rooms})/[\w/.-]+)`", text)
    ]
    assert named
    assert not [each for each in named if not (ROOT / each[1]).exists()]


def commands(of: argparse.ArgumentParser, words: str = "") -> Iterator[tuple[str, set[str]]]:
    """``alerts list`` and its own long options, for each that can be typed."""
    below = [each for each in of._actions if isinstance(each, argparse._SubParsersAction)]
    for group in below:
        for name, each in group.choices.items():
            yield from commands(each, f"{words} {name}".strip())
    if not below:
        hidden = argparse.SUPPRESS
        options = {word for each in of._actions if each.help != hidden for word in each.option_strings}
        yield words, {word for word in options if word.startswith("--")} - EVERYWHERE


COMMANDS = dict(commands(parser()))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_stands_in_the_reference_with_its_options(command: str) -> None:
    text = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
    rows = [
        row
        for row in text.splitlines()
        for first in [row.replace("\\|", "¦").split("|")[1] if row.startswith("|") else ""]
        if any(re.match(rf"{re.escape(command)}(?![\w-])", span) for span in re.findall(r"`([^`]+)`", first))
    ]
    assert rows, f"{command} stands in no row"
    said = set(re.findall(r"--[a-z][\w-]*", "\n".join(rows)))
    assert COMMANDS[command] <= said, COMMANDS[command] - said


def test_no_option_stands_in_the_reference_that_no_command_takes() -> None:
    text = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`?(--[a-z][\w-]*)", text)) <= set().union(EVERYWHERE, *COMMANDS.values())
