"""The audit trail shows where it was touched."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.audit import Entry, Head, canonical, entry, verify
from shouwang.model import Value
from shouwang.statestore.store import StateStore


def chain(length: int) -> tuple[list[Entry], Head]:
    found: list[Entry] = []
    head = Head()
    for number in range(length):
        detail: dict[str, Value] = {"n": number, "reason": "理由"}
        made = entry(
            head, at_us=number, actor="lisi", role="analyst", act="claim", target=f"INC-{number}", detail=detail
        )
        found.append(made)
        head = Head(made.seq, made.hash)
    return found, head


def test_an_untouched_chain_is_whole() -> None:
    assert verify(*chain(0)) is None
    assert verify(*chain(20)) is None


@pytest.mark.parametrize("field", [each.name for each in fields(Entry)])
@pytest.mark.parametrize("place", [0, 7, 19])
def test_any_changed_field_breaks_the_chain_at_its_entry(field: str, place: int) -> None:
    entries, head = chain(20)
    value = getattr(entries[place], field)
    changed: Any = value + 1 if isinstance(value, int) else value[:-1] + ("0" if not value.endswith("0") else "1")
    entries[place] = replace(entries[place], **{field: changed})
    broken = verify(entries, head)
    assert broken is not None
    assert broken.seq == place + 1


@given(place=st.integers(0, 9))
def test_a_removed_entry_is_missed_at_its_place(place: int) -> None:
    entries, head = chain(10)
    del entries[place]
    broken = verify(entries, head)
    assert broken is not None
    assert broken.seq == place + 1
    assert "missing" in str(broken.why)


def test_entries_cut_off_at_the_end_are_missed() -> None:
    entries, head = chain(10)
    broken = verify(entries[:7], head)
    assert broken is not None
    assert (broken.seq, str(broken.why)) == (8, "missing: the head says that there are 10 entries")
    assert verify([], head) is not None


def test_an_appended_or_exchanged_entry_is_seen_by_the_head() -> None:
    entries, head = chain(3)
    forged = entry(head, at_us=1, actor="x", role="", act="", target="", detail={})
    broken = verify([*entries, forged], head)
    assert broken is not None
    assert (broken.seq, str(broken.why)) == (3, "the head, kept beside the chain, names another entry")
    other, _ = chain(2)
    last = entry(Head(2, other[1].hash), at_us=99, actor="x", role="", act="", target="", detail={})
    assert verify([*other, last], head) is not None


def test_two_entries_that_changed_places_are_seen() -> None:
    entries, head = chain(5)
    entries[1], entries[2] = entries[2], entries[1]
    broken = verify(entries, head)
    assert broken is not None
    assert broken.seq == 2


def test_equal_details_give_equal_text_whatever_their_order() -> None:
    assert canonical({"b": 1, "a": "守"}) == canonical({"a": "守", "b": 1}) == '{"a":"守","b":1}'


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET detail = replace(detail, '7', '8') WHERE seq = 8",
        "UPDATE audit SET detail = detail || ' ' WHERE seq = 8",
        "UPDATE audit SET actor = 'root' WHERE seq = 8",
        "DELETE FROM audit WHERE seq = 8",
        "DELETE FROM audit WHERE seq >= 8",
    ],
)
def test_tampering_with_the_database_file_is_found_at_the_exact_entry(tmp_path: Path, sql: str) -> None:
    with StateStore(tmp_path / "state.db") as store:
        for number in range(10):
            with store.act(actor="lisi", act="claim", target="INC", at_us=number, detail={"n": number}):
                pass
        assert store.trail.verify() == (10, None)
        connection = apsw.Connection(str(tmp_path / "state.db"))
        connection.execute(sql)
        connection.close()
        _, broken = store.trail.verify()
        assert broken is not None
        assert broken.seq == 8


def test_a_flipped_byte_in_the_file_is_found_at_the_exact_entry(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with StateStore(path) as store:
        for number in range(10):
            with store.act(
                actor="lisi", act="claim", target=f"INC-{number}", at_us=number, detail={"why": f"w{number}w"}
            ):
                pass
    data = path.read_bytes()
    assert data.count(b'{"why":"w4w"}') == 1
    path.write_bytes(data.replace(b'{"why":"w4w"}', b'{"why":"w5w"}'))
    with StateStore(path) as store:
        _, broken = store.trail.verify()
    assert broken is not None
    assert (broken.seq, str(broken.why)) == (5, "its content does not give its hash")
