"""An incident's state and what it was found to be are called the same on every screen and paper."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from incidents.report.labels import LABELS
from shouwang.cli.names import CHINESE
from shouwang.model import Disposition, IncidentState
from tui.filters import incidents

ROOT = Path(__file__).parents[3]


def console(lang: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((ROOT / f"tui/messages/{lang}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("state", IncidentState)
def test_a_state_has_one_name(state: IncidentState) -> None:
    assert CHINESE[state.value] == state.words.zh
    assert console("zh")["state"][state.value] == state.words.zh
    assert incidents(state.words.zh) == incidents(state.value) == {"state": state.value}
    assert LABELS["zh"][f"state {state.value}"] == state.words.zh
    assert LABELS["en"][f"state {state.value}"] == state.words.en


@pytest.mark.parametrize("found", Disposition)
def test_a_disposition_has_one_name(found: Disposition) -> None:
    assert console("zh")["disposition"][found.value] == found.words.zh
    assert LABELS["zh"][f"disposition {found.value}"] == found.words.zh


def test_papers_speak_of_closing_as_screens_do() -> None:
    assert not [text for text in LABELS["zh"].values() if "结案" in text]
