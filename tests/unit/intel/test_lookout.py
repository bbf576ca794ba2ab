"""Events that hold an indicator make a match; others, and expired indicators, do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.intel.fields import FIELDS
from detection.intel.index import build
from detection.intel.indicator import Indicator, Kind, canonical
from detection.intel.lookout import Lookout
from detection.intel.naming import INDICATOR
from shouwang.model import Match, Severity, Value
from tests.unit.intel.making import DAY_US, NOW_US, event, head, library

ENTITIES = ("host.name", "source.ip", "destination.ip")


def found(folder: Path, indicator: Indicator, fields: dict[str, Value], *, received_us: int = NOW_US) -> list[Match]:
    lookout = Lookout(library(folder, (head(), [indicator])), ENTITIES)
    return lookout.match([event(fields, received_us=received_us)])


@pytest.mark.parametrize(
    ("kind", "value", "field", "text"),
    [
        (Kind.IP, "203.0.113.9", "destination.ip", "203.0.113.9"),
        (Kind.IP, "203.0.113.9", "destination.ip", "::ffff:203.0.113.9"),
        (Kind.IP, "203.0.113.9", "url.full", "https://203.0.113.9:8443/x"),
        (Kind.NETWORK, "203.0.113.0/24", "source.ip", "203.0.113.77"),
        (Kind.NETWORK, "2001:db8::/32", "destination.ip", "2001:DB8:1::5"),
        (Kind.DOMAIN, "evil.example.org", "dns.question.name", "a.b.Evil.Example.ORG."),
        (Kind.DOMAIN, "evil.example.org", "url.original", "http://evil.example.org/x?y"),
        (Kind.DOMAIN, "evil.example.org", "http.request.referrer", "https://u:p@evil.example.org:1/"),
        (Kind.URL, "http://evil.example.org/a b", "url.full", "HTTPS://EVIL.example.org/a%20b#x"),
        (Kind.MD5, "ab" * 16, "winlog.event_data.Hashes", f"SHA1={'0f' * 20},MD5={'AB' * 16},IMPHASH={'0' * 32}"),
        (Kind.SHA256, "cd" * 32, "file.hash.sha256", "CD" * 32),
        (Kind.EMAIL, "bad@evil.example.org", "email.from.address", '"Boss" <Bad@Evil.example.org>'),
        (Kind.DOMAIN, "evil.example.org", "email.sender.address", "x@mail.evil.example.org"),
    ],
)
def test_an_indicator_is_found_however_the_event_spells_it(
    tmp_path: Path, kind: Kind, value: str, field: str, text: str
) -> None:
    matches = found(tmp_path, Indicator(*canonical(kind, value), source="CERT", confidence=90), {field: text})
    assert len(matches) == 1
    fields = matches[0].fields
    assert matches[0].rule_id == "intel:feed"
    assert fields[INDICATOR] == canonical(kind, value)[1]
    assert fields["threat.enrichments.matched.field"] == field
    assert fields["threat.enrichments.matched.atomic"] == text
    assert (fields["threat.indicator.provider"], fields["threat.indicator.confidence"]) == ("CERT", 90)


@pytest.mark.parametrize(
    ("kind", "value", "field", "text"),
    [
        (Kind.IP, "203.0.113.9", "destination.ip", "203.0.113.90"),
        (Kind.IP, "203.0.113.9", "message", "203.0.113.9"),
        (Kind.DOMAIN, "evil.example.org", "dns.question.name", "notevil.example.org"),
        (Kind.DOMAIN, "evil.example.org", "dns.question.name", "evil.example.org.safe.example.net"),
        (Kind.DOMAIN, "evil.example.org", "url.full", "http://safe.example.net/evil.example.org"),
        (Kind.DOMAIN, "evil.example.org", "url.full", "http://evil.example.org@safe.example.net/"),
        (Kind.URL, "http://evil.example.org/a", "url.full", "http://evil.example.org/a/b"),
        (Kind.MD5, "ab" * 16, "file.hash.sha256", "ab" * 32),
        (Kind.EMAIL, "bad@evil.example.org", "email.from.address", "verybad@evil.example.org"),
    ],
)
def test_what_only_looks_like_it_is_not_found(tmp_path: Path, kind: Kind, value: str, field: str, text: str) -> None:
    assert found(tmp_path, Indicator(*canonical(kind, value)), {field: text}) == []


def test_an_indicator_holds_from_its_beginning_to_its_end_by_the_time_of_receipt(tmp_path: Path) -> None:
    indicator = Indicator(Kind.IP, "203.0.113.9", valid_from_us=NOW_US, valid_until_us=NOW_US + DAY_US)
    lookout = Lookout(library(tmp_path, (head(), [indicator])), ENTITIES)
    times = (NOW_US - 1, NOW_US, NOW_US + DAY_US - 1, NOW_US + DAY_US)
    events = [event({"destination.ip": "203.0.113.9"}, received_us=each) for each in times]
    assert [match.received_us for match in lookout.match(events)] == [NOW_US, NOW_US + DAY_US - 1]


def test_an_indicator_without_an_end_ends_with_its_set(tmp_path: Path) -> None:
    lookout = Lookout(library(tmp_path, (head(until_us=NOW_US), [Indicator(Kind.IP, "203.0.113.9")])), ENTITIES)
    events = [event({"destination.ip": "203.0.113.9"}, received_us=each) for each in (NOW_US - 1, NOW_US)]
    assert len(lookout.match(events)) == 1


@pytest.mark.parametrize(
    ("confidence", "of_set", "field", "severity"),
    [
        (80, None, "destination.ip", Severity.HIGH),
        (79, None, "destination.ip", Severity.MEDIUM),
        (49, 100, "destination.ip", Severity.LOW),
        (None, 90, "destination.ip", Severity.HIGH),
        (None, None, "destination.ip", Severity.MEDIUM),
        (80, None, "source.ip", Severity.MEDIUM),
        (10, None, "source.ip", Severity.INFORMATIONAL),
    ],
)
def test_the_severity_goes_by_confidence_and_by_who_turned_to_whom(
    tmp_path: Path, confidence: int | None, of_set: int | None, field: str, severity: Severity
) -> None:
    indicator = Indicator(Kind.IP, "203.0.113.9", confidence=confidence)
    lookout = Lookout(library(tmp_path, (head(confidence=of_set), [indicator])), ENTITIES)
    assert [match.severity for match in lookout.match([event({field: "203.0.113.9"})])] == [severity]


def test_one_event_with_one_indicator_in_several_fields_is_one_match_and_each_set_speaks_for_itself(
    tmp_path: Path,
) -> None:
    items = [Indicator(Kind.DOMAIN, "evil.example.org")]
    lookout = Lookout(library(tmp_path, (head("one"), items), (head("two"), items)), ENTITIES)
    fields: dict[str, Value] = {
        "dns.question.name": ["evil.example.org", "a.evil.example.org"],
        "url.domain": "evil.example.org",
        "host.name": "web1",
    }
    matches = lookout.match([event(fields)])
    assert [match.rule_id for match in matches] == ["intel:one", "intel:two"]
    assert matches[0].fields["host.name"] == "web1"


def test_a_new_version_and_a_removal_hold_from_the_next_batch_on(tmp_path: Path) -> None:
    sets = library(tmp_path, (head(), [Indicator(Kind.IP, "203.0.113.9")]))
    lookout = Lookout(sets, ENTITIES)
    events = [event({"destination.ip": each}) for each in ("203.0.113.9", "203.0.113.10")]

    def seen() -> list[Value]:
        return [match.fields[INDICATOR] for match in lookout.match(events)]

    assert seen() == ["203.0.113.9"]
    build([Indicator(Kind.IP, "203.0.113.10")], head(), tmp_path / "made")
    sets.adopt("feed", tmp_path / "made")
    assert seen() == ["203.0.113.10"]
    sets.remove("feed")
    assert seen() == []


def test_a_damaged_set_is_named_and_the_others_are_used(tmp_path: Path) -> None:
    sets = library(tmp_path, (head(), [Indicator(Kind.IP, "203.0.113.9")]))
    (tmp_path / "broken.idx").write_bytes(b"?")
    sets.reload()
    assert list(sets.sets) == ["feed"]
    assert list(sets.damaged) == [str(tmp_path / "broken.idx")]


names = st.lists(st.sampled_from(("a", "b", "evil", "c2", "org", "net")), min_size=2, max_size=4).map(".".join)


@given(known=st.sets(names, max_size=6), asked=st.lists(names, max_size=8))
@settings(max_examples=80, deadline=None)
def test_a_name_is_found_when_it_or_a_name_above_it_is_known(
    tmp_path_factory: pytest.TempPathFactory, known: set[str], asked: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("sets")
    lookout = Lookout(library(folder, (head(), [Indicator(Kind.DOMAIN, each) for each in sorted(known)])), ENTITIES)
    for name in asked:
        expected = {each for each in known if name == each or name.endswith("." + each)}
        assert {match.fields[INDICATOR] for match in lookout.match([event({"dns.question.name": name})])} == expected


odd = st.text(max_size=60) | st.lists(st.text(max_size=20)) | st.none() | st.integers()


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), odd, max_size=4))
@settings(max_examples=150, deadline=None)
def test_no_text_in_an_event_breaks_the_search(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Value]
) -> None:
    folder = tmp_path_factory.mktemp("sets")
    items = [Indicator(Kind.IP, "203.0.113.9"), Indicator(Kind.NETWORK, "198.51.100.0/24")]
    assert Lookout(library(folder, (head(), items)), ENTITIES).match([event(fields)]) == []
