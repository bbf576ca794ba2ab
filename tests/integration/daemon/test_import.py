"""``shouwang import`` takes what a person points at: files and folders, in the encoding that they say."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.integration.daemon.conftest import Daemon

LINE = "Nov 24 08:15:30 h app[1]: 登录失败\n"


def test_a_folder_comes_in_whole_and_nothing_waits_at_a_fifo(daemon: Daemon, tmp_path: Path) -> None:
    daemon.configure()
    folder = tmp_path / "logs" / "deep"
    folder.mkdir(parents=True)
    (folder / "gb.log").write_bytes(LINE.encode("gb18030"))
    os.mkfifo(folder / "fifo")
    done = daemon.run("import", str(tmp_path / "logs"), "--encoding", "gb18030", "--json")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["stored"] for line in done.stdout.splitlines()] == [1]
    found = daemon.run("search", "登录失败", "--since", "3650d", "--json")
    (event,) = [json.loads(line) for line in found.stdout.splitlines()]
    assert event["message"] == "登录失败"
    assert event["event.original"] == LINE.strip()
    assert "event.original_base64" in event


def test_what_cannot_be_read_is_said_and_the_rest_still_comes_in(daemon: Daemon, tmp_path: Path) -> None:
    daemon.configure()
    good, fifo = tmp_path / "good.log", tmp_path / "fifo"
    good.write_text(LINE, encoding="utf-8")
    os.mkfifo(fifo)
    done = daemon.run("import", str(tmp_path / "absent.log"), str(fifo), str(good), "--json")
    assert done.returncode == 2
    assert "absent.log" in done.stderr
    assert "fifo" in done.stderr
    assert json.loads(done.stdout)["stored"] == 1


def test_what_is_no_log_is_refused_by_name_and_passed_over_by_rule(daemon: Daemon, tmp_path: Path) -> None:
    daemon.configure()
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.log").write_text(LINE, encoding="utf-8")
    (folder / "rule.yml").write_text(LINE, encoding="utf-8")
    (folder / "plan.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    done = daemon.run("import", str(folder), "--json", "--lang", "en")
    assert done.returncode == 2
    assert "plan.png holds no record that can be read: no log but a picture" in done.stderr
    assert "rule.yml: .yml is no log" in done.stderr
    assert json.loads(done.stdout)["stored"] == 1
    assert "不是日志，而是图片" in daemon.run("import", str(folder / "plan.png"), "--lang", "zh").stderr


def test_a_half_last_line_that_grew_is_told_once(daemon: Daemon, tmp_path: Path) -> None:
    daemon.configure()
    log = tmp_path / "a.log"
    said = []
    for more in (LINE + LINE[:-3], "失败\n", ""):
        with log.open("a", encoding="utf-8") as file:
            file.write(more)
        said.append(daemon.run("import", str(log), "--lang", "zh").stdout)
    assert ["半行已补全" in each for each in said] == [False, True, False]
    assert "记录 2, 入库 1, 已有 1, 丢弃 0" in said[1]
