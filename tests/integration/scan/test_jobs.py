"""``scan --jobs``: what several processes print is what one prints."""

from __future__ import annotations

import re
from pathlib import Path

import orjson

from tests.integration.scan.test_command import run
from tests.unit.detection.sample import rule_text

RULE = rule_text(
    "s: {EventID: 1}\nk: [needle]\ncondition: s or k",
    title="Started",
    id="11111111-1111-4111-8111-111111111112",
    logsource="{product: windows}",
    level="high",
)


def line(number: int, **more: object) -> bytes:
    doc = {
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "SourceName": "Microsoft-Windows-Sysmon",
        "EventID": 1 if number % 7 == 0 else 5,
        "Image": f"C:\\{number}.exe",
        "Message": "x" * 900,
        "EventTime": "2026-11-24T08:00:00Z",
    }
    return orjson.dumps(doc | more) + b"\n"


def test_several_processes_print_what_one_prints(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "one.yml").write_text(RULE, encoding="utf-8")
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.jsonl").write_bytes(b"".join(map(line, range(1500))))
    (logs / "b.jsonl").write_bytes(line(1) + b"{broken\n\n" + line(2, Note="needle") + b'{"other": 1}\n' + line(7)[:-1])
    (logs / "c.jsonl").write_bytes(line(7, Message="y" * 300_000) + b"".join(map(line, range(500))))
    (logs / "d.log").write_bytes(b"Nov 24 08:15:30 web-1 sshd[1]: needle\n" * 3)
    one, two, three = (run(logs, "--rules", rules, "--jobs", jobs, "--zone", "UTC") for jobs in ("1", "2", "3"))
    assert one.stdout.count("\n") == 215 + 2 + 72, one.stderr
    assert one.stdout == two.stdout == three.stdout
    timeless = [re.sub(r", \d+\.\d+ s, \d+ events/s", "", done.stderr) for done in (one, two, three)]
    assert timeless[0] == timeless[1] == timeless[2]
    assert "files 4, events 2009, matches 289" in timeless[0]
    assert "not parsed: 2 records (json_invalid)" in timeless[0]


def test_the_number_of_processes_is_checked(tmp_path: Path) -> None:
    assert "--jobs" in run(tmp_path, "--jobs", "-1").stderr
    assert "--jobs" in run(tmp_path, "--jobs", "many").stderr
