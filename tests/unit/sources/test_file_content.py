"""What a followed file may hold, be, and turn into."""

from __future__ import annotations

import base64
import os
import resource
import threading
from datetime import UTC
from pathlib import Path

import pytest

from collectors.origin import Origin
from collectors.registry import PARSERS
from collectors.sources.cursor import FileCursor, decode
from shouwang.eventjson import event_json
from shouwang.model import DEAD_DATASET, Event, Level
from tests.peers import IS_ROOT, needs
from tests.unit.sources.following import Kept, append, flags, following, names, numbered, wait_for


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def test_bytes_that_are_no_text_are_kept_and_recoverable(log: Path) -> None:
    kept = Kept()
    hostile = b'\xff\xfe\xc0\xaf\xed\xa0\x80 \x1b[31m {"a": 1} [bold]'
    append(log, b"x" + hostile + b"\n")
    with following(log, kept):
        wait_for(lambda: len(kept.records) == 1)
    event = kept.records[0]
    event.id = bytes(16)
    assert event.raw == b"x" + hostile
    assert base64.b64decode(str(event_json(event, UTC)["event.original_base64"])) == event.raw


def test_declared_gb18030_is_read_and_its_bytes_kept(log: Path) -> None:
    kept = Kept()
    raw = "登录失败 丂".encode("gb18030")
    append(log, raw + b"\n")
    with following(log, kept, encoding="gb18030"):
        wait_for(lambda: len(kept.records) == 1)
    assert kept.records[0].get("message") == "登录失败 丂"
    assert kept.records[0].raw == raw


def test_a_hundred_megabytes_without_a_line_end_take_bounded_memory(log: Path) -> None:
    kept = Kept()
    size = 100 * 1024 * 1024
    append(log, "before\n")
    with log.open("ab") as file:
        for _ in range(100):
            file.write(b"z" * 1024 * 1024)
    append(log, "\nafter\n")
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with following(log, kept):
        wait_for(lambda: len(kept.records) == 3)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    assert grown_kib < 20 * 1024
    cut = kept.records[1]
    assert (kept.lines[0], kept.lines[2]) == ("before", "after")
    assert len(cut.raw) == 256 * 1024
    assert cut.context["log.length_bytes"] == size
    assert flags(cut) == ["truncated"]


def test_records_of_several_lines_are_one_event_and_end_by_themselves(log: Path) -> None:
    kept = Kept()
    append(log, "2026 a\n  at b\n2026 c\n  at d\n")
    with following(log, kept, start_pattern=r"^\d{4} "):
        wait_for(lambda: len(kept.records) == 2)
    assert kept.lines == ["2026 a\n  at b", "2026 c\n  at d"]
    with following(log, kept, start_pattern=r"^\d{4} "):
        append(log, "2026 e\n")
        wait_for(lambda: len(kept.records) == 3)
    assert kept.lines[2] == "2026 e"


def test_nul_block_is_counted_in_the_stream(log: Path) -> None:
    kept = Kept()
    append(log, b"a\n" + b"\0" * 4096 + b"b\n")
    with following(log, kept):
        wait_for(lambda: kept.lines == ["a", "b"])
    (told,) = kept.told("nul_skipped")
    assert told.get("shouwang.bytes") == 4096


def test_format_is_recognised_when_the_first_lines_come(log: Path) -> None:
    kept = Kept()
    log.touch()
    with following(log, kept, parser="auto"):
        append(log, "Nov 24 08:15:01 gate sshd[7]: Failed password for root from 192.0.2.9 port 4022 ssh2\n")
        wait_for(lambda: len(kept.records) == 1)
    assert kept.records[0].get("source.ip") == "192.0.2.9"
    assert kept.records[0].get("log.file.path") == str(log)


def test_lines_found_at_the_start_keep_their_times_and_later_ones_must_be_believable(log: Path) -> None:
    kept = Kept()
    old = '{"@timestamp": "2020-01-01T00:00:00Z", "message": "m"}\n'
    append(log, old)
    with following(log, kept, parser="json"):
        wait_for(lambda: len(kept.records) == 1)
        append(log, old)
        wait_for(lambda: len(kept.records) == 2)
    first, second = kept.records
    assert first.time_us == 1_577_836_800_000_000
    assert second.time_us == second.received_us
    assert str(second.context["event.created"]).startswith("2020-01-01")


