"""A day of an archive that was made to harm is refused, with the row and the reason, and gives no event."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, cast

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from shouwang.archive import Entry, entries_of, manifest_of
from shouwang.errors import UsageError
from shouwang.eventstore.archived import line_of, stored_of
from shouwang.eventstore.base import Stored
from shouwang.eventstore.exporting import export
from shouwang.eventstore.unpacking import work
from shouwang.model import Value
from tests.contract.eventstore import ZONE
from tests.contract.records import NOON_US, id_of

DAY = date(2026, 11, 24)
NAME = "2026-11-24.jsonl.zst"
EVENTS = [
    Stored(id_of(n), NOON_US - n, NOON_US, "file:/x", "line", b"record %d" % n, {"log.file.path": "/x"}, "")
    for n in range(12)
]
Row = dict[str, Any]


def exported(folder: Path, form: str, events: Sequence[Stored] = EVENTS) -> tuple[bytes, Entry]:
    with (folder / "made").open("w+b") as file:
        said = cast(dict[str, Any], export(events, form, file.fileno(), lambda _said: None))
    entry = Entry(DAY, form, said["sha256"], said["size"], said["events"], said["bytes"], said["sources"], {})
    return (folder / "made").read_bytes(), entry


def unpacked(folder: Path, data: bytes, entry: Entry, *, fitting: bool = True) -> list[Stored]:
    """``fitting``: the manifest has the file's SHA-256, as one who forges it would see to."""
    for name, content in (("given", data), ("spool", b""), ("copy", b"")):
        (folder / name).write_bytes(content)
    args: dict[str, Value] = {
        "name": entry.name,
        "day": DAY.isoformat(),
        "format": entry.form,
        "sha256": hashlib.sha256(data).hexdigest() if fitting else entry.sha256,
        "events": entry.events,
        "bytes": entry.bytes,
        "sources": {name: dict(each) for name, each in entry.sources.items()},
        "zone": str(ZONE),
        "now_us": NOON_US + 1,
        "parsers": ["line"],
    }
    with (folder / "given").open("rb") as given, (folder / "spool").open("r+b") as spool:
        with (folder / "copy").open("r+b") as copy:
            work(args, [given.fileno(), spool.fileno(), copy.fileno()], lambda _said: None)
        spool.seek(0)
        plain = zstandard.ZstdDecompressor().stream_reader(spool, read_across_frames=True).read()
    return [stored_of(line) for line in plain.splitlines()]


def rows() -> list[Row]:
    return [orjson.loads(line_of(event)) for event in EVENTS]


def packed(content: list[Row] | bytes) -> bytes:
    plain = content if isinstance(content, bytes) else b"".join(json.dumps(row).encode() + b"\n" for row in content)
    return zstandard.ZstdCompressor().compress(plain)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_what_was_exported_is_unpacked_to_the_byte(tmp_path: Path, form: str) -> None:
    odd = [
        Stored(id_of(20), -(2**62), NOON_US, "s", "line", b"\xff\x00", {"n": 2**70, "t": "\ud800", "l": [None]}, "a-1"),
        Stored(id_of(21), 2**62, NOON_US, "s", "line", b"", {}, ""),
        Stored(id_of(22), 0, NOON_US, "登录", "line", "登\u2028录\r\n".encode(), {}, ""),
    ]
    data, entry = exported(tmp_path, form, [*EVENTS, *odd])
    assert unpacked(tmp_path, data, entry, fitting=False) == [*EVENTS, *odd]


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_day_of_which_nothing_was_kept_is_an_archive_too(tmp_path: Path, form: str) -> None:
    data, entry = exported(tmp_path, form, [])
    assert unpacked(tmp_path, data, entry, fitting=False) == []


