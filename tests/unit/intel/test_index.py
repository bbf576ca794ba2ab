"""What was put into a set is found in it, nothing else is, and a damaged file is no set."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.intel import index as indexing
from detection.intel.index import DamagedIndex, Index, TooMany, build
from detection.intel.indicator import Indicator, Kind
from detection.intel.leftout import LeftOut
from tests.unit.intel.making import head

WORDS = ("a.example.org", "b.example.org", "example.org")


def test_what_was_put_in_is_found_and_nothing_else(tmp_path: Path) -> None:
    items: list[Indicator | LeftOut] = [
        Indicator(Kind.DOMAIN, "evil.example.org", source="CERT", confidence=70, note="C2"),
        Indicator(Kind.IP, "203.0.113.9"),
        LeftOut("line 3", "no address"),
        LeftOut("line 4", "no address"),
    ]
    about = build(items, head(), tmp_path / "made")
    found = Index.at(tmp_path / "made")
    assert found.find(Kind.DOMAIN, "evil.example.org") == items[0]
    assert found.find(Kind.IP, "203.0.113.9") == items[1]
    assert found.find(Kind.URL, "evil.example.org") is None
    assert found.find(Kind.DOMAIN, "example.org") is None
    assert found.head == about
    assert (about.counts, about.left_out) == ({"domain": 1, "ip": 1}, {"no address": 2})
    assert about.examples == {"no address": ["line 3", "line 4"]}
    assert list(found.items()) != []
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_of_equal_indicators_the_one_that_is_valid_longest_stays(tmp_path: Path) -> None:
    items = [
        Indicator(Kind.DOMAIN, "evil.example.org", valid_until_us=5, confidence=10),
        Indicator(Kind.DOMAIN, "evil.example.org", valid_until_us=9, confidence=20),
        Indicator(Kind.DOMAIN, "evil.example.org", valid_until_us=7, confidence=90),
    ]
    about = build(items, head(), tmp_path / "made")
    assert Index.at(tmp_path / "made").find(Kind.DOMAIN, "evil.example.org") == items[1]
    assert (about.total, about.replaced) == (1, 2)


def test_values_with_one_hash_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "key_of", lambda _kind, _value: 7)
    items = [Indicator(Kind.DOMAIN, word) for word in WORDS]
    build(items, head(), tmp_path / "made")
    found = Index.at(tmp_path / "made")
    assert [found.find(Kind.DOMAIN, word) for word in WORDS] == items
    assert found.find(Kind.DOMAIN, "c.example.org") is None


def test_the_unlimited_one_of_equal_indicators_stays() -> None:
    limited, unlimited = (Indicator(Kind.DOMAIN, "evil.example", valid_until_us=us) for us in (1 << 60, 0))
    assert indexing._rank(unlimited) > indexing._rank(limited)


def test_a_set_of_nothing_is_a_set(tmp_path: Path) -> None:
    build([], head(), tmp_path / "made")
    assert Index.at(tmp_path / "made").find(Kind.IP, "203.0.113.9") is None


@given(
    networks=st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(8, 31)), max_size=12),
    asked=st.lists(st.integers(0, 2**32 - 1), max_size=12),
)
@settings(max_examples=60, deadline=None)
def test_the_networks_of_an_address_are_those_that_hold_it(
    tmp_path_factory: pytest.TempPathFactory, networks: list[tuple[int, int]], asked: list[int]
) -> None:
    known = {ip_network((address >> (32 - length) << (32 - length), length)) for address, length in networks}
    made = tmp_path_factory.mktemp("index") / "made"
    build([Indicator(Kind.NETWORK, str(network)) for network in known], head(), made)
    found = Index.at(made)
    for number in (*asked, *(address for address, _ in networks)):
        address = ip_address(number)
        expected = sorted((n for n in known if address in n), key=lambda n: -n.prefixlen)
        assert [each.value for each in found.networks_of(str(address))] == [str(n) for n in expected]


@pytest.mark.parametrize("cut", [1, 8, 40])
def test_a_file_that_was_cut_is_refused(tmp_path: Path, cut: int) -> None:
    build([Indicator(Kind.DOMAIN, word) for word in WORDS], head(), tmp_path / "made")
    whole = (tmp_path / "made").read_bytes()
    (tmp_path / "cut").write_bytes(whole[:-cut])
    with pytest.raises(DamagedIndex):
        Index.at(tmp_path / "cut")


@pytest.mark.parametrize("data", [b"", b"x", b"shouwang-intel-1\n", b"shouwang-intel-1\n\xff\xff\xff\xff{}"])
def test_what_is_no_index_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "made").write_bytes(data)
    with pytest.raises(DamagedIndex):
        Index.at(tmp_path / "made")


def test_more_than_a_set_may_hold_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "MOST", 2)
    with pytest.raises(TooMany):
        build([Indicator(Kind.DOMAIN, word) for word in WORDS], head(), tmp_path / "made")
    assert list(tmp_path.iterdir()) == []
