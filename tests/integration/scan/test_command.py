"""``shouwang scan`` as a process: streams, exit codes, compressed and broken inputs."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
import zstandard

from tests.unit.detection.sample import rule_text

LINE = "Nov 24 08:15:30 web-1 sshd[4711]: Failed password for root from 203.0.113.50 port 40022 ssh2\n"
OTHER = "Nov 24 08:15:31 web-1 sshd[4711]: Connection closed by 203.0.113.50 port 40022\n"
RULE = rule_text(
    "s: {source.ip|cidr: 203.0.113.0/24, event.outcome: failure}\ncondition: s",
    title="From outside",
    id="11111111-1111-4111-8111-111111111111",
    logsource="{product: linux, service: sshd}",
    level="high",
)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "rules" / "one.yml"
    file.parent.mkdir()
    file.write_text(RULE, encoding="utf-8")
    return file.parent


def run(*words: str | Path, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shouwang", "scan", *map(str, words)]
    done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_match_is_one_json_object_with_all_that_was_promised(tmp_path: Path, rules: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text(OTHER + LINE, encoding="utf-8")
    done = run(log, "--rules", rules, "--json", "--zone", "Asia/Shanghai")
    assert done.returncode == 0, done.stderr
    [match] = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert list(match) == ["rule_id", "title", "level", "time", "source", "record", "event_id", "fields"]
    assert match["rule_id"] == "11111111-1111-4111-8111-111111111111"
    assert (match["title"], match["level"], match["source"], match["record"]) == ("From outside", "high", str(log), 2)
    assert match["time"].endswith("-11-24T08:15:30.000000+08:00")
    assert len(match["event_id"]) == 32
    assert match["fields"]["source.ip"] == "203.0.113.50"
    assert "rules: 1 loaded, 0 refused" in done.stderr
    assert "files 1, events 2, matches 1" in done.stderr


def test_a_folder_is_read_whole_compressed_or_not(tmp_path: Path, rules: Path) -> None:
    logs = tmp_path / "logs" / "deep"
    logs.mkdir(parents=True)
    (logs / "auth.log").write_text(LINE, encoding="utf-8")
    (logs / "auth.log.1.gz").write_bytes(gzip.compress(LINE.encode()) + gzip.compress(LINE.encode()))
    (logs / "auth.log.2.zst").write_bytes(zstandard.compress(LINE.encode()))
    (logs / "link.log").symlink_to(logs / "auth.log")
    done = run(tmp_path / "logs", "--rules", rules)
    assert done.returncode == 0
    assert [line.split("logs/deep/")[1].split("  ")[0] for line in done.stdout.splitlines()] == [
        "auth.log:1",
        "auth.log.1.gz:1",
        "auth.log.1.gz:2",
        "auth.log.2.zst:1",
    ]
    assert "  HIGH           From outside  " in done.stdout
    assert "files 3, events 4, matches 4" in done.stderr


def test_no_match_is_no_error(tmp_path: Path, rules: Path) -> None:
    (tmp_path / "a.log").write_text(OTHER, encoding="utf-8")
    done = run(tmp_path / "a.log", "--rules", rules)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_cannot_be_read_exits_2_and_the_rest_is_still_scanned(tmp_path: Path, rules: Path) -> None:
    (tmp_path / "a.log").write_text(LINE, encoding="utf-8")
    (tmp_path / "b.evtx").write_bytes(b"ElfFile\0" + b"\0" * 100)
    done = run(tmp_path / "nowhere.log", tmp_path / "b.evtx", tmp_path / "a.log", "--rules", rules)
    assert done.returncode == 2
    assert f"unreadable: {tmp_path / 'nowhere.log'}: No such file" in done.stderr
    assert f"unreadable: {tmp_path / 'b.evtx'}: " in done.stderr
    assert "From outside" in done.stdout


def test_a_damaged_part_is_told_and_the_rest_is_scanned(tmp_path: Path, rules: Path) -> None:
    whole = gzip.compress((LINE * 20_000).encode())
    (tmp_path / "cut.log.gz").write_bytes(whole[: len(whole) // 2])
    done = run(tmp_path / "cut.log.gz", "--rules", rules)
    assert done.returncode == 0
    assert f"damaged: {tmp_path / 'cut.log.gz'}: after record " in done.stderr
    assert done.stdout.count("From outside") > 100


def test_no_rule_exits_3_and_says_why(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yml"
    bad.write_text(rule_text("s: {f|near: a}\ncondition: s"), encoding="utf-8")
    (tmp_path / "a.log").write_text(LINE, encoding="utf-8")
    done = run(tmp_path / "a.log", "--rules", bad)
    assert done.returncode == 3
    assert f"refused: {bad}:5: unknown modifier 'near'" in done.stderr
    assert "Traceback" not in done.stderr
    assert run(tmp_path / "a.log", "--rules", tmp_path / "nowhere").returncode == 3


def test_our_own_rules_are_the_default(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LINE, encoding="utf-8")
    done = run(tmp_path / "a.log")
    assert done.returncode == 0
    assert ", 0 refused" in done.stderr
    assert "203.0.113.50" in done.stdout


def test_hostile_text_reaches_no_terminal_unescaped(tmp_path: Path, rules: Path) -> None:
    log = tmp_path / "esc\x1b[31m.log"
    log.write_bytes(LINE.replace("root", "r\x1b]0;x\x07t\u202e").encode())
    done = run(log, "--rules", rules)
    assert done.returncode == 0
    assert "From outside" in done.stdout
    assert not any(mark in done.stdout + done.stderr for mark in ("\x1b", "\x07", "\u202e"))


@pytest.mark.parametrize(
    ("option", "value"), [("--format", "nonsense"), ("--format", "dead"), ("--zone", "Mars/Olympus")]
)
def test_a_word_that_is_not_known_exits_2(tmp_path: Path, option: str, value: str) -> None:
    done = run(tmp_path, option, value)
    assert done.returncode == 2
    assert value in done.stderr


def test_events_of_no_known_log_source_are_counted(tmp_path: Path, rules: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"hello": 1}\n{"hello": 2}\nnot json\n', encoding="utf-8")
    done = run(tmp_path / "a.jsonl", "--rules", rules)
    assert "of no known log source: 2 events (generic.json)" in done.stderr
    assert "not parsed: 1 record (json_invalid)" in done.stderr


NOISE = b"\x89PNG\r\n\x1a\n" + b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(400))


def test_a_picture_is_unreadable_input_by_name_or_in_a_folder_and_the_rest_is_scanned(
    tmp_path: Path, rules: Path
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.log").write_text(LINE, encoding="utf-8")
    (logs / "plan.png").write_bytes(NOISE)
    for named in (logs, logs / "plan.png"):
        done = run(named, "--rules", rules)
        assert done.returncode == 2
        assert f"unreadable: {logs / 'plan.png'}: no log but a picture" in done.stderr
        assert "damaged:" not in done.stderr
    assert "From outside" in run(logs, "--rules", rules).stdout


def test_a_folder_holds_rules_and_documents_that_are_no_logs_but_what_is_named_is_read(
    tmp_path: Path, rules: Path
) -> None:
    logs = tmp_path / "logs"
    (logs / ".git").mkdir(parents=True)
    (logs / ".git" / "log").write_text(LINE, encoding="utf-8")
    for name in ("a.log", "rule.yml", "README.MD", "b.txt"):
        (logs / name).write_text(LINE, encoding="utf-8")
    done = run(logs, "--rules", rules)
    assert done.returncode == 0
    assert f"passed over: {logs / 'rule.yml'}: .yml is no log" in done.stderr
    assert f"passed over: {logs / 'README.MD'}: .md is no log" in done.stderr
    assert f"passed over: {logs / '.git' / 'log'}: hidden" in done.stderr
    assert "files 2, events 2, matches 2" in done.stderr
    assert "matches 1" in run(logs / "rule.yml", "--rules", rules).stderr


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_the_standard_input_is_scanned_packed_or_not(tmp_path: Path, rules: Path, pack: type[bytes]) -> None:
    (tmp_path / "b.log").write_text(LINE, encoding="utf-8")
    done = run("-", tmp_path / "b.log", "--rules", rules, "--json", given=pack((OTHER + LINE).encode()))
    assert done.returncode == 0, done.stderr
    found = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert [(each["source"], each["record"]) for each in found] == [("-", 2), (str(tmp_path / "b.log"), 1)]


def test_noise_and_a_cut_stream_on_the_standard_input_are_told(rules: Path) -> None:
    assert run("-", "--rules", rules, given=NOISE).returncode == 2
    cut = run("-", "--rules", rules, given=zstandard.compress((LINE * 20_000).encode() + NOISE)[:-9])
    assert "damaged: -: after record " in cut.stderr


def test_what_scan_says_beside_its_matches_is_said_in_chinese_too(tmp_path: Path, rules: Path) -> None:
    (tmp_path / "x.png").write_bytes(NOISE)
    done = run(tmp_path / "x.png", tmp_path / "none.log", "--rules", rules, "--lang", "zh")
    said = done.stderr.splitlines()
    assert said[0] == "规则：已加载 1，拒绝 0"
    assert f"无法读取：{tmp_path / 'x.png'}：不是日志，而是图片" in said
    assert f"无法读取：{tmp_path / 'none.log'}：文件不存在" in said
    assert said[-1].startswith("文件 1，事件 0，匹配 0，")


def test_a_pipeline_of_the_users_names_the_fields_of_his_own_rules(tmp_path: Path) -> None:
    log, rule, pipeline = tmp_path / "auth.log", tmp_path / "one.yml", tmp_path / "fields.yml"
    log.write_text(LINE, encoding="utf-8")
    rule.write_text(RULE.replace("source.ip", "Angreifer"), encoding="utf-8")
    pipeline.write_text(
        "transformations: [{type: field_name_mapping, mapping: {Angreifer: source.ip}}]\n", encoding="utf-8"
    )
    assert run(log, "--rules", rule).stdout == ""
    assert "From outside" in run(log, "--rules", rule, "--pipeline", pipeline).stdout
    pipeline.write_text("transformations: [{type: command_placeholders, command: id}]\n", encoding="utf-8")
    done = run(log, "--rules", rule, "--pipeline", pipeline, "--lang", "en")
    assert (done.returncode, done.stdout) == (3, "")
    assert "command_placeholders cannot be applied" in done.stderr