@pytest.mark.parametrize(
    "claim",
    [
        *("Jan  1 00:00:00", "Feb 29 12:00:00", "Dec 31 23:59:60", "1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z"),
        *("2016-12-31T23:59:60Z", "2026-03-29T02:30:00+01:00", "0000-00-00T00:00:00Z", "9999-99-99T99:99:99Z"),
    ],
)
def test_live_lines_with_impossible_clocks_are_kept_near_their_receipt(log: Path, claim: str) -> None:
    kept = Kept()
    append(log, "first\n")
    with following(log, kept, parser="syslog"):
        wait_for(lambda: len(kept.records) == 1)
        append(log, f"{claim} gate app[7]: m\n")
        wait_for(lambda: len(kept.records) == 2)
    event = kept.records[1]
    assert event.raw.startswith(claim.encode())
    assert -300_000_000 <= event.received_us - event.time_us <= 86_400_000_000


def test_a_line_that_breaks_its_parser_is_a_dead_letter_and_its_neighbours_live(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept()
    whole = PARSERS["text"]

    def fragile(raw: bytes, origin: Origin) -> Event:
        if raw == b"line 1":
            raise RecursionError("deep")
        return whole(raw, origin)

    monkeypatch.setitem(PARSERS, "text", fragile)
    append(log, numbered(0, 3))
    with following(log, kept):
        wait_for(lambda: len(kept.records) == 3)
    assert kept.lines == names(0, 3)
    assert [event.get("error.code") for event in kept.records if event.shape.dataset == DEAD_DATASET] == [
        "parser_error"
    ]


def test_what_a_line_says_of_other_lines_makes_none_of_them(log: Path) -> None:
    kept = Kept()
    hostile = 'x\\nNov 24 08:00:00 gate sshd[1]: Accepted \x1b[2J {"@timestamp": 1} \r [bold]forged[/] \u2028 end'
    append(log, hostile + "\n")
    with following(log, kept):
        append(log, "last\n")
        wait_for(lambda: "last" in kept.lines)
    assert kept.lines == [hostile, "last"]


@pytest.mark.parametrize("kind", ["fifo", "folder", "socket", "nothing"])
def test_what_is_no_regular_file_is_shown_and_taken_up_when_it_becomes_one(log: Path, kind: str) -> None:
    kept = Kept()
    if kind == "fifo":
        os.mkfifo(log)
    elif kind == "folder":
        log.mkdir()
    elif kind == "socket":
        os.mknod(log, 0o140600)
    with following(log, kept) as running:
        wait_for(lambda: running.source.status().level is Level.BROKEN)
        assert str(log) in str(running.source.status().detail)
        if kind == "folder":
            log.rmdir()
        elif kind != "nothing":
            log.unlink()
        append(log, "here\n")
        wait_for(lambda: kept.lines == ["here"])
        wait_for(lambda: running.source.status().level is Level.OK)


@pytest.mark.parametrize("kind", ["fifo", "folder"])
def test_a_file_replaced_while_followed_is_read_to_its_end_and_the_trouble_shown(log: Path, kind: str) -> None:
    kept = Kept()
    append(log, numbered(0, 2))
    with following(log, kept) as running:
        wait_for(lambda: len(kept.lines) == 2)
        with log.open("ab") as writer:
            log.unlink()
            if kind == "fifo":
                os.mkfifo(log)
            else:
                log.mkdir()
            writer.write(b"line 2\n")
        wait_for(lambda: len(kept.lines) == 3)
        wait_for(lambda: running.source.status().level is Level.BROKEN)


@needs("root", IS_ROOT, "to give files to others")
def test_a_link_made_by_somebody_else_to_a_file_not_theirs_is_not_followed(tmp_path: Path) -> None:
    kept = Kept()
    secret, link = tmp_path / "secret", tmp_path / "app.log"
    append(secret, "password\n")
    link.symlink_to(secret)
    os.lchown(link, 33, 33)
    with following(link, kept) as running:
        wait_for(lambda: "somebody else" in str(running.source.status().detail))
        link.unlink()
        link.symlink_to("own")
        append(tmp_path / "own", "fine\n")
        os.chown(tmp_path / "own", 33, 33)
        os.lchown(link, 33, 33)
        wait_for(lambda: kept.lines == ["fine"])


def test_a_link_swapped_to_another_file_is_a_rotation(tmp_path: Path) -> None:
    kept = Kept()
    append(tmp_path / "a", "one\n")
    append(tmp_path / "b", "two\n")
    link = tmp_path / "app.log"
    link.symlink_to("a")
    with following(link, kept):
        wait_for(lambda: kept.lines == ["one"])
        swap = tmp_path / "swap"
        swap.symlink_to("b")
        swap.rename(link)
        append(tmp_path / "a", "three\n")
        wait_for(lambda: len(kept.lines) == 3)
    assert sorted(kept.lines) == ["one", "three", "two"]


@needs("root", IS_ROOT, "to become somebody else")
def test_permission_lost_is_shown_and_the_file_taken_up_where_it_was_left(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 2))
    log.parent.chmod(0o755)
    for parent in log.parents[:4]:
        if parent.stat().st_uid == 0 and str(parent).startswith("/tmp/"):
            parent.chmod(parent.stat().st_mode | 0o111)
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 2)
    log.chmod(0)
    append(log, numbered(2, 3))
    os.seteuid(65534)
    try:
        with following(log, kept) as running:
            wait_for(lambda: running.source.status().level is Level.BROKEN)
            assert "Permission denied" in str(running.source.status().detail)
            os.seteuid(0)
            log.chmod(0o644)
            os.seteuid(65534)
            wait_for(lambda: len(kept.lines) == 3)
    finally:
        os.seteuid(0)
    assert kept.lines == names(0, 3)
    assert not kept.told("file_gap")


