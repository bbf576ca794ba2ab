"""Other hosts bring events and matches into the cluster; the daemon that owns it correlates what all of them bring."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from shouwang.attendance import Attendance
from shouwang.clock import ManualClock
from shouwang.collectorwiring import Collecting, build
from shouwang.config import load
from shouwang.errors import StoreError
from shouwang.eventstore.base import Batch, Position, StoreAway
from shouwang.eventstore.elastic.store import ElasticStore
from shouwang.firstconfig import first_config
from shouwang.home import Home
from tests.contract.eventstore import put
from tests.contract.records import NOON_US, id_of, match_on, numbered
from tests.elastic.node import Node
from tests.elastic.stores import store_at
from tests.elastic.tap import Tap
from tests.integration.daemon.conftest import Daemon, daemon, wait_for
from tests.integration.daemon.test_daemon import count, failed_logins, source

__all__ = ["daemon"]


def configure(home: Home, url: str, more: str = "", zone: str = "Asia/Shanghai") -> Home:
    home.make_folders()
    text = first_config(name="滨河社区", timezone=zone, quiet=True, store={"url": url})
    home.config.write_text(text + more, encoding="utf-8")
    return home


def opened(home: Home, *, anew: bool = False) -> Collecting:
    return build(home, load(home.config), ManualClock(NOON_US), anew=anew)


def owned(folder: Path, node: Node) -> None:
    """By a daemon's home."""
    with store_at(folder, node.url, name="owner.db") as store:
        store.belong_to("1" * 32)
        store.claim()


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Daemon]:
    """Another host."""
    folder = tmp_path / "other"
    folder.mkdir()
    made = Daemon(folder)
    yield made
    for process in made.processes:
        process.kill()
        process.wait(10)
        if process.stdout:
            process.stdout.close()


# ------------------------------------------------------------------------------------------------ refusals


def test_without_a_cluster_it_is_refused_and_no_home_is_made(daemon: Daemon) -> None:
    refused = daemon.run("collect", "--lang", "en")
    assert refused.returncode == 2
    assert "store.url" in refused.stderr
    assert "shouwang collect --store URL" in refused.stderr
    assert not daemon.home.path.exists()
    daemon.configure()
    assert daemon.run("collect").returncode == 2


def test_a_cluster_that_is_nobodys_is_refused_until_a_daemon_owns_it(tmp_path: Path, elastic: Node) -> None:
    home = configure(Home.at(tmp_path / "home"), elastic.url)
    with pytest.raises(StoreError, match=r"belongs to no home yet.*First start the daemon"):
        opened(home)
    owned(tmp_path, elastic)
    with opened(home) as collecting:
        assert not home.state.exists()
        assert collecting.rules.loaded > 100


@pytest.mark.parametrize(("schema", "said"), [(99, "of schema 99"), (None, "missing")])
def test_a_template_of_another_version_is_refused_and_left_as_it_is(
    tmp_path: Path, elastic: Node, schema: int | None, said: str
) -> None:
    owned(tmp_path, elastic)
    name = "/_index_template/shouwang-events"
    if schema is None:
        elastic.ask(name, method="DELETE")
    else:
        elastic.ask(name, {"index_patterns": ["shouwang-events-*"], "_meta": {"shouwang": {"schema": schema}}})
    with pytest.raises(StoreError, match=f"shouwang-events .* is {said}; this version writes schema"):
        opened(configure(Home.at(tmp_path / "home"), elastic.url))
    held = elastic.ask("/_index_template")["index_templates"]
    assert isinstance(held, list)
    assert ("shouwang-events" in [each["name"] for each in held]) is (schema is not None)


def test_days_of_another_time_zone_are_refused(tmp_path: Path, elastic: Node) -> None:
    owned(tmp_path, elastic)
    with pytest.raises(StoreError, match=r"Set site\.timezone to 'Asia/Shanghai'"):
        opened(configure(Home.at(tmp_path / "home"), elastic.url, zone="Europe/Berlin"))


