"""Hunts as acts: the same matches as live, what is read of the store, who may, what is said and kept."""

from __future__ import annotations

import io
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from collectors.rehydrate import rehydrate
from detection.hunt import Worthwhile
from shouwang.api.table import perform
from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.errors import AccessError, StoreError, UsageError
from shouwang.eventstore.embedded import history
from shouwang.eventstore.embedded.history import History
from shouwang.flows.hunting import parts
from shouwang.home import Home
from shouwang.model import Value
from shouwang.query import Eq, Node
from shouwang.rulearchive import pack
from shouwang.wiring import Services, build
from tests.unit.hunt.conftest import Act, Json, bring_in, finished, found, ssh_lines

Archive = Callable[..., BinaryIO]
FAILED = """
title: Failed password
title_zh: 口令错误
id: 11111111-1111-4111-8111-111111111111
logsource: {product: linux, service: sshd}
detection:
  selection: {host.name: SRV-1, event.action|contains: FAIL}
  condition: selection
level: medium
"""
BURST = """
title: Many of them
id: 22222222-2222-4222-8222-222222222222
correlation:
  type: event_count
  rules: [11111111-1111-4111-8111-111111111111]
  group-by: [source.ip]
  timespan: 5m
  condition: {gte: 4}
level: high
"""
WINDOWS = """
title: A process
id: 33333333-3333-4333-8333-333333333333
logsource: {product: windows, category: process_creation}
detection: {selection: {CommandLine|contains: a}, condition: selection}
level: low
"""


def counted(items: list[Json]) -> Counter[tuple[object, object]]:
    return Counter((each["rule_id"], each["event_id"]) for each in items)


def live(services: Services) -> Counter[tuple[object, object]]:
    page = services.events.tail("matches", None, 1_000_000)
    return Counter((match.rule_id, match.event_id.hex()) for match in page.items)


def test_the_loaded_rules_find_in_history_what_they_found_live(services: Services, act: Act) -> None:
    bring_in(services, ssh_lines(2000))
    ids = [rule.id for rule in services.ruleset.rules]
    shown = finished(act, str(act("hunt.start", ids=ids, since="30d")["id"]))
    assert shown["state"] == "done"
    items = found(act, str(shown["id"]))
    assert counted(items) == live(services)
    assert len(items) == shown["matches"]
    assert len(items) > 1000


def test_the_store_is_read_no_further_than_the_rule_asks(services: Services, act: Act, archive: Archive) -> None:
    bring_in(services, ssh_lines(900))
    narrow = finished(act, str(act("hunt.start", file=archive(FAILED).fileno())["id"]))
    assert (narrow["passed"], narrow["total"], narrow["read"]) == (900, 900, 150)
    nothing = finished(act, str(act("hunt.start", file=archive(WINDOWS).fileno())["id"]))
    assert (nothing["passed"], nothing["read"], nothing["matches"]) == (900, 0, 0)
    whole = finished(act, str(act("hunt.start", file=archive(FAILED).fileno(), narrowing=False)["id"]))
    assert whole["read"] == 900
    assert found(act, str(whole["id"])) == found(act, str(narrow["id"]))


def test_what_is_sealed_is_hunted_as_what_is_not(services: Services, act: Act, archive: Archive) -> None:
    bring_in(services, ssh_lines(1500))
    hot = finished(act, str(act("hunt.start", file=archive(FAILED).fileno())["id"]))
    services.events.seal(services.clock.now_us())
    bring_in(services, ssh_lines(1500) + ssh_lines(600), "grown.log")
    assert [path.suffix for path in services.home.path.rglob("segments/*/*")] == [".parquet"]
    shown = finished(act, str(act("hunt.start", file=archive(FAILED).fileno())["id"]))
    assert (shown["passed"], shown["read"]) == (2100, 350)
    items = Counter(each["time"] for each in found(act, str(shown["id"])))
    assert set(items) == {each["time"] for each in found(act, str(hot["id"]))}
    assert items.total() == shown["matches"] == 350
    ids = [rule.id for rule in services.ruleset.rules]
    assert counted(found(act, str(finished(act, str(act("hunt.start", ids=ids, since="30d")["id"]))["id"]))) == live(
        services
    )


def test_only_the_asked_stretch_of_time_is_hunted(services: Services, act: Act, archive: Archive) -> None:
    bring_in(services, ssh_lines(900))
    given = {"since": "2025-11-24T00:01:00+08:00", "until": "2025-11-24T00:02:00+08:00"}
    shown = finished(act, str(act("hunt.start", file=archive(FAILED).fileno(), **given)["id"]))
    assert shown["total"] == 60
    times = [str(each["time"]) for each in found(act, str(shown["id"]))]
    assert times == sorted(times)
    assert times[0][:19] == "2025-11-24T00:01:01"


