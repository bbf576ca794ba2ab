"""While a daemon runs, nobody else holds a database open for writing, whatever act is asked of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shouwang.api.table import ACTS
from shouwang.client import Client
from shouwang.model import Value
from shouwang.rulearchive import pack
from tests.integration.daemon.conftest import Daemon, wait_for
from tests.integration.daemon.holders import Watch, holders
from tests.integration.daemon.test_daemon import failed_logins
from tests.unit.hunt.conftest import ssh_lines

HISTORY = 20_000
RULE = """
title: A failed password {0}
id: 66666666-6666-4666-8666-66666666666{0}
logsource: {{product: linux, service: sshd}}
detection: {{selection: {{event.action: ssh_login_failed, source.ip: 203.0.113.{0}}}, condition: selection}}
level: low
"""
INDICATORS = "indicator,type\n203.0.113.9,ip\n"
AT_ONCE = ("stop", "hunt.start")
"""What comes next must not wait for a look around: the daemon is gone then, or the hunt may be over."""
TO_A_CLUSTER = frozenset(("store.migrate", "store.migrate.cancel"))
"""Needs one: watched in the same way in ``tests/elastic/test_migrate.py``."""
Json = dict[str, Value]


class Asking:
    """Asks act after act, and looks who holds what before, during and after each."""

    def __init__(self, client: Client, watch: Watch) -> None:
        self.asked: list[str] = []
        self._client = client
        self._watch = watch

    def __call__(self, act: str, **args: Value) -> Json:
        """A refusal raises: an act that is refused has done nothing."""
        return self._noted(act, lambda: self._client.call(act, **args))

    def giving(self, file: Path, act: str, **args: Value) -> Json:
        with file.open("r+b") as given:
            return self._noted(act, lambda: self._client.call_with_file(act, given.fileno(), **args))

    def _noted(self, act: str, call: Callable[[], Value]) -> Json:
        self._watch.now(act)
        result = call()
        self.asked.append(act)
        if act not in AT_ONCE:
            self._watch.whole_round()
        return result if isinstance(result, dict) else {"": result}

    def found(self, act: str, key: str, **args: Value) -> list[Json]:
        listed = self(act, **args)[key]
        assert isinstance(listed, list)
        return [each for each in listed if isinstance(each, dict)]

    def hunted(self, id: Value, outcome: str = "done") -> Json:
        shown: Json = {}

        def over() -> bool:
            shown.update(self("hunt.show", id=id))
            return shown["state"] != "running"

        wait_for(over, 60)
        assert shown["state"] == outcome, shown
        return shown


def archive(folder: Path, *numbers: int) -> Path:
    rules = folder / f"rules-{'-'.join(map(str, numbers))}"
    rules.mkdir()
    for number in numbers:
        (rules / f"{number}.yml").write_text(RULE.format(number), encoding="utf-8")
    packed = rules.with_suffix(".tar")
    with packed.open("wb") as out:
        pack([rules], out)
    return packed


def look_around(ask: Asking) -> None:
    acts = "ping status doctor store.days audit.list audit.verify silences.list maintenance.list"
    rules = "rules.list rules.gaps rules.sets rules.coverage rules.scorecard"
    for act in [*acts.split(), *rules.split()]:
        ask(act)
    assert ask.found("events.search", "events", query="Failed")
    after = ask("events.tail")["next"]
    ask("events.tail", after=after)
    ask("events.count", query="", since="24h")


def work_on_alerts(ask: Asking) -> None:
    (incident, *_) = ask.found("incidents.list", "incidents")
    (alert, *_) = ask.found("alerts.list", "alerts", incident=incident["id"])
    shown = ask("alerts.show", id=alert["id"])
    events = shown["events"]
    assert isinstance(events, list)
    assert isinstance(events[0], dict)
    ask("rules.explain", rule=str(alert["rule_id"]), event=events[0]["event.id"])
    id = incident["id"]
    ask("incidents.claim", id=id)
    ask("incidents.triage", id=id, disposition="true", reason="口令猜测")
    ask("incidents.grade", id=id, loss="minor", social="general")
    ask("incidents.grade", id=id, grade="IV", reason="核实")
    ask("incidents.report", id=id)
    assert ask("incidents.close", id=id, reason="完成")["state"] == "closed"
    ask("incidents.show", id=id)

    ask("silences.preview", alert=alert["id"])
    silence = ask("silences.add", alert=alert["id"], reason="自有扫描器在查", until="8h")
    ask("silences.end", id=silence["id"])
    window = ask("maintenance.add", match=["host.name=web01"], reason="机房更换硬盘", until="8h")
    ask("maintenance.end", id=window["id"])
    ask("alerts.except", id=alert["id"], fields=["source.ip=203.0.113.9"], reason="自有扫描器在查")


def change_rules(ask: Asking, folder: Path) -> None:
    for numbers in ((1,), (1, 2)):
        staged = ask.giving(archive(folder, *numbers), "rules.stage", name="theirs", path="theirs.tar")
        version: Json = {"name": staged["name"], "version": staged["version"]}
        hunt = ask("rules.replay", ids=staged["replay"], since="3650d", **version)["id"]
        assert ask.hunted(hunt)["matches"]
        ask("hunt.remove", id=hunt)
        ask("rules.adopt", **version)
    ask("rules.rollback", name="theirs")
    staged = ask.giving(archive(folder, 3), "rules.stage", name="theirs", path="theirs.tar")
    ask("rules.discard", name="theirs", version=staged["version"])
    ask("rules.reload")


def hunt(ask: Asking, folder: Path) -> None:
    indicators = folder / "feed.csv"
    indicators.write_text(INDICATORS, encoding="utf-8")
    ask.giving(indicators, "intel.add", name="feed", path="feed.csv")
    assert ask.found("intel.list", "sets")
    ask("intel.show", name="feed")
    assert ask("intel.test", value="203.0.113.9")["found"]
    id = ask.giving(archive(folder, 4), "hunt.start", intel=["feed"], narrowing=False, since="3650d")["id"]
    assert ask("hunt.stop", id=id)["stopped"]
    ask.hunted(id, "stopped")
    ask("hunt.resume", id=id)
    assert ask.hunted(id)["matches"]
    assert ask.found("hunt.matches", "items", id=id)
    assert ask.found("hunt.list", "hunts")
    assert ask("hunt.alerts", id=id)["matches"]
    ask("hunt.remove", id=id)
    ask("intel.remove", name="feed")


def keep_the_store(ask: Asking, folder: Path) -> None:
    assert ask("store.seal")["done"]
    assert ask("store.verify")["ok"]
    day = str(ask("store.status")["newest_day"])
    made = folder / "day"
    made.touch()
    entry = ask.giving(made, "store.export", day=day)
    assert ask.giving(made, "store.import", timezone="Asia/Shanghai", entry=entry)["stored"] == 0
    ask("store.hold", name="case-7", first=day, reason="协查函")
    ask("store.release", name="case-7", reason="已结")
    ask("store.deletions")
    ask("store.migration")


def test_while_every_act_runs_only_the_daemon_holds_a_database_open_for_writing(daemon: Daemon, tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text("")
    daemon.configure(f'\n[[source]]\ntype = "file"\npath = "{log}"\n')
    process = daemon.start()
    history = tmp_path / "history.log"
    history.write_bytes(ssh_lines(HISTORY))
    with log.open("a") as file:
        file.write(failed_logins(30))
    wait_for(lambda: "INC-" in daemon.run("incidents", "list").stdout)
    watch = Watch(daemon.home.path)
    with watch.over(), daemon.client() as client:
        ask = Asking(client, watch)
        work_on_alerts(ask)
        assert ask.giving(history, "import", name="history.log")["stored"] == HISTORY
        look_around(ask)
        keep_the_store(ask, tmp_path)
        hunt(ask, tmp_path)
        change_rules(ask, tmp_path)
        ask("stop")
        assert process.wait(20) == 0
    assert set(ask.asked) == set(ACTS) - TO_A_CLUSTER, "an act without its line here"
    assert set(watch.writers) == {process.pid}, {pid: watch.writers[pid] for pid in watch.writers if pid != process.pid}
    assert watch.writers[process.pid] >= set(ask.asked) - set(AT_ONCE)
    assert set(watch.readers) - {process.pid}, "no worker was seen at a hunt"
    assert not list(holders(daemon.home.path))


@pytest.mark.parametrize(("mode", "writes"), [("rb", False), ("r+b", True)])
def test_the_watch_tells_another_process_that_reads_from_one_that_may_write(
    tmp_path: Path, mode: str, writes: bool
) -> None:
    (tmp_path / "state.db").touch()
    code = f"import sys; file = open(sys.argv[1], {mode!r}); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(tmp_path / "state.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        watch = Watch(tmp_path)
        with watch.over():
            watch.whole_round()
        other.communicate()
    assert set(watch.writers) == ({other.pid} if writes else set())
    assert set(watch.readers) == (set() if writes else {other.pid})