def test_the_first_start_needs_the_cluster_and_later_ones_do_not(tmp_path: Path, elastic: Node) -> None:
    owned(tmp_path, elastic)
    with Tap(elastic.port) as tap:
        home = configure(Home.at(tmp_path / "home"), tap.url)
        tap.cut()
        with pytest.raises(StoreAway):
            opened(home)
        tap.mend()
        opened(home).__exit__(None, None, None)
        tap.cut()
        with opened(home) as collecting:
            collecting.store.put(Batch([numbered(0)], received_us=NOON_US), {"file": b"1"})
            assert collecting.store.waiting().batches == 1


def test_a_lost_spool_is_not_made_again_unasked(tmp_path: Path, elastic: Node) -> None:
    owned(tmp_path, elastic)
    home = configure(Home.at(tmp_path / "home"), elastic.url)
    opened(home).__exit__(None, None, None)
    for each in home.path.glob("spool.db*"):
        each.unlink()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"missing.*--new-spool"):
            opened(home)
    opened(home, anew=True).__exit__(None, None, None)
    opened(home).__exit__(None, None, None)


def test_the_homes_of_daemons_and_of_collectors_are_not_mixed_up(daemon: Daemon, tmp_path: Path, elastic: Node) -> None:
    owned(tmp_path, elastic)
    configure(daemon.home, elastic.url)
    opened(daemon.home).__exit__(None, None, None)
    for words in (("up", "--headless"), ("status",), ("stop",)):
        refused = daemon.run(*words, "--lang", "en")
        assert refused.returncode == 2, words
        assert "is a collector's" in refused.stderr
    other = Daemon(tmp_path / "other")
    configure(other.home, elastic.url)
    other.home.state.write_bytes(b"something")
    refused = other.run("collect", "--lang", "en")
    assert refused.returncode == 2
    assert "the home of a daemon that correlates" in refused.stderr


# ------------------------------------------------------------------------------------------ who correlates


def test_whoever_was_taken_over_correlates_no_more(tmp_path: Path, elastic: Node) -> None:
    with store_at(tmp_path, elastic.url, name="one.db") as one, store_at(tmp_path, elastic.url, name="two.db") as two:
        one.belong_to("1" * 32)
        two.belong_to("2" * 32)
        one.claim()
        put(one, numbered(0))
        assert not one.tail("matches", None, 10).items
        two.claim(take_over=True)
        wait_for(lambda: _is_refused(one, None))
        two.tail("matches", None, 10)


def _is_refused(store: ElasticStore, after: Position | None) -> bool:
    try:
        store.tail("matches", after, 10)
    except StoreError as refused:
        return "taken over" in str(refused)
    return False


def test_matches_of_a_host_that_was_cut_off_come_behind_those_of_another_and_are_not_passed(
    tmp_path: Path, elastic: Node
) -> None:
    with (
        Tap(elastic.port) as tap,
        store_at(tmp_path, elastic.url, name="daemon.db") as daemon,
        store_at(tmp_path, elastic.url, name="near.db") as near,
        store_at(tmp_path, tap.url, name="far.db") as far,
    ):
        daemon.belong_to("1" * 32)
        daemon.claim()
        seen: list[bytes] = []
        position: Position | None = None

        def reads(*wanted: int) -> bool:
            nonlocal position
            page = daemon.tail("matches", position, 2)
            seen.extend(each.event_id for each in page.items)
            position = page.next
            return sorted(seen) == sorted(id_of(n, NOON_US + n) for n in wanted)

        def bring(store: ElasticStore, *numbers: int) -> None:
            for n in numbers:
                event = numbered(n, received_us=NOON_US + n)
                store.put(Batch([event], [match_on(event)], received_us=NOON_US + n), {"file": b"%d" % n})

        bring(far, 0)
        wait_for(lambda: reads(0))
        tap.cut()
        bring(far, 1, 2, 3)
        bring(near, 4, 5, 6)
        wait_for(lambda: reads(0, 4, 5, 6))
        tap.mend()
        wait_for(lambda: reads(0, 1, 2, 3, 4, 5, 6), 60)


# -------------------------------------------------------------------------------------------- how it does