def test_a_match_is_told_as_scan_tells_it(services: Services, act: Act, archive: Archive) -> None:
    bring_in(services, ssh_lines(10))
    shown = finished(act, str(act("hunt.start", file=archive(FAILED).fileno(), asked=["x.yml"])["id"]))
    first = found(act, str(shown["id"]))[0]
    assert (first["title"], first["level"], first["source"]) == ("Failed password", "medium", "import:auth.log")
    fields = first["fields"]
    assert isinstance(fields, dict)
    assert (fields["host.name"], fields["source.ip"]) == ("srv-1", "203.0.113.1")
    said = act("events.search", query=f"event.id:{first['event_id']}", since="30d")["events"]
    assert isinstance(said, list)
    assert len(said) == 1
    assert shown["asked"] == ["x.yml"]
    assert shown["by_rule"] == [
        {"rule_id": first["rule_id"], "title": "Failed password", "level": "medium", "count": len(found(act, "H-1"))}
    ]


def test_correlations_run_over_the_hunted_time(services: Services, act: Act, archive: Archive) -> None:
    bring_in(services, ssh_lines(1200))
    shown = finished(act, str(act("hunt.start", file=archive(FAILED, BURST).fileno())["id"]))
    assert shown["state"] == "done"
    alerts = found(act, str(shown["id"]), correlated=True)
    assert shown["correlated"] == len(alerts) == 7
    assert sum(int(str(alert["count"])) for alert in alerts) == shown["matches"]
    assert sorted(str(alert["group"]) for alert in alerts)[0] == "['source.ip=203.0.113.0']"


def test_correlations_make_the_alerts_that_they_made_live(services: Services, act: Act) -> None:
    bring_in(services, ssh_lines(2000))
    while services.alerting.step().matches:
        pass
    correlations = {correlation.id for correlation in services.ruleset.correlations}
    live = [alert for alert in services.state.alerts.list()[1] if alert.rule_id in correlations]
    assert len(live) > 3
    shown = finished(act, str(act("hunt.start", ids=sorted(correlations))["id"]))
    hunted = found(act, str(shown["id"]), correlated=True)
    said = sorted((str(each["rule_id"]), int(str(each["count"])), int(str(each["first_us"]))) for each in hunted)
    assert said == sorted((alert.rule_id, alert.count, alert.first_us) for alert in live)


def test_a_record_that_stands_for_several_counts_for_several(services: Services, act: Act, archive: Archive) -> None:
    head = "Nov 24 00:00:0{} srv-1 sshd[7]: "
    said = "Failed password for root from 203.0.113.9 port 40000 ssh2"
    lines = [head.format(1) + said, head.format(2) + f"message repeated 5 times: [ {said}]"]
    bring_in(services, "\n".join(lines).encode() + b"\n")
    shown = finished(act, str(act("hunt.start", file=archive(FAILED, BURST).fileno())["id"]))
    assert shown["matches"] == 2
    (alert,) = found(act, str(shown["id"]), correlated=True)
    assert alert["count"] == 6
    assert isinstance(alert["event_ids"], list)
    assert len(alert["event_ids"]) == 2
    act("hunt.alerts", id=shown["id"])
    (made,) = [each for each in services.state.alerts.list()[1] if each.rule_id == alert["rule_id"]]
    assert (made.count, len(made.event_ids)) == (6, 2)


def test_matches_become_alerts_once(services: Services, act: Act, archive: Archive) -> None:
    bring_in(services, ssh_lines(300))
    shown = finished(act, str(act("hunt.start", file=archive(FAILED).fileno())["id"]))
    for _ in range(2):
        assert act("hunt.alerts", id=shown["id"])["matches"] == shown["matches"]
        alerts = [each for each in services.state.alerts.list()[1] if each.rule_id == shown_rule(shown)]
        assert sum(alert.count for alert in alerts) == shown["matches"]
        assert all("hunt.h-1" in alert.tags for alert in alerts)


def test_what_live_rules_have_alerted_is_not_alerted_again(services: Services, act: Act) -> None:
    bring_in(services, ssh_lines(300))
    while services.alerting.step().matches:
        pass
    before = [(alert.key, alert.count) for alert in services.state.alerts.list()[1]]
    shown = finished(act, str(act("hunt.start", ids=[rule.id for rule in services.ruleset.rules])["id"]))
    act("hunt.alerts", id=shown["id"])
    assert [(alert.key, alert.count) for alert in services.state.alerts.list()[1]] == before
    assert before


