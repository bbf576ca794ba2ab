"""Killed at any point and gone on with, a hunt finds each match once."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from shouwang.errors import UsageError
from shouwang.eventstore.embedded import history
from shouwang.flows.hunting import run as hunting
from shouwang.huntfolder import HuntFolder, Plan
from shouwang.model import Value
from shouwang.wiring import Services, hunters_needs
from tests.unit.hunt.conftest import Act, bring_in, finished, found, ssh_lines
from tests.unit.hunt.test_hunts import BURST, FAILED
from tests.unit.state.conftest import NOON_US

Archive = Callable[..., BinaryIO]
Json = dict[str, Value]


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "READ_AT_ONCE", 7)
    monkeypatch.setattr(history, "PASSED_AT_ONCE", 50)
    monkeypatch.setattr(hunting, "SAY_S", 0.0)
    monkeypatch.setattr(hunting, "KEEP_S", 0.0)


def plan(id: str) -> Plan:
    return Plan(
        id=id, by="ana", asked=["x"], ids=[], given=True, intel=[], from_us=0, to_us=1 << 62, made_us=NOON_US,
        zone="Asia/Shanghai",
    )  # fmt: skip


def run_until_killed(needs: Json, folder: Path, files: list[int], words: int) -> bool:
    """Whether it was: at the word of progress of that number, with half a line just written."""

    def work() -> None:
        said = 0

        def say(_progress: Json) -> None:
            nonlocal said
            said += 1
            if said > words:
                with (folder / "matches.jsonl").open("ab") as file:
                    file.write(b'{"half')
                os.kill(os.getpid(), signal.SIGKILL)

        hunting.work({"folder": str(folder), **needs}, files, say)

    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join(60)
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


@pytest.mark.parametrize("seed", range(3))
def test_every_match_once(
    services: Services, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    bring_in(services, ssh_lines(700))
    needs = hunters_needs(services.home, services.config, services.config.rules)
    given = archive(FAILED.replace("SRV-1", "srv-*"), BURST)
    whole = HuntFolder(tmp_path / "whole")
    whole.make(plan("H-1"))
    assert not run_until_killed(needs, whole.path, [given.fileno()], 1_000_000)

    chance = random.Random(seed)
    monkeypatch.setattr(hunting, "KEEP_S", chance.choice([0.0, 0.001]))
    cut = HuntFolder(tmp_path / "cut")
    cut.make(plan("H-2"))
    files, kills = [given.fileno()], 0
    while run_until_killed(needs, cut.path, files, chance.randrange(1, 15)):
        files, kills = [], kills + 1
        assert kills < 500
    assert kills > 3
    assert cut.matches.read_bytes() == whole.matches.read_bytes()
    assert cut.correlated.read_bytes() == whole.correlated.read_bytes()
    one, other = whole.state(), cut.state()
    assert (one.matches, one.passed, one.read, one.fired) == (other.matches, other.passed, other.read, other.fired)
    assert (one.passed, one.matches) == (700, len(whole.matches.read_bytes().splitlines()))


def test_what_arrives_after_the_start_is_another_hunts(services: Services, archive: Archive, tmp_path: Path) -> None:
    bring_in(services, ssh_lines(300))
    needs = hunters_needs(services.home, services.config, services.config.rules)
    folder = HuntFolder(tmp_path / "hunt")
    folder.make(plan("H-1"))
    assert run_until_killed(needs, folder.path, [archive(FAILED).fileno()], 2)
    bring_in(services, ssh_lines(301)[:-60], "other.log")
    assert not run_until_killed(needs, folder.path, [], 1_000_000)
    assert folder.state().passed == 300


def test_one_that_was_stopped_goes_on_and_one_that_is_done_does_not(
    services: Services, act: Act, archive: Archive
) -> None:
    bring_in(services, ssh_lines(600))
    id = str(act("hunt.start", file=archive(FAILED).fileno())["id"])
    act("hunt.stop", id=id)
    shown = finished(act, id)
    if shown["state"] == "stopped":
        act("hunt.resume", id=id)
        shown = finished(act, id)
    assert (shown["state"], shown["matches"]) == ("done", 100)
    assert len(found(act, id)) == 100
    with pytest.raises(UsageError):
        act("hunt.resume", id=id)


def test_it_does_not_go_on_with_other_rules(services: Services, act: Act) -> None:
    bring_in(services, ssh_lines(30))
    services.home.rules.joinpath("mine.yml").write_text(FAILED, encoding="utf-8")
    needs = hunters_needs(services.home, services.config, services.config.rules)
    folder = HuntFolder(services.home.hunts / "H-7")
    folder.make(replace(plan("H-7"), given=False, ids=[FAILED.split("id: ")[1][:36]]))
    assert run_until_killed(needs, folder.path, [], 0)
    services.home.rules.joinpath("mine.yml").write_text(FAILED.replace("SRV-1", "SRV-2"), encoding="utf-8")
    act("hunt.resume", id="H-7")
    shown = finished(act, "H-7")
    assert (shown["state"], shown["kind"]) == ("failed", "usage")
