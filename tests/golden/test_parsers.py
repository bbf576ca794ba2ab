"""What every parser makes of a corpus of our own, byte for byte.

``SHOUWANG_REGENERATE=1`` writes the expected files anew; read the difference before it is committed.
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

import collectors.shapes
from collectors.parsers.times import rfc3339
from collectors.registry import PARSERS
from collectors.shapes import windows_fields
from collectors.shapes.device import ACTIONS
from collectors.shapes.text import NAMES
from collectors.shapes.windows import DIALECTS
from shouwang.model import Value
from tests.unit.parsers.reading import origin, read

FOLDER = Path(__file__).parent / "parsers"
CORPUS = sorted(path.stem for path in FOLDER.glob("*.log"))
DICTIONARY = Path(collectors.shapes.__file__).parent / "fields.toml"
OPEN_FAMILIES = ("winlog.event_data.", "winlog.user_data.", "auditd.log.", "log.syslog.structured_data.", "journald.")


def made(parser: str) -> str:
    lines = []
    for raw in (FOLDER / f"{parser}.log").read_bytes().splitlines():
        event = read(parser, raw, origin(context={"log.source.address": "198.51.100.9"}))
        lines.append(
            {
                "@timestamp": rfc3339(event.time_us),
                "event.dataset": event.shape.dataset,
                "logsources": sorted("/".join(part or "-" for part in own) for own in event.shape.logsources),
                **dict(sorted(event.fields().items())),
            }
        )
    return json.dumps(lines, ensure_ascii=False, indent=1) + "\n"


@pytest.mark.parametrize("parser", CORPUS)
def test_the_corpus_reads_as_it_did(parser: str) -> None:
    expected = FOLDER / f"{parser}.json"
    text = made(parser)
    if os.environ.get("SHOUWANG_REGENERATE"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


def test_every_parser_is_in_the_corpus_or_shares_one() -> None:
    shared = {"dead", "evtx", "xml", "self", "text"}
    assert set(PARSERS) == set(CORPUS) | shared


@pytest.fixture(scope="module")
def dictionary() -> dict[str, dict[str, Value]]:
    held: dict[str, dict[str, Value]] = tomllib.loads(DICTIONARY.read_text(encoding="utf-8"))
    return held


@pytest.mark.parametrize("parser", [name for name in CORPUS if name not in {"json", "metrics"}])
def test_every_name_a_text_parser_writes_is_in_the_dictionary(
    parser: str, dictionary: dict[str, dict[str, Value]]
) -> None:
    for event in json.loads(made(parser)):
        for name, value in event.items():
            if name in {"@timestamp", "logsources"} or name.startswith(OPEN_FAMILIES):
                continue
            assert name in dictionary, name
            kind = dictionary[name]["type"]
            items = value if isinstance(value, list) else [value]
            whole = {"long": int, "boolean": bool, "float": float}.get(str(kind), str)
            assert all(isinstance(item, whole) for item in items), (name, kind, value)


def test_the_dictionary_says_type_and_meaning_of_each(dictionary: dict[str, dict[str, Value]]) -> None:
    kinds = {"keyword", "text", "wildcard", "ip", "long", "float", "boolean", "date"}
    for name, entry in dictionary.items():
        assert entry["type"] in kinds, name
        assert entry["meaning"], name
        assert set(entry) <= {"type", "meaning", "unit", "values"}, name


def test_actions_of_the_corpus_are_listed(dictionary: dict[str, dict[str, Value]]) -> None:
    values = dictionary["event.action"]["values"]
    assert isinstance(values, list)
    seen = {event.get("event.action") for event in json.loads(made("syslog"))} - {None}
    devices = {"loginfailed", "sshs_log", "cfglog_loggedcmd", "config_i", "badauth", *ACTIONS, "shut_up"}
    assert seen - devices <= set(values)


def test_every_name_of_the_windows_tables_is_in_the_dictionary(dictionary: dict[str, dict[str, Value]]) -> None:
    tables = [*windows_fields._SYSMON.values(), *windows_fields._SECURITY.values(), windows_fields._SERVICE]
    names = {name for table in tables for name in table} | set(DIALECTS["evtx"].envelope) | set(NAMES)
    assert {name for name in names if not name.startswith(OPEN_FAMILIES)} - set(dictionary) == set()