def test_a_correlation_speaks_for_its_rules_in_alerts_too(services: Services, act: Act, archive: Archive) -> None:
    bring_in(services, ssh_lines(1200))
    shown = finished(act, str(act("hunt.start", file=archive(FAILED, BURST).fileno())["id"]))
    for _ in range(2):
        act("hunt.alerts", id=shown["id"])
        alerts = services.state.alerts.list()[1]
        assert {alert.rule_id for alert in alerts if "hunt.h-1" in alert.tags} == {
            "22222222-2222-4222-8222-222222222222"
        }
        assert sum(alert.count for alert in alerts if "hunt.h-1" in alert.tags) == shown["matches"]


def test_who_only_looks_may_not_hunt_and_every_hunt_is_in_the_audit_trail(
    services: Services, act: Act, archive: Archive
) -> None:
    bring_in(services, ssh_lines(30))
    with pytest.raises(AccessError):
        act("hunt.start", user="aud", file=archive(FAILED).fileno())
    shown = finished(act, str(act("hunt.start", file=archive(FAILED).fileno())["id"]))
    assert act("hunt.show", user="aud", id=shown["id"])["state"] == "done"
    entries = perform(services, "aud", "audit.list", {}, lang="en")
    assert isinstance(entries, dict)
    assert isinstance(entries["entries"], list)
    told = [each for each in entries["entries"] if isinstance(each, dict) and str(each["act"]).startswith("hunt.")]
    assert [(each["act"], each["actor"]) for each in told] == [("hunt.end", "ana"), ("hunt.start", "ana")]
    assert isinstance(told[0]["detail"], dict)
    assert (told[0]["detail"]["outcome"], told[0]["detail"]["matches"]) == ("done", shown["matches"])


def test_rules_that_cannot_be_used_are_named(services: Services, act: Act, archive: Archive) -> None:
    bring_in(services, ssh_lines(30))
    broken = FAILED.replace("condition: selection", "condition: nothing").replace("1111-4111", "1111-4112")
    shown = finished(act, str(act("hunt.start", file=archive(FAILED, broken).fileno())["id"]))
    assert shown["state"] == "done"
    assert isinstance(shown["refused"], list)
    assert str(shown["refused"][0]).startswith("1.yml:")
    none = finished(act, str(act("hunt.start", file=archive(broken).fileno())["id"]))
    assert (none["state"], none["kind"]) == ("failed", "rules")


PIPELINE = """
name: ours
priority: 10
transformations:
  - id: host
    type: field_name_mapping
    mapping: {Machine: host.name}
"""


def test_pipelines_are_applied_to_the_rules_handed_over(services: Services, act: Act, tmp_path: Path) -> None:
    bring_in(services, ssh_lines(60))
    rule, pipeline = tmp_path / "rule.yml", tmp_path / "ours.yml"
    rule.write_text(FAILED.replace("host.name: SRV-1", "Machine: SRV-1"), encoding="utf-8")
    pipeline.write_text(PIPELINE, encoding="utf-8")
    numbers = []
    for pipelines in ([], [pipeline]):
        with (tmp_path / "rules.tar").open("w+b") as file:
            pack([rule], file, pipelines)
            file.flush()
            numbers.append(finished(act, str(act("hunt.start", file=file.fileno())["id"]))["matches"])
    assert numbers == [0, 10]


def test_the_sites_pipelines_and_placeholders_count_in_hunts_too(
    home: Home, clock: ManualClock, tmp_path: Path
) -> None:
    """Of loaded rules and of files handed over."""
    text = home.config.read_text(encoding="utf-8")
    named = f'pipelines = ["{tmp_path / "ours.yml"}"]\nplaceholders = {{servers = ["SRV-1"]}}'
    home.config.write_text(text.replace("pipelines = []", named), encoding="utf-8")
    (tmp_path / "ours.yml").write_text(PIPELINE, encoding="utf-8")
    rule = FAILED.replace("host.name: SRV-1", '"Machine|expand": "%servers%"')
    (home.rules / "rule.yml").write_text(rule, encoding="utf-8")
    with build(home, load(home.config), clock) as services, (tmp_path / "rules.tar").open("w+b") as file:
        bring_in(services, ssh_lines(60))

        def act(name: str, *, file: int | None = None, **args: Value) -> Json:
            result = perform(services, "ana", name, args, file, lang="en")
            assert isinstance(result, dict)
            return result

        pack([home.rules / "rule.yml"], file)
        file.flush()
        ids: list[Value] = ["11111111-1111-4111-8111-111111111111"]
        for start in (act("hunt.start", ids=ids), act("hunt.start", file=file.fileno())):
            assert finished(act, str(start["id"]))["matches"] == 10


