"""Rules are changed while events come: each event once, by one version of the rules, and no window is lost."""

from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC

import pytest

from collectors.origin import Origin
from collectors.registry import PARSERS
from collectors.sources.base import Chunk
from shouwang.api.table import perform
from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.errors import AccessError, RulesError, UsageError
from shouwang.eventstore.base import Position
from shouwang.flows.alerting import POSITION
from shouwang.home import Home
from shouwang.model import Event, Match, Value
from shouwang.wiring import Services, build, feed
from tests.integration.daemon.conftest import wait_for
from tests.unit.state import conftest as homes

clock, home = homes.clock, homes.home

ALWAYS = """title: Always
id: 00000000-0000-4000-8000-00000000000a
name: always
level: low
logsource: {product: linux, service: sshd}
detection:
  a: {event.action: ssh_login_failed}
  condition: a
"""
BY_TURNS = """title: Turn {0}
id: 00000000-0000-4000-8000-0000000000b{0}
level: low
logsource: {{product: linux, service: sshd}}
detection:
  a: {{event.action: ssh_login_failed}}
  condition: a
"""
COUNTED = """title: Counted
id: 00000000-0000-4000-8000-00000000000c
level: high
correlation:
  type: event_count
  rules: [always]
  group-by: [source.ip]
  timespan: 1h
  condition: {gte: 5}
"""
TURN_ID = "00000000-0000-4000-8000-0000000000b1"
CHUNKS, PER_CHUNK = 120, 25
Act = Callable[..., dict[str, Value]]


@pytest.fixture
def services(home: Home, clock: ManualClock) -> Iterator[Services]:
    """With three rules and no others."""
    write(home, "always.yml", ALWAYS)
    write(home, "counted.yml", COUNTED)
    write(home, "turn.yml", BY_TURNS.format(1))
    text = home.config.read_text(encoding="utf-8").replace("builtin = true", "builtin = false")
    home.config.write_text(text, encoding="utf-8")
    with build(home, load(home.config), clock) as made:
        yield made


@pytest.fixture
def act(services: Services) -> Callable[..., dict[str, Value]]:
    def run(name: str, *, user: str = "adm", **args: Value) -> dict[str, Value]:
        result = perform(services, user, name, args, lang="en")
        assert isinstance(result, dict)
        return result

    return run


def write(home: Home, name: str, text: str) -> None:
    (home.rules / name).write_text(text, encoding="utf-8")


def chunk(number: int) -> Chunk:
    events = []
    for n in range(PER_CHUNK):
        ip = f"203.0.113.{n % 5}"
        line = f"Nov 25 12:00:00 gate-01 sshd[{number}]: Failed password for u{n} from {ip} port 4000{n} ssh2"
        origin = Origin("test:", homes.NOON_US, homes.NOON_US, UTC, live=False)
        event: Event = PARSERS["syslog"](line.encode(), origin)
        event.time_us = homes.NOON_US + number
        events.append(event)
    return Chunk(events, {"test": b"%d" % number})


def fields(value: Value) -> dict[str, Value]:
    assert isinstance(value, dict)
    return value


def as_list(value: Value) -> list[Value]:
    assert isinstance(value, list)
    return value


def matches(services: Services) -> list[Match]:
    found: list[Match] = []
    after: Position | None = None
    while page := services.events.tail("matches", after, 1000):
        found += [each for each in page.items if isinstance(each, Match)]
        if page.next is None or page.next == after:
            return found
        after = page.next
    return found


