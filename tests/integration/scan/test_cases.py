"""The shared cases, through the command: files on disk to JSON lines."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from shouwang.cli.offline_scan import Request, scan
from shouwang.model import Value
from tests.cases.matches import MATCHES, by_rule, expected
from tests.cases.readings import READINGS


def request(path: Path, *rules: Path) -> Request:
    return Request(
        paths=(path,),
        rules=rules,
        pipelines=(),
        format="auto",
        encoding="utf-8",
        zone="Asia/Shanghai",
        jobs=1,
        correlate=False,
        json=True,
        verbose=True,
        lang="en",
    )


def matches(capfdbinary: pytest.CaptureFixture[bytes], path: Path, *rules: Path) -> tuple[list[dict[str, Value]], str]:
    assert scan(request(path, *rules)) == 0
    said = capfdbinary.readouterr()
    return [orjson.loads(line) for line in said.out.splitlines()], said.err.decode()


@pytest.mark.parametrize("case", MATCHES)
def test_a_case_gives_what_it_expects(case: str, shared: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    folder = shared / "cases" / "files" / case
    found, _ = matches(capfdbinary, folder / MATCHES[case], folder / "rules")
    assert by_rule(found) == expected(folder)


def test_every_shared_case_about_events_and_rules_and_each_of_its_files_has_a_test(shared: Path) -> None:
    folder = shared / "cases"
    listed = [orjson.loads(line) for line in (folder / "cases.jsonl").read_bytes().splitlines()]
    assert {case["id"] for case in listed if case["area"] in {"A", "B", "C"}} == READINGS.keys() | MATCHES.keys()
    tested = {file for reading in READINGS.values() for file in reading.files}
    tested |= {f"{case}/{file}" for case, file in MATCHES.items()}
    files = {path.relative_to(folder / "files") for path in (folder / "files").rglob("*") if path.is_file()}
    inputs = {str(path) for path in files if path.parts[0][0] in "ABC" and path.parent.name != "rules"}
    assert inputs - {f"{case}/expect.json" for case in MATCHES} == tested


def test_six_dialects_say_the_same_of_one_event(shared: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    folder = shared / "cases" / "files" / "B03"
    found, _ = matches(capfdbinary, folder / "events.jsonl", folder / "rules")
    names = ("event.code", "winlog.channel", "process.executable", "user.name", "host.name", "process.command_line")
    assert len(found) == 12
    views = [match["fields"] for match in found]
    seen = {tuple(view[name] for name in names) for view in views if isinstance(view, dict)}
    assert seen == {
        ("4688", "Security", "C:\\Windows\\System32\\whoami.exe", "ops", "ws-07.example.com", "whoami /all")
    }


def test_the_pair_for_cleared_logs_tells_important_from_general(
    shared: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    events = shared / "cases" / "files" / "B01" / "events.jsonl"
    found, _ = matches(capfdbinary, events, shared / "sigma" / "rules" / "windows" / "builtin" / "system")
    got = {(str(match["rule_id"])[:8], match["record"]) for match in found}
    assert {("100ef69e", 2), ("a62b37e0", 3)} <= got
    assert not {("100ef69e", 3), ("a62b37e0", 2)} & got


def test_refused_rules_are_told_with_file_line_and_reason(
    shared: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = shared / "cases" / "files" / "C09"
    _, told = matches(capfdbinary, folder / "events.jsonl", folder / "rules")
    assert "7 loaded, 4 refused" in told
    for name, line in [("q8", 7), ("q9", 7), ("q10", 7), ("q11", 8)]:
        assert f"{folder / 'rules' / name}.yml:{line}: condition: " in told
