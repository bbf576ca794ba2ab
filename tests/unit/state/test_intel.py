"""Sets of indicators as acts: who may, what is said, what is left when it fails, what the stream meets."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from shouwang.api.table import perform
from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.errors import AccessError, ShouwangError, UsageError
from shouwang.eventstore.base import Batch
from shouwang.home import MARK_OF_DRILL, Home
from shouwang.model import Event, Shape, Value
from shouwang.wiring import Services, build
from tests.unit.state.conftest import NOON_US

DAY_US = 86_400_000_000
SHAPE = Shape(dataset="test.flat", parser="json", paths={}, prefixes=(("", ()),))
Add = Callable[..., dict[str, Value]]


@pytest.fixture
def add(services: Services, tmp_path: Path) -> Add:
    def run(text: str, *, user: str = "ana", name: str = "feed", **args: Value) -> dict[str, Value]:
        path = tmp_path / "feed.csv"
        path.write_text(text, encoding="utf-8")
        file = os.open(path, os.O_RDONLY)
        try:
            result = perform(services, user, "intel.add", {"name": name, "path": str(path), **args}, file, lang="en")
        finally:
            os.close(file)
        assert isinstance(result, dict)
        return result

    return run


def asked(services: Services, act: str, **args: Value) -> dict[str, Value]:
    result = perform(services, "aud", act, args, lang="en")
    assert isinstance(result, dict)
    return result


def hits(services: Services, address: str, received_us: int = NOON_US) -> list[str]:
    event = Event(
        time_us=received_us, received_us=received_us, source="t", shape=SHAPE, doc={"destination.ip": address}, raw=b"x"
    )
    return [match.rule_id for match in services.new_engine().match([event])]


def test_a_set_is_in_use_at_once_and_its_next_version_says_the_difference(services: Services, add: Add) -> None:
    first = add("203.0.113.9\n203.0.113.10\n10.0.0.1\n", confidence=80)
    assert (first["indicators"], first["added"]) == (2, 2)
    assert first["left_out"] == {"an address of private or special networks": 1}
    assert hits(services, "203.0.113.9") == ["intel:feed"]
    second = add("203.0.113.10\n203.0.113.11\n")
    assert (second["added"], second["gone"], second["kept"]) == (1, 1, 1)
    assert hits(services, "203.0.113.9") == []
    assert hits(services, "203.0.113.11") == ["intel:feed"]


def test_an_engine_that_runs_already_meets_the_new_set(services: Services, add: Add) -> None:
    engine = services.new_engine()
    event = Event(
        time_us=NOON_US, received_us=NOON_US, source="t", shape=SHAPE, doc={"source.ip": "203.0.113.9"}, raw=b"x"
    )
    assert engine.match([event]) == []
    add("203.0.113.9\n")
    assert [match.rule_id for match in engine.match([event])] == ["intel:feed"]


def test_indicators_end_with_the_days_of_their_set(services: Services, add: Add) -> None:
    add("203.0.113.9\n", days=2)
    assert hits(services, "203.0.113.9", NOON_US + 2 * DAY_US - 1) == ["intel:feed"]
    assert hits(services, "203.0.113.9", NOON_US + 2 * DAY_US) == []


@pytest.mark.parametrize(
    ("text", "args", "why"),
    [
        ("10.0.0.1\n", {}, "no indicator"),
        ('{"type": "bundle", "objects": [', {}, "cannot be read"),
        ("\0PK", {}, "unpack"),
        ("203.0.113.9\n", {"name": "../evil"}, "name"),
        ("203.0.113.9\n", {"format": "stix"}, "cannot be read"),
    ],
)
def test_what_cannot_be_used_leaves_the_set_in_use_and_nothing_beside_it(
    services: Services, add: Add, text: str, args: dict[str, Value], why: str
) -> None:
    add("203.0.113.9\n")
    with pytest.raises(UsageError, match=why):
        add(text, **args)
    assert hits(services, "203.0.113.9") == ["intel:feed"]
    assert [path.name for path in services.home.intel.iterdir()] == ["feed.idx"]


def test_a_set_is_shown_tested_and_removed(services: Services, add: Add) -> None:
    add("evil.example.org,c2\n203.0.113.0/24\n", source="CERT")
    shown = asked(services, "intel.show", name="feed")
    assert (shown["source"], shown["counts"], shown["expired"]) == ("CERT", {"domain": 1, "network": 1}, False)
    assert shown["until"] == "2026-02-23T12:00:00.000000+08:00"
    found = asked(services, "intel.test", value="hxxp://a.evil[.]example.org/x")["found"]
    assert isinstance(found, list)
    assert [(each["value"], each["valid"], each["note"]) for each in found if isinstance(each, dict)] == [
        ("evil.example.org", True, "c2")
    ]
    assert asked(services, "intel.test", value="198.51.100.1")["found"] == []
    with pytest.raises(UsageError, match="cannot be asked for"):
        asked(services, "intel.test", value="???")
    perform(services, "adm", "intel.remove", {"name": "feed"})
    assert asked(services, "intel.list") == {"sets": []}
    with pytest.raises(UsageError, match="no set"):
        asked(services, "intel.show", name="feed")


def test_a_set_that_ends_soon_or_is_damaged_is_a_finding(services: Services, add: Add, clock: ManualClock) -> None:
    add("203.0.113.9\n", days=30)
    assert services.intelligence.findings() == []
    clock.set(NOON_US + 25 * DAY_US)
    assert "expires within 7 days" in services.intelligence.findings()[0].what.en
    clock.set(NOON_US + 30 * DAY_US)
    assert "has expired" in services.intelligence.findings()[0].what.en
    (services.home.intel / "other.idx").write_bytes(b"?")
    services.intelligence.library.reload()
    assert "damaged" in services.intelligence.findings()[0].what.en


def test_who_reads_may_not_add_and_an_analyst_may_not_remove(services: Services, add: Add) -> None:
    with pytest.raises(AccessError):
        add("203.0.113.9\n", user="aud")
    add("203.0.113.9\n")
    with pytest.raises(AccessError):
        perform(services, "ana", "intel.remove", {"name": "feed"})


def test_adding_and_removing_stand_in_the_audit_trail(services: Services, add: Add) -> None:
    add("203.0.113.9\n")
    perform(services, "adm", "intel.remove", {"name": "feed"})
    acts = [(entry.actor, entry.act, entry.target) for entry in services.state.trail.list()[1]]
    assert acts[::-1] == [
        ("ana", "intel.add", "feed"),
        ("ana", "intel.add.done", "feed"),
        ("adm", "intel.remove", "feed"),
    ]


def test_hits_become_one_alert_an_indicator(services: Services, add: Add) -> None:
    add("203.0.113.0/24\n", confidence=90)
    events = []
    for number in range(3):
        doc: dict[str, Value] = {"destination.ip": f"203.0.113.{number}", "host.name": f"web{number}"}
        event = Event(time_us=NOON_US, received_us=NOON_US, source="t", shape=SHAPE, doc=doc, raw=b"{}")
        event.id = bytes([number]) * 16
        events.append(event)
    services.events.put(Batch(events, services.new_engine().match(events), {}, NOON_US), {})
    services.alerting.step()
    _, (alert,) = services.state.alerts.list()
    assert (alert.count, alert.title.zh, alert.severity.name) == (3, "情报命中：feed", "HIGH")
    assert alert.entities["threat.indicator.name"] == ("203.0.113.0/24",)
    assert alert.entities["host.name"] == ("web0", "web1", "web2")


def test_a_drill_meets_its_sites_indicators_and_changes_none(
    home: Home, services: Services, add: Add, clock: ManualClock
) -> None:
    add("203.0.113.9\n")
    inner = Home.at(home.drills / "D-1")
    inner.make_folders()
    inner.config.write_text(home.config.read_text(encoding="utf-8"), encoding="utf-8")
    (inner.path / MARK_OF_DRILL).write_text("{}", encoding="utf-8")
    with build(inner, load(inner.config), clock) as drill:
        assert hits(drill, "203.0.113.9") == ["intel:feed"]
        with pytest.raises(UsageError, match="drill"):
            perform(drill, "adm", "intel.remove", {"name": "feed"}, lang="en")
    assert hits(services, "203.0.113.9") == ["intel:feed"]


def test_a_daemon_that_ends_ends_the_making_of_a_set(services: Services, add: Add) -> None:
    def ending(_progress: dict[str, Value]) -> None:
        raise ShouwangError("The daemon ends.")

    path = services.home.path / "x.csv"
    path.write_text("203.0.113.9\n", encoding="utf-8")
    with path.open("rb") as file, pytest.raises(ShouwangError, match="daemon ends"):
        services.intelligence.add(
            "feed", file.fileno(), format="auto", source="", confidence=None, until_us=0, lang="en", told=ending
        )
    assert list(services.home.intel.iterdir()) == []