def test_each_event_is_matched_once_by_one_version_and_counted_once_while_rules_are_reloaded(
    services: Services, home: Home, act: Act
) -> None:
    stop, delivered = threading.Event(), threading.Event()
    alerting = threading.Thread(target=services.alerting.run, args=(stop,))
    alerting.start()
    into = feed(services).intake

    def deliver() -> None:
        for number in range(CHUNKS):
            into.deliver(chunk(number))
            into.settle(10)
        delivered.set()

    with into:
        source = threading.Thread(target=deliver)
        source.start()
        reloads = 0
        while not delivered.is_set() or reloads < 4:
            write(home, "turn.yml", BY_TURNS.format(reloads % 2 + 2))
            act("rules.reload")
            reloads += 1
        source.join()
    wait_for(lambda: services.state.memory.get(POSITION) == services.events.end("matches").token.encode())
    wait_for(lambda: all(each.along for each in services.alerting.coverage()))
    stop.set()
    services.alerting.notify()
    alerting.join()

    total = CHUNKS * PER_CHUNK
    found = matches(services)
    by_rule = Counter(match.title for match in found)
    assert by_rule["Always"] == total
    turns = [match.event_id for match in found if match.title.startswith("Turn")]
    assert len(turns) == len(set(turns)) == total
    assert len(by_rule) > 2, "no reload fell into the stream"
    with services.state.reading() as tables:
        alerts = [each for each in tables.alerts.list(limit=1000, offset=0)[1] if each.title.en == "Counted"]
    assert sum(alert.count for alert in alerts) == total
    assert len(alerts) == 5


def test_a_broken_set_never_takes_the_place_of_a_running_one(services: Services, home: Home, act: Act) -> None:
    into = feed(services).intake
    write(home, "turn.yml", "title: [")
    with pytest.raises(RulesError) as refused:
        act("rules.reload")
    assert "turn.yml:2" in str(refused.value)
    with into:
        into.deliver(chunk(0))
    assert {match.title for match in matches(services)} == {"Always", "Turn 1"}
    assert act("rules.reload", partly=True)["rules"] == 1
    for file in home.rules.glob("*.yml"):
        file.unlink()
    with pytest.raises(RulesError):
        act("rules.reload", partly=True)
    write(home, "always.yml", ALWAYS)
    home.config.write_text("site = 1\n", encoding="utf-8")
    with pytest.raises(UsageError):
        act("rules.reload")
    assert [rule.title for rule in services.ruleset.rules] == ["Always"]


def test_a_reload_says_what_is_new_changed_and_gone_and_all_see_it(services: Services, home: Home, act: Act) -> None:
    (home.rules / "turn.yml").unlink()
    write(home, "always.yml", ALWAYS.replace("level: low", "level: high").replace("title: Always", "title: Now"))
    write(home, "other.yml", BY_TURNS.format(7))
    said = act("rules.reload")
    assert [fields(each)["title"] for each in as_list(said["added"])] == ["Turn 7"]
    assert [fields(each)["parts"] for each in as_list(said["changed"])] == [["title", "level"]]
    assert [fields(each)["title"] for each in as_list(said["removed"])] == ["Turn 1"]
    assert fields(act("status")["rules"])["edition"] == said["edition"] == 2
    titles = {fields(each)["title"] for each in as_list(act("rules.list")["rules"])}
    assert titles == {"Now", "Turn 7", "Counted"}
    with feed(services).intake as into:
        into.deliver(chunk(0))
    importer = services.new_importer(lambda _records: None)
    importer.run(io.BytesIO(bytes(chunk(1).events[0].raw) + b"\n"), "x.log", "auto", homes.NOON_US)
    assert Counter(match.title for match in matches(services)) == {"Now": PER_CHUNK + 1, "Turn 7": PER_CHUNK + 1}
    services.alerting.step()
    with services.state.reading() as tables:
        assert {alert.title.en for alert in tables.alerts.list(limit=100, offset=0)[1]} == {"Turn 7", "Counted"}
    entries = [fields(each) for each in as_list(act("audit.list", limit=100)["entries"])]
    assert [each["act"] for each in entries if str(each["act"]).startswith("rules.")] == ["rules.reload"]


def test_disabled_rules_stay_disabled_and_only_an_administrator_reloads(
    services: Services, home: Home, act: Act
) -> None:
    text = home.config.read_text(encoding="utf-8")
    home.config.write_text(text.replace("disabled = []", f'disabled = ["{TURN_ID}"]'), encoding="utf-8")
    assert [fields(each)["title"] for each in as_list(act("rules.reload")["removed"])] == ["Turn 1"]
    with pytest.raises(AccessError):
        act("rules.reload", user="ana")
