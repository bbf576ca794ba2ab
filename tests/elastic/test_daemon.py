"""A daemon that keeps its events in a cluster: as on the embedded store, and the cluster is one home's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shouwang.firstconfig import first_config
from shouwang.home import Home
from tests.elastic.node import Node
from tests.integration.daemon.conftest import Daemon, daemon, wait_for
from tests.integration.daemon.test_daemon import count, failed_logins, source

__all__ = ["daemon"]


def configure(daemon: Daemon, more: str, *, url: str) -> None:
    daemon.configure()
    store = {"url": url} if url else {}
    daemon.home.config.write_text(first_config(name="滨河社区", quiet=True, store=store) + more, encoding="utf-8")


def test_failed_logins_become_an_alert_and_are_hunted_and_go_on_after_a_restart(
    daemon: Daemon, tmp_path: Path, elastic: Node
) -> None:
    log = tmp_path / "auth.log"
    log.write_text("")
    configure(daemon, source(log), url=elastic.url)
    process = daemon.start()
    with log.open("a") as file:
        file.write(failed_logins(12))
    wait_for(lambda: count(daemon, 'source.ip:203.0.113.0/24 "failed password"') == 12, 60)
    wait_for(lambda: "203.0.113.9" in daemon.run("alerts", "list").stdout, 60)
    rule = tmp_path / "rule.yml"
    rule.write_text(
        "title: Root\nid: 5d0b4b0e-0000-4000-8000-000000000001\nstatus: test\n"
        "logsource: {product: linux, service: sshd}\n"
        "detection:\n  sel: {user.name: root, source.port|gte: 40006}\n  condition: sel\nlevel: low\n"
    )
    hunted = daemon.run("hunt", str(rule), "--since", "3d", "--json")
    assert hunted.returncode in (0, 1), hunted.stderr
    assert hunted.stdout.count("203.0.113.9") >= 6
    process.terminate()
    assert process.wait(30) == 0
    with log.open("a") as file:
        file.write(failed_logins(5, first=12))
    daemon.start()
    wait_for(lambda: count(daemon, "event.action:ssh_login_failed") == 17, 60)
    found = json.loads(daemon.run("store", "status", "--json").stdout)
    assert found
    assert not daemon.home.events.exists()


def test_a_second_home_is_refused_until_it_takes_over(daemon: Daemon, tmp_path: Path, elastic: Node) -> None:
    configure(daemon, "", url=elastic.url)
    first = daemon.start()
    first.terminate()
    first.wait(30)
    second = Daemon(tmp_path / "second")
    second.folder.mkdir()
    second.env["SHOUWANG_RUNTIME"] = str(tmp_path / "run")
    configure(second, "", url=elastic.url)
    refused = second.run("up", "--headless")
    assert refused.returncode == 4, refused.stderr
    assert "--take-over" in refused.stderr
    process = second.spawn("up", "--headless", "--take-over")
    try:
        wait_for(lambda: process.poll() is not None or "watches" in second.log(), 60)
        assert process.poll() is None, second.log()
    finally:
        process.kill()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.parametrize("to_cluster", [True, False])
def test_a_home_does_not_change_its_store_unseen(daemon: Daemon, elastic: Node, to_cluster: bool) -> None:
    """Sources go on where they were read to, when it is asked for."""
    configure(daemon, "", url="" if to_cluster else elastic.url)
    process = daemon.start()
    process.terminate()
    process.wait(30)
    configure(daemon, "", url=elastic.url if to_cluster else "")
    refused = daemon.run("up", "--headless")
    assert refused.returncode == 2, refused.stderr
    assert "--new-database events" in refused.stderr
    begun = daemon.spawn("up", "--headless", "--new-database", "events")
    wait_for(lambda: daemon.answers() or begun.poll() is not None, 60)
    assert begun.poll() is None, daemon.log()


def test_the_first_start_writes_the_cluster_into_the_settings(tmp_path: Path, elastic: Node, daemon: Daemon) -> None:
    process = daemon.spawn("up", "--headless", "--store", elastic.url)
    wait_for(lambda: daemon.answers() or process.poll() is not None, 60)
    assert process.poll() is None, daemon.log()
    assert f'url = "{elastic.url}"' in Home.at(daemon.home.path).config.read_text(encoding="utf-8")
    process.terminate()
    process.wait(30)
    other = daemon.run("up", "--headless", "--store", "http://127.0.0.1:1")
    assert other.returncode == 2
    assert "store.url" in other.stderr