Change = Callable[[Row], object]
FORGED: dict[str, tuple[Change, str]] = {
    "another day": (lambda row: row.update(received_us=NOON_US - 86_400_000_000), "not received on"),
    "the future": (lambda row: row.update(received_us=1 << 60), "after now"),
    "before 1970": (lambda row: row.update(received_us=-1), "before 1970"),
    "an id of another time": (lambda row: row.update(id="00" * 16), "does not bear its time"),
    "an id too short": (lambda row: row.update(id="00"), "32 hexadecimal"),
    "an id that is no text": (lambda row: row.update(id=7), "32 hexadecimal"),
    "a parser of nobody": (lambda row: row.update(parser="../../evil"), "no parser"),
    "time as text": (lambda row: row.update(time_us="1"), "no integer of 64 bits"),
    "time past 64 bits": (lambda row: row.update(time_us=1 << 70), "no integer of 64 bits"),
    "a truth for a time": (lambda row: row.update(received_us=True), "no integer of 64 bits"),
    "a source too long": (lambda row: row.update(source="x" * 5000), "too long"),
    "no source": (lambda row: row.pop("source"), "is no text"),
    "context as a list": (lambda row: row.update(context=[1]), "context is no object"),
    "context too long": (lambda row: row.update(context={"a": "x" * (1 << 21)}), "too long"),
    "both records": (lambda row: row.update(raw_base64=""), "not both"),
    "no base64": (lambda row: (row.pop("raw"), row.update(raw_base64="*")), "not both"),
    "an unknown key": (lambda row: row.update({"__class__": 1}), "unknown"),
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_row_is_refused_with_its_number(tmp_path: Path, forged: str) -> None:
    change, why = FORGED[forged]
    _, entry = exported(tmp_path, "jsonl")
    forging = rows()
    change(forging[7])
    with pytest.raises(UsageError) as refused:
        unpacked(tmp_path, packed(forging), entry)
    assert f"{NAME} was not imported: row 8: " in str(refused.value)
    assert why in str(refused.value)
    assert "第 8 条" in refused.value.message.zh


def test_more_or_other_rows_than_the_manifest_says_are_refused(tmp_path: Path) -> None:
    _, entry = exported(tmp_path, "jsonl")
    with pytest.raises(UsageError, match="row 13: there are more than the manifest says"):
        unpacked(tmp_path, packed([*rows(), rows()[0]]), entry)
    with pytest.raises(UsageError, match="digests are not those of the manifest"):
        unpacked(tmp_path, packed(rows()[:-1]), entry)
    other = rows()
    other[3]["raw"] = other[3]["raw"].upper()
    with pytest.raises(UsageError, match="digests are not those of the manifest"):
        unpacked(tmp_path, packed(other), entry)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_every_changed_byte_is_refused_by_the_sum_alone(tmp_path: Path, form: str) -> None:
    whole, entry = exported(tmp_path, form)
    for at in range(0, len(whole), max(len(whole) // 25, 1)):
        data = bytearray(whole)
        data[at] ^= 0x40
        with pytest.raises(UsageError, match=f"{entry.name} was not imported: its SHA-256 is"):
            unpacked(tmp_path, bytes(data), entry, fitting=False)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "digests are not those"),
        (b"no zstd", "zstd cannot read it"),
        (packed(rows()) + b"more", "zstd cannot read it"),
        (packed(b"{} \n"), "32 hexadecimal"),
        (packed(b"[" * 100_000 + b"\n"), "no JSON object"),
        (packed(b"{"), "it is cut"),
        (packed(b"x" * (97 << 20)), "too long"),
    ],
    ids=["empty", "no zstd", "more behind", "an empty object", "deep", "cut", "an endless line"],
)
def test_what_is_no_archive_inside_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    _, entry = exported(tmp_path, "jsonl")
    with pytest.raises(UsageError, match=why):
        unpacked(tmp_path, data, entry)


@pytest.mark.parametrize("harm", ["no parquet", "other columns", "null text", "cut", "bad context"])
def test_a_parquet_file_that_is_none_of_ours_is_refused(tmp_path: Path, harm: str) -> None:
    whole, entry = exported(tmp_path, "parquet")
    table, out = pq.read_table(tmp_path / "made"), io.BytesIO()
    if harm == "other columns":
        table = table.drop_columns(["context"])
    if harm in {"null text", "bad context"}:
        name, value = ("source", None) if harm == "null text" else ("context", "[1]")
        field = pa.field(name, pa.string(), nullable=value is None)
        at = table.schema.get_field_index(name)
        table = table.set_column(at, field, pa.array([value] * table.num_rows, pa.string()))
    pq.write_table(table, out)
    data = {"no parquet": b"PAR1 and nothing", "cut": whole[: len(whole) // 2]}.get(harm, out.getvalue())
    with pytest.raises(UsageError, match=r"2026-11-24.parquet was not imported: row 1: "):
        unpacked(tmp_path, data, entry)


# -------------------------------------------------------------------------------------- its manifest


def manifest(**changes: object) -> bytes:
    entry = Entry(DAY, "jsonl", "ab" * 32, 1, 1, 1, {"s": {"events": 1, "bytes": 1, "digest": "cd" * 32}}, {})
    said = json.loads(manifest_of([entry], {"timezone": "Asia/Shanghai"}))
    said["files"][0].update(changes)
    return json.dumps(said).encode()


def test_a_manifest_is_read_back_as_it_was_made() -> None:
    ((entry,), zone) = entries_of(manifest(), "m")
    assert (entry.name, entry.sha256, zone) == (NAME, "ab" * 32, "Asia/Shanghai")


@pytest.mark.parametrize(
    "changes",
    [
        {"file": "../../etc/passwd"},
        {"file": "/etc/passwd"},
        {"file": "2026-11-25.jsonl.zst"},
        {"file": ""},
        {"day": "../.."},
        {"day": 7},
        {"format": "tar"},
        {"sha256": "ab"},
        {"sha256": None},
        {"events": -1},
        {"events": True},
        {"bytes": 1 << 70},
        {"sources": []},
        {"sources": {"s": {}}},
        {"ledger": {"s": {"received": 1, "stored": 1, "dropped": {"x": -5}}}},
        {"ledger": {"s": 7}},
    ],
    ids=str,
)
def test_a_manifest_that_leads_elsewhere_or_is_of_other_types_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="m is no manifest of Shouwang"):
        entries_of(manifest(**changes), "m")


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"schema": 1, "timezone": 7}'])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match="m is no manifest of Shouwang"):
        entries_of(data, "m")


def test_a_newer_manifest_is_refused_with_what_to_do() -> None:
    with pytest.raises(UsageError, match=r"m has schema 2; this version knows 1.*newer one"):
        entries_of(b'{"schema": 2, "timezone": "x", "files": []}', "m")


def test_a_record_that_is_no_text_is_base64_and_comes_back() -> None:
    event = EVENTS[0]._replace(raw=b"\xff\xfe")
    said = json.loads(line_of(event))
    assert base64.b64decode(said["raw_base64"]) == b"\xff\xfe"
    assert stored_of(line_of(event)) == event
