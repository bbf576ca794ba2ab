"""ECS senders' records meet the rules that the same log's lines meet."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.logsources import where
from detection.engine import Engine
from detection.rules import load
from shouwang.model import Event, Value
from shouwang.query import predicate
from tests.unit.parsers.reading import read, serves

AT = "2026-11-24T00:15:30Z"
RULE = """
title: {title}
id: {id}
logsource: {{product: linux, {part}}}
detection: {{selection: {selection}, condition: selection}}
level: low
"""
FAILURE: dict[str, Value] = {
    "event": {"dataset": "system.auth", "module": "system", "category": ["authentication"], "outcome": "failure"},
    "process": {"name": "sshd", "pid": 7},
    "user": {"name": "root"},
    "source": {"ip": "203.0.113.9"},
    "message": "Failed password for root from 203.0.113.9 port 4022 ssh2",
}
EXECVE: dict[str, Value] = {
    "event": {"dataset": "auditd.log", "action": "execve"},
    "auditd": {"log": {"record_type": "EXECVE", "a0": "id"}},
}
STARTED: dict[str, Value] = {
    "event": {"module": "auditd", "category": ["process"], "type": ["start"]},
    "auditd": {"message_type": "syscall"},
    "process": {"executable": "/usr/bin/id", "args": ["id"]},
}


def record(fields: dict[str, Value]) -> Event:
    return read("json", json.dumps({"@timestamp": AT, **fields}))


def named(fields: dict[str, Value]) -> Event:
    """The same, dotted."""
    flat: dict[str, Value] = {}

    def put(prefix: str, held: dict[str, Value]) -> None:
        for key, value in held.items():
            put(f"{prefix}{key}.", value) if isinstance(value, dict) else flat.update({prefix + key: value})

    put("", fields)
    return record(flat)


def fired(folder: Path, event: Event) -> list[str]:
    rules = [
        ("auth", "service: auth", "['Failed password']"),
        ("outcome", "service: sshd", "{event.outcome: failure}"),
        ("cron", "service: cron", "['Failed password']"),
        ("audit", "service: auditd", "{type: EXECVE, a0: id}"),
        ("syscall", "service: auditd", "{type: SYSCALL}"),
        ("start", "category: process_creation", "{Image|endswith: /id}"),
    ]
    for number, (title, part, selection) in enumerate(rules):
        rule_id = f"00000000-0000-4000-8000-{number:012d}"
        text = RULE.format(title=title, id=rule_id, part=part, selection=selection)
        (folder / f"{title}.yml").write_text(text, encoding="utf-8")
    loaded = load([folder])
    assert len(loaded.rules) == len(rules)
    return [match.title for match in Engine(loaded, ()).match([event])]


@pytest.mark.parametrize("form", [record, named])
def test_an_sshd_failure_of_an_ecs_sender_meets_the_rules_of_its_log_and_no_others(
    form: Callable[[dict[str, Value]], Event], tmp_path: Path
) -> None:
    assert sorted(fired(tmp_path, form(FAILURE))) == ["auth", "outcome"]
    other = form({**FAILURE, "event": {"dataset": "acme.portal"}})
    assert fired(tmp_path, other) == []


def test_the_audit_systems_records_meet_its_rules_under_the_names_that_beats_give(tmp_path: Path) -> None:
    assert fired(tmp_path, record(EXECVE)) == ["audit"]
    assert sorted(fired(tmp_path, record(STARTED))) == ["start", "syscall"]


@pytest.mark.parametrize(
    ("dataset", "rule", "foreign"),
    [
        ("system.syslog", ("linux", None, "syslog"), ("linux", None, "auth")),
        ("iptables.log", ("linux", "firewall", None), (None, "webserver", None)),
        ("auditd.log", ("linux", None, "auditd"), ("linux", "process_creation", None)),
        ("auditd_manager.auditd", ("linux", None, "auditd"), ("linux", None, "syslog")),
        ("nginx.access", ("nginx", "webserver", None), ("apache", None, None)),
        ("apache.access", (None, "webserver", None), ("nginx", None, None)),
        ("apache.error", ("apache", None, "apache"), (None, "webserver", None)),
        ("iis.access", (None, "webserver", None), ("nginx", None, None)),
        ("mysql.slowlog", ("mysql", "database", None), ("postgresql", None, None)),
        ("postgresql.log", ("postgresql", "database", None), ("mysql", None, None)),
        ("suricata.eve", ("suricata", None, None), ("zeek", None, None)),
        ("zeek.dns", ("zeek", None, "dns"), ("zeek", None, "http")),
    ],
)
def test_a_data_set_is_the_log_that_it_is_as_text(
    dataset: str, rule: tuple[str | None, ...], foreign: tuple[str | None, ...]
) -> None:
    module, _, part = dataset.partition(".")
    said: list[dict[str, Value]] = [
        {"event": {"dataset": dataset}},
        {"event.dataset": dataset},
        {"data_stream": {"dataset": dataset}},
        {"event": {"module": module}, "fileset": {"name": part}},
        {"service": {"type": module}, "fileset.name": part},
    ]
    for fields in said:
        event = record(fields)
        assert serves(event, *rule), fields
        assert not serves(event, *foreign), fields


def test_a_program_of_a_hosts_log_has_its_own_rules() -> None:
    cron = record({"event": {"dataset": "system.syslog"}, "process": {"name": "CRON"}})
    assert serves(cron, "linux", None, "cron")
    assert not serves(cron, "linux", None, "auth")


@pytest.mark.parametrize(
    "fields",
    [
        {"event": {"module": "nginx"}},
        {"service": {"type": "system"}},
        {"event": {"dataset": ["system.auth"]}},
        {"event": {"dataset": "system.auth"}, "host": {"os": {"platform": "darwin"}}},
        {"event": {"dataset": "system.cpu", "module": "system"}, "service": {"type": "system"}},
    ],
)
def test_what_does_not_say_which_log_of_linux_it_is_belongs_to_none(fields: dict[str, Value]) -> None:
    assert record(fields).shape.logsources == frozenset()


@pytest.mark.parametrize("fields", [FAILURE, EXECVE, STARTED])
def test_a_hunt_looks_where_such_records_lie(fields: dict[str, Value]) -> None:
    event = record(fields)
    assert event.shape.logsources
    for logsource in event.shape.logsources:
        assert predicate(where(logsource))(event), logsource
