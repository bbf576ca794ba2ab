"""``scan --correlate``: what correlations make of files, in whatever order they are read."""

from __future__ import annotations

import random
from pathlib import Path

import orjson
import pytest

from tests.integration.scan.test_command import run

RULES = """
title: Refused
name: refused
id: 11111111-1111-4111-8111-11111111111a
logsource: {product: linux, service: sshd}
detection: {s: {event.outcome: failure}, condition: s}
level: low
---
title: Many refused
id: 11111111-1111-4111-8111-11111111111b
name: many
correlation:
  type: event_count
  rules: refused
  group-by: source.ip
  timespan: 5m
  condition: {gte: 5}
level: medium
---
title: Let in
name: let-in
logsource: {product: linux, service: sshd}
detection: {s: {event.outcome: success}, condition: s}
level: low
---
title: Let in after many refused
id: 11111111-1111-4111-8111-11111111111c
correlation: {type: temporal_ordered, rules: [many, let-in], group-by: source.ip, timespan: 10m}
level: high
---
title: Many names
id: 11111111-1111-4111-8111-11111111111d
correlation:
  {type: value_count, rules: refused, group-by: source.ip, timespan: 5m, condition: {field: user.name, gte: 3}}
level: medium
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Lines of one attack, shared out to three files without any order."""
    (tmp_path / "rules.yml").write_text(RULES, encoding="utf-8")
    lines = [
        f"Nov 24 08:15:{10 + n} web-1 sshd[4711]: Failed password for u{n % 3} from 203.0.113.50 port {n} ssh2\n"
        for n in range(8)
    ]
    lines.append("Nov 24 08:16:00 web-1 sshd[4711]: Accepted password for u1 from 203.0.113.50 port 4 ssh2\n")
    lines.append("Nov 24 08:16:00 web-1 sshd[4711]: Accepted password for u1 from 203.0.113.51 port 4 ssh2\n")
    random.Random(7).shuffle(lines)
    logs = tmp_path / "logs"
    logs.mkdir()
    for number in range(3):
        (logs / f"{number}.log").write_text("".join(lines[number::3]), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_correlations_over_files_say_group_count_times_and_values(place: Path, jobs: str) -> None:
    rules = place / "rules.yml"
    done = run(place / "logs", "--rules", rules, "--correlate", "--json", "--zone", "UTC", "--jobs", jobs)
    assert done.returncode == 0, done.stderr
    said = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert len([each for each in said if "record" in each]) == 10
    found = {each["title"]: each for each in said if "type" in each}
    assert sorted(found) == ["Let in after many refused", "Many names"]
    names, entered = found["Many names"], found["Let in after many refused"]
    assert (names["type"], names["group"], names["count"]) == ("value_count", {"source.ip": "203.0.113.50"}, 8)
    assert (names["measured"], sorted(names["values"])) == ("3", ["u0", "u1", "u2"])
    assert names["first"][5:19] == "11-24T08:15:10"
    assert entered["last"][5:19] == "11-24T08:16:00"
    assert (entered["count"], len(entered["event_ids"])) == (5, 5)
    assert "correlations 3, results 2" in done.stderr


def test_without_the_option_correlations_are_named_and_not_run(place: Path) -> None:
    done = run(place / "logs", "--rules", place / "rules.yml", "--zone", "UTC")
    assert done.stdout.count("\n") == 10
    assert "3 correlations, which --correlate runs" in done.stderr


def test_a_person_reads_one_line_a_result(place: Path) -> None:
    done = run(place / "logs", "--rules", place / "rules.yml", "--correlate", "--zone", "UTC")
    (line,) = [each for each in done.stdout.splitlines() if "Many names" in each]
    assert "value_count 8" in line
    assert "source.ip=203.0.113.50" in line
    assert "= 3 (u" in line
