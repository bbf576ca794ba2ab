"""Sets of indicators as acts: who may, what is said, what is left when it fails, what the stream meets."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from shouwang.api.table import perform
from shouwang.cli.main import main
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
CHINESE = re.compile(r"[\u4e00-\u9fff]")
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


def test_what_was_left_out_is_told_in_the_readers_language_under_one_key(services: Services, add: Add) -> None:
    made = add("type,value\nip,203.0.113.9\nip,10.0.0.1\nasn,AS1\nip,10.0.0.2\n")
    private = "an address of private or special networks"
    assert made["left_out"] == {private: 2, "type not known: 'asn'": 1}
    told = {lang: perform(services, "aud", "intel.show", {"name": "feed"}, lang=lang) for lang in ("zh", "en")}
    zh, en = (each["reasons"] for each in told.values() if isinstance(each, dict))
    assert zh == [
        {"key": private, "text": "属于私有或特殊网段的地址", "number": 2, "places": ["第 3 行", "第 5 行"]},
        {"key": "type not known: 'asn'", "text": "未知类型：'asn'", "number": 1, "places": ["第 4 行"]},
    ]
    assert en == made["reasons"]
    assert isinstance(en, list)
    assert en[0] == {"key": private, "text": private, "number": 2, "places": ["line 3", "line 5"]}
    said = str([entry.detail for entry in services.state.trail.list()[1]])
    assert private in said
    assert "reasons" not in said


@pytest.mark.parametrize(
    ("text", "zh"),
    [
        ("10.0.0.1\n", "未采用的原因：属于私有或特殊网段的地址（1）。"),
        ("# nothing\n", "没有一条可用的指标。"),
        ("\0PK", "不是文本，请先解压"),
        ("\n", "文件为空"),
        ("a" * 70_000, "第 1 行超过 65536 字节"),
        ('{"type": "bundle", "objects": [', "不是完好的 JSON"),
    ],
)
def test_a_file_of_which_nothing_is_taken_is_refused_in_both_languages(
    services: Services, tmp_path: Path, text: str, zh: str
) -> None:
    path = tmp_path / "feed"
    path.write_text(text, encoding="utf-8")
    said = []
    for lang in ("zh", "en"):
        with path.open("rb") as file, pytest.raises(UsageError) as refused:
            perform(services, "ana", "intel.add", {"name": "feed", "path": "feed"}, file.fileno(), lang=lang)
        said.append(refused.value.whole.of(lang))
    assert zh in said[0]
    assert not CHINESE.search(said[1]), said[1]


def test_a_value_that_cannot_be_asked_for_and_a_damaged_set_say_why_in_both_languages(services: Services) -> None:
    with pytest.raises(UsageError) as refused:
        asked(services, "intel.test", value="10.0.0.1")
    assert "属于私有或特殊网段的地址" in refused.value.whole.zh
    services.home.intel.mkdir(exist_ok=True)
    (services.home.intel / "other.idx").write_bytes(b"?")
    services.intelligence.library.reload()
    what = services.intelligence.findings()[0].what
    assert what.zh.endswith("已损坏，未使用：不是此版本的情报集文件。")
    assert what.en.endswith("is damaged and not used: no index of this version.")


def test_the_command_tells_a_chinese_reader_in_chinese_what_was_left_out(
    services: Services, add: Add, capsys: pytest.CaptureFixture[str]
) -> None:
    add("203.0.113.9\n1.2.3.4/x\n")
    assert main(["intel", "show", "feed", "--lang", "zh", "--home", str(services.home.path)]) == 0
    assert capsys.readouterr().err == "  ! 未采用 1：不是网段（第 2 行）\n"
    assert main(["intel", "show", "feed", "--lang", "en", "--home", str(services.home.path)]) == 0
    assert capsys.readouterr().err == "  ! left out 1: no network (line 2)\n"


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
