"""Ordinary days: what the whole rule set says of logs in which nothing is wrong."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from collectors.origin import Origin
from collectors.registry import PARSERS
from detection.correlate import Correlator
from shouwang.model import DEAD_DATASET, Event, Severity
from tests.unit.rulesets import examples
from tests.unit.rulesets.examples import START_US, ZONE, stem
from tests.unit.rulesets.test_rulesets import ENGINE, OWN, silenced

BENIGN = Path(__file__).parent / "benign"
YEAR_US = 365 * 24 * 3_600_000_000


def read(path: Path, parser: str) -> list[Event]:
    """A file's lines, dated as they say."""
    origin = Origin(source=f"file:{path.name}", received_us=START_US, reference_us=START_US, zone=ZONE, live=False)
    events = [PARSERS[parser](line, origin) for line in path.read_bytes().splitlines()]
    for number, event in enumerate(events):
        event.id = number.to_bytes(16, "big")
    return events


def said(events: list[Event], least: Severity) -> Counter[str]:
    """Rules and correlations that would raise an alert -> events."""
    correlator = Correlator(OWN.correlations)
    found: Counter[str] = Counter()
    for match in ENGINE.match(events):
        if match.rule_id not in silenced() and match.severity >= least:
            found[match.title] += 1
        for hit in correlator.feed(match):
            if hit.severity >= least:
                found[hit.title] += len(hit.members)
    return found


@pytest.mark.parametrize("path", sorted(BENIGN.iterdir()), ids=lambda path: path.stem)
def test_an_ordinary_day_raises_nothing_that_a_person_must_look_at(path: Path) -> None:
    events = read(path, path.stem)
    assert len(events) > 20
    assert not [event.doc for event in events if event.shape.dataset == DEAD_DATASET]
    assert said(events, Severity.MEDIUM) == {}


def test_no_rule_fires_on_every_request() -> None:
    events = read(BENIGN / "access.log", "access")
    fired = Counter(match.title for match in ENGINE.match(events))
    assert max(fired.values()) < len(events) / 3


def test_near_misses_of_one_rule_are_ordinary_for_all_others_but_its_sisters() -> None:
    sisters = {
        ("account_password_changed", "account_root_password_changed"),
        ("account_with_uid_0", "account_created"),
        ("backup_folder_removed", "backup_part_removed"),
        ("backup_part_removed", "backup_folder_removed"),
        ("db_dump_taken", "db_dump_over_network"),
        ("db_web_file_written", "db_export_to_server_file"),
        ("device_calls_outside", "device_login_from_outside"),
        ("device_command_forged", "device_command_replayed"),
        ("device_faulty", "fire_panel_away"),
        ("device_settings_changed", "device_clock_changed"),
        ("device_settings_changed", "device_weak_password"),
        ("device_tampered", "manhole_opened"),
        ("disk_full", "disk_nearly_full"),
        ("disk_nearly_full", "disk_full"),
        ("ssh_login_from_outside", "ssh_root_password_login"),
        ("ssh_root_key_login", "ssh_root_password_login"),
        ("vpn_certificate_refused", "vpn_certificate_revoked"),
        ("web_attack_refused", "web_sql_injection"),
        ("web_path_traversal_answered", "web_path_traversal"),
    }
    found = set()
    for rule in OWN.rules:
        for line in examples.not_matching(rule):
            for event in line.events():
                grave = (other for other in ENGINE.fired(event) if other.severity >= Severity.MEDIUM)
                found |= {(stem(rule), stem(other)) for other in grave}
    assert found == sisters


def guessers(raw: bytes, window_s: int = 300, least: int = 10) -> set[str]:
    """Addresses with that many failed passwords within the window, read in another way: by eye, as it were."""
    times: dict[str, list[int]] = {}
    for line in raw.decode().splitlines():
        if (
            found := re.match(r"Dec 10 (\d\d):(\d\d):(\d\d) .* Failed password for .* from (\S+) port", line)
        ) is not None:
            hour, minute, second = map(int, found.groups()[:3])
            times.setdefault(found[4], []).append(hour * 3600 + minute * 60 + second)
    return {ip for ip, at in times.items() if any(b - a <= window_s for a, b in zip(at, at[least - 1 :], strict=False))}


def test_a_real_log_of_two_thousand_ssh_lines_names_every_guesser_and_no_one_else(shared: Path) -> None:
    path = shared / "samples" / "OpenSSH_2k.log"
    events = read(path, "syslog")
    assert set(said(events, Severity.INFORMATIONAL)) == {
        "SSH brute force from one address",
        "SSH user names guessed from one address",
        "SSH password login from a public address",
    }
    correlator = Correlator(OWN.correlations)
    hits = [hit for match in ENGINE.match(events) for hit in correlator.feed(match)]
    brute = {hit.group[0] for hit in hits if hit.title == "SSH brute force from one address"}
    assert brute == {f"source.ip={ip}" for ip in guessers(path.read_bytes())}
    assert len(brute) > 5
