"""The switch to another event store: whole or not at all, and a home that cannot switch goes on as it was."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from shouwang.clock import SystemClock
from shouwang.config import load
from shouwang.errors import StoreError, UsageError
from shouwang.eventstore.base import StoreAway
from shouwang.firstconfig import first_config
from shouwang.home import Home
from shouwang.local import Local, open_home
from shouwang.moves import MOVE, Aim, Fault, Move, move_of
from shouwang.statestore.store import StateStore
from shouwang.switching import switch
from shouwang.words import Words

AWAY = "http://127.0.0.1:9"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home.at(tmp_path / "home")
    made.make_folders()
    made.config.write_text(first_config(name="滨河社区", quiet=True), encoding="utf-8")
    open_home(made, "en").close()
    return made


def keep(home: Home, move: Move) -> None:
    with StateStore(home.state) as state, state.work() as tx:
        tx.memory.put(MOVE, move.dumped())


def kept(home: Home) -> Move:
    with StateStore(home.state) as state:
        found = move_of(state.memory.get(MOVE))
    assert found is not None
    return found


def test_what_is_kept_of_a_move_is_read_as_it_was() -> None:
    move = Move(Aim(AWAY, "/ca", "/key"), Aim(), "root", 7, "e:1")
    for each in (move, replace(move, why=Words("因", "why"), faults=(Fault("2026-11-24", "x", "差", "differs"),))):
        assert move_of(each.dumped()) == each
    assert move_of(b"") is None


def test_a_new_store_that_is_away_puts_the_switch_off_and_the_home_goes_on_as_it_was(home: Home) -> None:
    keep(home, Move(Aim(AWAY), Aim(), "root", 7, "e:0", stage="ready"))
    config = load(home.config)
    assert switch(home, config, SystemClock()) is config
    move = kept(home)
    assert (move.stage, move.why is not None) == ("moving", True)
    assert move.not_before_us > SystemClock().now_us()
    assert load(home.config).store.url == ""
    open_home(home, "en").close()


def test_a_switch_that_was_cut_off_before_the_settings_is_ended_by_the_next_start_and_nothing_runs_between(
    home: Home,
) -> None:
    keep(home, Move(Aim(AWAY), Aim(), "root", 7, "e:0", stage="switched"))
    with pytest.raises(StoreError) as refused:
        open_home(home, "en")
    assert "shouwang up" in refused.value.hint.en
    assert switch(home, load(home.config), SystemClock()).store.url == AWAY
    assert load(home.config).store.url == AWAY
    assert kept(home).stage == "done"
    assert switch(home, load(home.config), SystemClock()).store.url == AWAY


def test_a_home_without_a_move_has_nothing_to_switch(home: Home) -> None:
    config = load(home.config)
    assert switch(home, config, SystemClock()) is config


def test_a_move_is_shown_and_called_off_and_what_cannot_be_is_refused(home: Home) -> None:
    with closing(open_home(home, "en")) as here:
        with pytest.raises(UsageError, match="No move"):
            here.call("store.migrate.cancel")
        with pytest.raises(UsageError, match="embedded already"):
            here.call("store.migrate", to="embedded")
        with pytest.raises(StoreAway):
            here.call("store.migrate", to=AWAY)
        assert here.call("store.migration") == {"stage": None}
    keep(home, Move(Aim(AWAY), Aim(), "root", 7, "e:0", faults=(Fault("2026-11-24", "x", "差", "differs"),)))
    with closing(open_home(home, "en")) as here:
        shown = here.call("store.migration")
        assert isinstance(shown, dict)
        assert (shown["stage"], shown["to"], shown["from"]) == ("moving", AWAY, "embedded")
        assert shown["faults"] == [{"day": "2026-11-24", "source": "x", "what": "differs"}]
        with pytest.raises(UsageError, match="goes on"):
            here.call("store.migrate", to="http://127.0.0.1:10")
        assert here.call("store.migrate.cancel") == {"cancelled": AWAY}
        assert here.call("store.migration") == {"stage": None}
        assert [each for each in told(here) if each.startswith("store.migrate")] == ["store.migrate.cancel"]


def told(here: Local) -> list[str]:
    said = here.call("audit.list")
    assert isinstance(said, dict)
    entries = said["entries"]
    assert isinstance(entries, list)
    return [str(each["act"]) for each in entries if isinstance(each, dict)]