def test_what_a_collector_says_of_itself_is_read_where_the_cluster_is_owned(tmp_path: Path, elastic: Node) -> None:
    said = Attendance("2" * 32, "web01", "9", "abc", 200, 1, 1, NOON_US, False, 3, 4096, False, 70, {"cut": 2})
    with store_at(tmp_path, elastic.url) as store:
        store.belong_to("1" * 32)
        store.claim()
        store.tell(said)
        elastic.ask(
            "/shouwang-control/_doc/collector-x?refresh=true",
            {"kind": "collector", "key": "x", "said": '{"id": 7}'},
        )
        assert store.collectors() == [said]


# --------------------------------------------------------------------------------------------- end to end


def alerts(daemon: Daemon) -> list[dict[str, object]]:
    found = json.loads(daemon.run("alerts", "list", "--json").stdout)
    return list(found["alerts"])


def mirrored(node: Node) -> list[tuple[object, ...]]:
    """The alerts; none while an incident of theirs is still to come."""
    found = node.ask("/shouwang-alerts/_search?size=100", {"query": {"match_all": {}}}, "POST")
    hits = cast("dict[str, list[dict[str, dict[str, dict[str, object]]]]]", found["hits"])["hits"]
    ours = [each["_source"]["shouwang"] for each in hits]
    incidents = node.ask("/shouwang-incidents/_count")["count"]
    if incidents != len({each["incident"] for each in ours if each["incident"]}):
        return []
    return sorted((each["id"], each["count"], each["incident"] or None) for each in ours)


def accepted_logins(number: int) -> str:
    stamp = time.strftime("%b %e %H:%M:%S")
    return "".join(
        f"{stamp} web01 sshd[1]: Accepted publickey for deploy from 198.51.100.7 port {1024 + n} ssh2\n"
        for n in range(number)
    )


def collectors(daemon: Daemon) -> list[dict[str, object]]:
    found = json.loads(daemon.run("status", "--json").stdout)
    return list(found["collectors"])


def test_failed_logins_on_another_host_are_an_alert_here_whatever_is_killed(
    daemon: Daemon, collector: Daemon, tmp_path: Path, elastic: Node
) -> None:
    log = tmp_path / "auth.log"
    log.write_text("")
    configure(daemon.home, elastic.url)
    control = daemon.start()
    configure(collector.home, elastic.url, source(log))
    process = collector.spawn("collect")
    with log.open("a") as file:
        file.write(failed_logins(6))
    wait_for(lambda: count(daemon, "event.action:ssh_login_failed") == 6, 60)

    for done in range(0, 1500, 500):
        with log.open("a") as file:
            file.write(accepted_logins(500))
        wait_for(lambda least=done: count(daemon, "user.name:deploy") > least, 60)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        process = collector.spawn("collect")
    with log.open("a") as file:
        file.write(failed_logins(6, first=6))
    wait_for(lambda: count(daemon, "event.action:ssh_login_failed") == 12, 60)
    wait_for(lambda: any("203.0.113.9" in str(each) for each in alerts(daemon)), 60)
    assert count(daemon, "user.name:deploy") == 1500
    wait_for(lambda: collectors(daemon)[0]["spool"] == {"batches": 0, "bytes": 0, "full": False}, 60)
    (told,) = collectors(daemon)
    assert told["spool"] == {"batches": 0, "bytes": 0, "full": False}
    assert "has other rules" not in daemon.run("doctor", "--lang", "en").stdout
    shown = daemon.run("status", "--lang", "en").stdout.splitlines()
    (row,) = [line for line in shown if line.startswith(str(told["host"]))]
    assert "0 (0.0 MB)" in row

    def settled() -> list[tuple[object, ...]]:
        return [(each["id"], each["count"], each["incident"]) for each in alerts(daemon)]

    wait_for(lambda: mirrored(elastic) == settled(), 60)
    before = settled()
    assert [count for _, count, _ in before] == [12], "one alert, with each login once"
    for _ in range(2):
        with log.open("a") as file:
            file.write(failed_logins(6, first=12))
        control.send_signal(signal.SIGKILL)
        control.wait(10)
        control = daemon.start()
    wait_for(lambda: count(daemon, "event.action:ssh_login_failed") == 24, 60)
    wait_for(lambda: settled() == [(before[0][0], 24, before[0][2])], 60)
    wait_for(lambda: mirrored(elastic) == settled(), 60)
    assert not collector.home.state.exists()