def test_a_name_that_nobody_knows_is_refused_before_anything_runs(services: Services, act: Act) -> None:
    for args in ({"ids": ["no-such-rule"]}, {"intel": ["no-such-set"]}, {}):
        with pytest.raises(UsageError):
            act("hunt.start", **args)
    for name in ("H-9", "../home", "H-1/../.."):
        with pytest.raises(UsageError):
            act("hunt.show", id=name)
    assert act("hunt.list") == {"hunts": []}


def test_what_is_damaged_or_asked_for_wrongly_is_said_and_hides_nothing(
    services: Services, act: Act, archive: Archive
) -> None:
    bring_in(services, ssh_lines(30))
    finished(act, str(act("hunt.start", file=archive(FAILED).fileno())["id"]))
    with pytest.raises(UsageError, match="No line starts there"):
        act("hunt.matches", id="H-1", after=1)
    broken = services.home.hunts / "H-9"
    broken.mkdir()
    (broken / "plan.json").write_text('{"id": "H-9"', encoding="utf-8")
    listed = act("hunt.list")["hunts"]
    assert isinstance(listed, list)
    assert len(listed) == 1
    with pytest.raises(StoreError):
        act("hunt.show", id="H-9")


@pytest.mark.parametrize("name", ["../out.yml", "/etc/out.yml", "rules/../../out.yml"])
def test_an_archive_puts_nothing_beside_the_hunt(services: Services, act: Act, tmp_path: Path, name: str) -> None:
    path = tmp_path / "evil.tar"
    with tarfile.open(path, "w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(FAILED)
        archive.addfile(entry, io.BytesIO(FAILED.encode()[: entry.size]))
    with path.open("rb") as file:
        shown = finished(act, str(act("hunt.start", file=file.fileno())["id"]))
    assert (shown["state"], shown["kind"]) == ("failed", "usage")
    assert not list(services.home.path.rglob("out.yml"))


def test_an_archive_with_links_is_refused(services: Services, act: Act, tmp_path: Path) -> None:
    path = tmp_path / "evil.tar"
    with tarfile.open(path, "w") as archive:
        entry = tarfile.TarInfo("rules/a.yml")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    with path.open("rb") as file:
        assert finished(act, str(act("hunt.start", file=file.fileno())["id"]))["kind"] == "usage"


def test_a_hunt_can_be_removed(services: Services, act: Act, archive: Archive) -> None:
    bring_in(services, ssh_lines(30))
    finished(act, str(act("hunt.start", file=archive(FAILED).fileno())["id"]))
    act("hunt.remove", id="H-1")
    assert act("hunt.list") == {"hunts": []}
    assert finished(act, str(act("hunt.start", file=archive(FAILED).fileno())["id"]))["id"] == "H-2"


def shown_rule(shown: Json) -> object:
    by_rule = shown["by_rule"]
    assert isinstance(by_rule, list)
    assert isinstance(by_rule[0], dict)
    return by_rule[0]["rule_id"]


def lines(host: str, first: int, number: int) -> bytes:
    said = [
        f"Nov 24 {n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d} {host} sshd[{n}]: "
        "Failed password for root from 203.0.113.9 port 40000 ssh2"
        for n in range(first, first + number)
    ]
    return "\n".join(said).encode() + b"\n"


def test_where_asking_the_store_leaves_nothing_out_it_is_not_asked_until_it_does(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looks of a hundred events, four of what is wanted, six of other: asked, whole, asked, whole, whole, asked."""
    monkeypatch.setattr(history, "PASSED_AT_ONCE", 100)
    bring_in(services, lines("srv-1", 0, 400) + lines("srv-2", 400, 600))
    question: Node = Eq("host.name", "srv-1")
    counts, wanted = [], []
    with History(services.home.events, rehydrate) as held:
        for part in parts(held, held.stretch(0, 1 << 62), Worthwhile(question), None):
            counts.append((part.passed, len(part.events)))
            wanted += [event.id for event in part.events if event.get("host.name") == "srv-1"]
    assert counts[:10] == [(100, 100)] * 5 + [(100, 0)] * 5
    assert len(set(wanted)) == len(wanted) == 400


def test_a_hunt_that_asks_now_and_then_finds_what_one_that_reads_all_finds(
    services: Services, act: Act, archive: Archive
) -> None:
    bring_in(services, lines("srv-1", 0, 1000) + lines("srv-2", 1000, 500))
    shown = finished(act, str(act("hunt.start", file=archive(FAILED).fileno())["id"]))
    whole = finished(act, str(act("hunt.start", file=archive(FAILED).fileno(), narrowing=False)["id"]))
    assert (shown["passed"], shown["matches"]) == (whole["passed"], whole["matches"]) == (1500, 1000)
    assert found(act, str(whole["id"])) == found(act, str(shown["id"]))