def test_more_files_than_descriptors_are_all_read(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = 300
    for number in range(count):
        append(tmp_path / f"{number}.log", f"first {number}\n")
    kept = Kept()
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(100, len(list(Path("/proc/self/fd").iterdir())) + 60), hard))
    try:
        with following(tmp_path / "*.log", kept) as running:
            wait_for(lambda: len(kept.lines) == count)
            assert running.source.status().level is Level.OK
            for number in range(count):
                append(tmp_path / f"{number}.log", f"second {number}\n")
            (tmp_path / "7.log").rename(tmp_path / "7.log.1")
            append(tmp_path / "7.log", "third 7\n")
            wait_for(lambda: len(kept.lines) == 2 * count + 1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    expected = [f"{word} {number}" for word in ("first", "second") for number in range(count)]
    assert sorted(kept.lines) == sorted([*expected, "third 7"])


def test_packed_files_that_the_pattern_matches_are_left_alone(tmp_path: Path) -> None:
    kept = Kept()
    append(tmp_path / "a.log", "one\n")
    append(tmp_path / "a.log.2.gz", b"\x1f\x8b\x08 no text\n")
    with following(tmp_path / "a*", kept):
        append(tmp_path / "a2", "two\n")
        wait_for(lambda: len(kept.lines) >= 2)
    assert kept.lines == ["one", "two"]


def test_what_was_not_handed_over_is_read_again(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 10))
    running = following(log, kept)

    def refuse(chunk: object) -> None:
        raise RuntimeError("the intake is closed")

    with pytest.raises(RuntimeError, match="intake"):
        running.source.run(refuse, {}, threading.Event())
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 10)
    assert kept.lines == names(0, 10)


def test_a_file_name_that_is_no_text_is_followed_and_shown_escaped(tmp_path: Path) -> None:
    kept = Kept()
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\x1b[1m.log")
    for number in range(2):
        append(Path(name), f"line {number}\n")
        with following(tmp_path / "*.log", kept):
            wait_for(lambda: len(kept.records) == number + 1)  # noqa: B023  # used before the next turn
    assert kept.records[0].get("log.file.path") == f"{tmp_path}/\\xff\x1b[1m.log"
    Path(name).unlink()
    append(Path(name), "another\n")
    with following(tmp_path / "*.log", kept):
        wait_for(lambda: len(kept.told("file_gap")) == 1)


def test_cursor_that_is_not_whole_is_none() -> None:
    cursor = FileCursor("/x", 1, 2, 3, "h", 4, "t", 5, 6, 6, 7)
    assert decode(cursor.encode()) == cursor
    for end in range(len(cursor.encode())):
        assert decode(cursor.encode()[:end]) is None
    assert decode(cursor.encode().replace(b"6", b"7")) is None
