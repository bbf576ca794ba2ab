"""A file's content comes in once, whatever happens to the file or to the import."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path

import pytest

from collectors.origin import Origin
from collectors.registry import PARSERS
from collectors.rehydrate import rehydrate
from detection.engine import Engine
from detection.ruleset import RuleSet
from shouwang.assets import AssetRegister
from shouwang.clock import ManualClock
from shouwang.errors import UsageError
from shouwang.eventstore.base import Batch, PutResult, StoreAway
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.flows import importing
from shouwang.flows.importing import Importer, ImportResult
from shouwang.model import Event
from shouwang.query import Query

NOW_US = 1_795_482_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "events.db", zone=UTC, rehydrate=rehydrate) as store:
        yield store


def importer(store: EmbeddedStore) -> Importer:
    return Importer(store, Engine(RuleSet(), ()), ManualClock(NOW_US), UTC, AssetRegister())


def brought(store: EmbeddedStore, content: bytes, name: str = "auth.log", format: str = "syslog") -> ImportResult:
    return importer(store).run(io.BytesIO(content), name, format, NOW_US)


def lines(first: int, last: int) -> bytes:
    return b"".join(b"Nov 24 08:15:%02d h app[1]: n=%d\n" % (n % 60, n) for n in range(first, last + 1))


def texts(store: EmbeddedStore) -> list[bytes]:
    page = store.read(Query(), newest_first=False, after=None, limit=10_000)
    return sorted(event.raw.rpartition(b"n=")[2] for event in page.items)


def ledger(store: EmbeddedStore) -> tuple[int, int, int]:
    days = store.days()
    return (
        sum(d.received for d in days),
        sum(d.stored for d in days),
        sum(sum(d.dropped.values()) for d in days),
    )


def test_the_same_content_adds_nothing_under_any_name_or_packing(store: EmbeddedStore) -> None:
    assert brought(store, lines(1, 2500)).stored == 2500
    again = brought(store, lines(1, 2500), name="copy.log")
    packed = brought(store, gzip.compress(lines(1, 2500)), name="auth.log.1.gz")
    assert (again.stored, again.already) == (0, 2500)
    assert (packed.stored, packed.already) == (0, 2500)
    assert ledger(store) == (2500, 2500, 0)


def test_a_grown_file_adds_the_rest_and_its_old_copy_still_nothing(store: EmbeddedStore) -> None:
    brought(store, lines(1, 1500))
    assert brought(store, lines(1, 1700)).stored == 200
    assert brought(store, lines(1, 1500)).stored == 0
    assert texts(store) == sorted(b"%d" % n for n in range(1, 1701))


def test_another_file_with_the_same_first_line_comes_in_whole_behind_it(store: EmbeddedStore) -> None:
    brought(store, lines(1, 10))
    other = lines(1, 1) + lines(50, 60)
    assert brought(store, other).stored == 12
    assert brought(store, other).stored == 0


HALF = b"Nov 24 08:15:06 h app[1]: half n=6"


@pytest.mark.parametrize("before", [0, 5, importing.BATCH_EVENTS - 1, importing.BATCH_EVENTS])
def test_a_half_last_line_that_is_whole_later_comes_in_whole_and_is_told(store: EmbeddedStore, before: int) -> None:
    head = lines(1, before)
    assert brought(store, head + HALF).stored == before + 1
    assert brought(store, head + HALF).already == before + 1
    grown = brought(store, gzip.compress(head + HALF + b"00\n" + HALF + b"01\n"), name="auth.log.1.gz")
    assert (grown.records, grown.already, grown.stored, grown.completed) == (before + 2, before, 2, 1)
    assert grown.records == grown.already + grown.stored + grown.dropped.total()
    events = store.read(Query(), newest_first=False, after=None, limit=10_000).items
    half = next(event for event in events if event.raw == HALF)
    whole = [event for event in events if event.get("shouwang.completes") == half.id.hex()]
    assert [event.raw for event in whole] == [HALF + b"00"]
    assert ledger(store) == (before + 3, before + 3, 0)
    again = brought(store, head + HALF + b"00\n" + HALF + b"01\n")
    assert (again.stored, again.completed) == (0, 0)


def test_a_last_line_that_only_lacked_its_end_is_not_stored_again(store: EmbeddedStore) -> None:
    brought(store, lines(1, 5) + HALF)
    grown = brought(store, lines(1, 5) + HALF + b"\n" + lines(7, 8))
    assert (grown.already, grown.stored, grown.completed) == (6, 2, 0)


def test_a_half_line_that_grows_twice_names_the_longer_half(store: EmbeddedStore) -> None:
    for content in (HALF, HALF + b"0", HALF + b"00\n"):
        brought(store, content)
    events = store.read(Query(), newest_first=False, after=None, limit=10).items
    ids = {event.raw: event.id.hex() for event in events}
    assert {event.raw: event.get("shouwang.completes") for event in events if event.raw != HALF} == {
        HALF + b"0": ids[HALF],
        HALF + b"00": ids[HALF + b"0"],
    }


def test_another_line_in_the_place_of_a_half_one_is_a_line_of_its_own(store: EmbeddedStore) -> None:
    brought(store, lines(1, 5) + HALF)
    other = brought(store, lines(1, 5) + lines(9, 9))
    assert (other.already, other.stored, other.completed) == (5, 1, 0)


@pytest.mark.parametrize("cut", [b'[{"EventID": 1}, {"EventID": 2', b'{\n"EventID": 1}\n{\n"EventID": 2'])
def test_an_object_that_was_cut_and_is_whole_later_is_told_too(store: EmbeddedStore, cut: bytes) -> None:
    brought(store, cut, name="x.json", format="json")
    whole = brought(store, cut + b"}", name="x.json", format="json")
    assert (whole.already, whole.stored, whole.completed) == (1, 1, 1)


def test_an_import_that_was_cut_off_goes_on_where_it_stood(store: EmbeddedStore) -> None:
    puts = 0

    def until_third(_records: int) -> None:
        nonlocal puts
        puts += 1
        if puts == 2:
            raise StoreAway("the disk is full")

    cut = Importer(store, Engine(RuleSet(), ()), ManualClock(NOW_US), UTC, AssetRegister(), progress=until_third)
    with pytest.raises(StoreAway):
        cut.run(io.BytesIO(lines(1, 4200)), "auth.log", "syslog", NOW_US)
    rest = brought(store, lines(1, 4200))
    assert (rest.already, rest.stored) == (2000, 2200)
    assert texts(store) == sorted(b"%d" % n for n in range(1, 4201))


class Flaky(EmbeddedStore):
    """Away for its first ``refusals`` puts."""

    refusals = 0

    def put(self, batch: Batch, cursors: Mapping[str, bytes]) -> PutResult:
        if self.refusals:
            self.refusals -= 1
            raise StoreAway("the disk is full")
        return super().put(batch, cursors)


def test_a_store_that_is_away_for_a_moment_costs_an_import_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PAUSE_S", 0.01)
    flaky = Flaky(tmp_path / "flaky.db", zone=UTC, rehydrate=rehydrate)
    with flaky:
        flaky.refusals = 3
        assert brought(flaky, lines(1, 1500)).stored == 1500
        monkeypatch.setattr(importing, "PATIENCE_S", 0.02)
        flaky.refusals = 1_000_000
        with pytest.raises(StoreAway):
            brought(flaky, lines(1, 1600))
        flaky.refusals = 0
        assert brought(flaky, lines(1, 1600)).stored == 100


def test_a_record_that_breaks_its_parser_is_a_dead_letter_and_the_file_goes_on(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = PARSERS["syslog"]

    def fragile(raw: bytes, origin: Origin) -> Event:
        if raw.endswith(b"n=2"):
            raise RecursionError("deep")
        return whole(raw, origin)

    monkeypatch.setitem(PARSERS, "syslog", fragile)
    result = brought(store, lines(1, 3))
    assert (result.stored, dict(result.dropped)) == (2, {"parser_error": 1})
    assert ledger(store) == (3, 2, 1)


def test_what_no_parser_reads_is_dropped_with_its_reason_and_kept(store: EmbeddedStore) -> None:
    content = b'{"EventID": 1}\n{broken\n{"EventID": 2}\n'
    result = brought(store, content, name="x.json", format="json")
    assert result.records == result.stored + sum(result.dropped.values()) == 3
    assert ledger(store) == (3, 2, 1)
    assert b"{broken" in {e.raw for e in store.read(Query(), newest_first=False, after=None, limit=9).items}


@pytest.mark.parametrize("internal", ["dead", "metrics", "self"])
def test_formats_of_our_own_records_are_neither_offered_nor_taken(store: EmbeddedStore, internal: str) -> None:
    with pytest.raises(UsageError) as refused:
        brought(store, b"x", format=internal)
    assert internal not in refused.value.hint.en.replace(",", "").split()
    assert "syslog" in refused.value.hint.en


def test_an_unknown_format_is_refused_by_name(store: EmbeddedStore) -> None:
    with pytest.raises(UsageError, match="csv3"):
        brought(store, b"x", format="csv3")
