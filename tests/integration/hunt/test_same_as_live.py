"""What arrives live and what a hunt finds afterwards with the same rules are the same, count by count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.files import Record, records
from detection.rules import OWN_RULES
from shouwang.api.table import perform
from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.firstconfig import first_config
from shouwang.flows.replaying import chunk
from shouwang.home import Home
from shouwang.rulearchive import pack
from shouwang.scenario import Arrival
from shouwang.wiring import Services, build, feed
from tests.unit.hunt.conftest import Json, finished, found

NOW_US = 1_764_043_200_000_000
STEP = 1000
FOLDERS = (
    "windows/builtin",
    "windows/powershell",
    "windows/registry",
    "windows/process_access",
    "windows/file",
    "linux",
)


@pytest.fixture
def rule_folders(shared: Path) -> list[Path]:
    return [shared / "sigma/rules" / each for each in FOLDERS]


@pytest.fixture
def services(rule_folders: list[Path], tmp_path: Path) -> Iterator[Services]:
    home = Home.at(tmp_path / "home")
    home.make_folders()
    named = ", ".join(f'"{each}"' for each in rule_folders)
    text = first_config(name="x", quiet=True)
    text = text.replace("folders = []", f"folders = [{named}]")
    home.config.write_text(text, encoding="utf-8")
    with build(home, load(home.config), ManualClock(NOW_US)) as made:
        yield made


def arrivals(shared: Path) -> Iterator[Arrival]:
    """5,000 of every kind: most are dated years ago, so the receipt time is believed."""
    samples = shared / "samples"
    files = [("windows-mordor-20k.jsonl.zst", 6), ("OpenSSH_2k.log", 2), ("Apache_2k.log", 4)]
    for name, each in files:
        for number, piece in enumerate(records(samples / name, "auto", name=name)):
            if isinstance(piece, Record) and number % each == 0:
                yield Arrival(NOW_US, piece.parser, name, piece.raw)


def test_a_hunt_finds_what_intake_found(
    services: Services, rule_folders: list[Path], shared: Path, tmp_path: Path
) -> None:
    seen = list(arrivals(shared))
    assert len(seen) > 4800
    with feed(services).intake as intake:
        for at in range(0, len(seen), STEP):
            intake.deliver(chunk(seen[at : at + STEP], now_us=NOW_US, zone=services.config.site.zone))
        assert intake.settle(60.0)
    live = Counter(
        (match.rule_id, match.event_id.hex()) for match in services.events.tail("matches", None, 10**6).items
    )
    assert len({rule for rule, _ in live}) > 8

    def act(name: str, *, file: int | None = None, **args: object) -> Json:
        result = perform(services, services.owner, name, args, file, lang="en")  # type: ignore[arg-type]
        assert isinstance(result, dict)
        return result

    for narrowing in (True, False):
        with (tmp_path / "rules.tar").open("w+b") as archive:
            pack([OWN_RULES, *rule_folders], archive)
            archive.flush()
            id = str(act("hunt.start", file=archive.fileno(), narrowing=narrowing, since="9d")["id"])
        shown = finished(act, id)
        assert shown["state"] == "done", shown["why"]
        assert shown["passed"] == len(seen)
        assert Counter((each["rule_id"], each["event_id"]) for each in found(act, id)) == live
