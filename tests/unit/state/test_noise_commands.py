"""The commands on noise without a daemon, in both languages; the settings; and a database of before."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from shouwang.cli.main import main
from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.errors import UsageError
from shouwang.flows.ruleloading import inhibits
from shouwang.home import Home
from shouwang.model import Holder, Suppression
from shouwang.statestore.codec import alert_text
from shouwang.statestore.schema import APPLICATION_ID, CORRELATIONS, TABLES
from shouwang.statestore.store import StateStore
from shouwang.wiring import build
from tests.unit.state.samples import ALERT

CHINESE = re.compile(r"[\u4e00-\u9fff]")
SEEN = replace(
    ALERT,
    id="A-1",
    key="k1",
    rule_id="intel:c2",
    last_us=time.time_ns() // 1000,
    entities={"source.ip": ("10.20.3.7",)},
)
HELD = replace(SEEN, id="A-2", key="k2", suppression=Suppression(Holder.SILENCE, "S-1", "own scanner"))


@pytest.fixture(autouse=True)
def _two_alerts(home: Home, clock: ManualClock) -> None:
    with build(home, load(home.config), clock) as services, services.state.work() as tx:
        tx.alerts.put(SEEN)
        tx.alerts.put(HELD)


def run(home: Home, lang: str, *words: str) -> int:
    return main([*words, "--home", str(home.path), "--lang", lang])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_silence_is_set_listed_and_ended_in_the_readers_language(
    home: Home, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(home, lang, "silences", "add", "--alert", "A-1", "--reason", "2026-412", "--for", "8h") == 0
    assert run(home, lang, "silences", "list") == 0
    assert run(home, lang, "status") == 0
    assert run(home, lang, "alerts", "show", "A-2") == 0
    assert run(home, lang, "silences", "end", "S-1") == 0
    told = capsys.readouterr().out
    names = ("规则为 intel:c2，且来源地址为 10.20.3.7", "会压制 1 条告警", "已结束，期间压制 1 条告警", "静默 S-1")
    if lang == "en":
        names = (
            "rule is intel:c2, and source.ip is 10.20.3.7",
            "would have held 1 alert of ",
            "has ended; it held 1 alert of ",
            "silence S-1",
        )
    assert [name for name in names if name not in told] == []


def test_the_list_says_how_many_are_held_back_and_how_to_see_them(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(home, "en", "alerts", "list") == 0
    shown = capsys.readouterr()
    assert "A-2" not in shown.out
    assert "1 more is held back: --all shows them." in shown.err
    assert run(home, "en", "alerts", "list", "--all") == 0
    assert "[S-1]" in capsys.readouterr().out
    assert run(home, "en", "alerts", "list", "--held-by", "S-1", "--json") == 0
    (held,) = json.loads(capsys.readouterr().out)["alerts"]
    assert (held["id"], held["suppressed_by"]["kind"]) == ("A-2", "silence")


def test_a_window_is_planned_and_ended(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--match", "host.name=gate-01", "--reason", "new disk", "--for", "2h")
    assert run(home, "en", "maintenance", "add", *words) == 0
    assert run(home, "en", "maintenance", "list") == 0
    assert "host.name is gate-01" in capsys.readouterr().out
    assert run(home, "en", "maintenance", "end", "M-1") == 0
    assert run(home, "en", "maintenance", "end", "M-1") == 2


INHIBIT = """
[[inhibit]]
name = "members"
members = true
equal = ["source.ip"]
within = "30m"
target = { severity = ["medium"] }
"""


def test_an_inhibition_of_the_settings_is_read_and_a_wrong_one_is_named(home: Home) -> None:
    text, path = home.config.read_text(encoding="utf-8"), home.config
    path.write_text(text + INHIBIT, encoding="utf-8")
    (found,) = inhibits(load(path), path)
    line = text.count("\n") + 2
    assert (found.name, found.equal, found.within_us, found.members) == ("members", ("source.ip",), 1_800_000_000, True)
    wrong = (("source.ip", "colour", "colour"), ("medium", "grave", "severity"), ("true", "false", "source and target"))
    for old, new, said in wrong:
        path.write_text(text + INHIBIT.replace(old, new), encoding="utf-8")
        with pytest.raises(UsageError, match=rf"{path}:{line}: \[\[inhibit\]\] members.*{said}"):
            inhibits(load(path), path)


def test_a_database_of_before_is_brought_up_with_its_alerts_heard(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    connection = apsw.Connection(str(path))
    connection.execute(TABLES + CORRELATIONS)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version=2")
    body = json.loads(alert_text(SEEN))
    del body["suppression"], body["maintenance"]
    row = (SEEN.id, SEEN.key, int(SEEN.severity), SEEN.state.value, "", SEEN.last_us, json.dumps(body))
    connection.execute("INSERT INTO alerts VALUES (?,?,?,?,?,?,?)", row)
    connection.close()
    with StateStore(path) as state:
        assert state.alerts.list(held=False) == (1, [SEEN])
        with state.work() as tx:
            tx.alerts.put(HELD)
        assert state.alerts.held_by() == {"S-1": (1, HELD.count)}
