"""What a document says: no event can be refused for a name or a value, and what it was comes back."""

from __future__ import annotations

import json
from typing import cast

import pytest

from collectors.vocabulary import kinds
from shouwang.eventstore.elastic.documents import (
    bare,
    dumped,
    event_document,
    match_document,
    match_of,
    stored_of,
)
from shouwang.eventstore.elastic.fields import FITS, LONGEST_NAME, LONGEST_TEXT, view
from shouwang.eventstore.elastic.template import TYPES, Names, event_mappings
from shouwang.eventstore.elastic.terms import MOST_TERMS, WHOLE, WORD, event_terms
from shouwang.model import Event, Value
from tests.contract.records import event_of, id_of, match_on, numbered

LUCENE_BYTES = 32_766
WORST_BYTES = 3
"""Of one UTF-16 unit in UTF-8."""


def document(event: Event) -> dict[str, Value]:
    found: dict[str, Value] = json.loads(dumped(event_document(event, kinds(), 7, "aa", "aa:1")))
    return found


def test_no_field_is_a_folder_of_another_and_every_type_is_known() -> None:
    names = set(kinds())
    assert not [name for name in names for other in names if other.startswith(f"{name}.")]
    assert {kind for kind in kinds().values() if kind not in TYPES} <= {"date"}
    assert set(FITS) == set(TYPES)


def test_nothing_that_an_event_brings_changes_a_mapping() -> None:
    mappings = event_mappings(kinds())
    assert mappings["dynamic"] is False
    assert '"dynamic": true' not in json.dumps(mappings)


def test_no_term_is_longer_than_lucene_takes() -> None:
    assert LONGEST_TEXT * WORST_BYTES + LONGEST_NAME * 4 < LUCENE_BYTES
    event = event_of(
        "object", json.dumps({"user.name": "报" * 40_000, "登" * 9_000: 1}, ensure_ascii=False).encode(), id=id_of(1)
    )
    found = event_terms(event, event.fields(), kinds()) or set()
    assert max(len(term.encode()) for term in found) <= (2 * WHOLE + WORD + 8) * 4 < LUCENE_BYTES


@pytest.mark.parametrize(
    "raw", [b"plain", b"\xff\x00 bytes", "登录".encode("gb18030"), b"", b'{"message": "a\\u0000b"}']
)
def test_the_record_comes_back_byte_for_byte_whole_or_bare(raw: bytes) -> None:
    event = event_of("line", raw, id=id_of(1), context={"log.encoding": "gb18030", "big": 2**70}, asset_id="a")
    for found in (document(event), bare(document(event))):
        stored = stored_of(event.id.hex(), found)
        assert (stored.raw, stored.time_us, stored.source, stored.asset_id) == (raw, event.time_us, event.source, "a")
        assert stored.context == event.context


def test_a_server_may_give_dotted_names_back_as_objects() -> None:
    event = numbered(1)
    found = document(event)
    text = found.pop("event.original")
    assert stored_of(event.id.hex(), {**found, "event": {"original": text}}).raw == event.raw
    match = match_on(event)
    said = match_document(match, 1, "aa", "aa:1")
    assert match_of(said) == match
    rule = {"id": said.pop("rule.id"), "name": said.pop("rule.name")}
    assert match_of({**said, "rule": cast(Value, rule)}) == match


def test_what_a_type_does_not_hold_is_kept_as_text_and_named() -> None:
    said: dict[str, Value] = {
        "source.ip": "not-an-ip",
        "destination.ip": "10.0.0.1",
        "destination.port": "22",
        "user.name": ["a", 1],
        "vendor": {"a": 1},
        "": 4,
        "nul\0": "x\0",
    }
    seen = view(said, kinds())
    assert seen.fields == {"destination.ip": "10.0.0.1"}
    assert sorted(seen.odd) == ["destination.port", "source.ip", "user.name"]
    assert seen.others["source.ip"] == "not-an-ip"
    assert seen.others["vendor"] == '{"a": 1}'
    assert "\0" not in "".join(seen.others)


def test_an_event_of_very_many_fields_is_let_through_by_every_question() -> None:
    event = event_of(
        "object",
        json.dumps(
            {f"extra.{n}": n for n in range(3)} | {"message": " ".join(map(str, range(MOST_TERMS + 1)))}
        ).encode(),
        id=id_of(1),
    )
    ours = cast("dict[str, Value]", document(event)["shouwang"])
    assert ours["loose"] is True
    assert "terms" not in ours


def test_a_day_is_told_from_an_indexs_name_and_other_names_are_none_of_ours() -> None:
    names = Names("shouwang")
    index = names.index("events", "2026-11-24")
    assert index == "shouwang-events-2026.11.24"
    assert str(names.day_of(index)) == "2026-11-24"
    for other in (
        "shouwang-control",
        "shouwang2-events-2026.11.24",
        "shouwang-events-2026.13.24",
        "logs-2026.11.24",
    ):
        assert names.day_of(other) is None
