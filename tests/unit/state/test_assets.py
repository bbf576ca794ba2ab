"""The register finds the asset an event speaks of."""

from __future__ import annotations

import pytest

from shouwang.assets import AssetRegister, canonical_address
from shouwang.errors import UsageError
from shouwang.model import Asset, Importance

WEB = Asset("web", "平台", Importance.IMPORTANT, ("Web01", "www.example.cn"), ("192.0.2.10", "2001:db8::10"))
NET = Asset("net", "网段", Importance.ORDINARY, (), ("192.0.2.0/24",))
WIDE = Asset("wide", "全部", Importance.ORDINARY, (), ("192.0.0.0/16", "2001:db8::/32"))
REGISTER = AssetRegister([WIDE, NET, WEB])


@pytest.mark.parametrize(
    ("host", "ips", "found"),
    [
        ("web01", (), WEB),
        ("WEB01.example.cn.", (), WEB),
        ("www.example.cn", (), WEB),
        ("other", ("192.0.2.10",), WEB),
        (None, ("::ffff:192.0.2.10",), WEB),
        (None, ("2001:0DB8:0:0::10",), WEB),
        (None, ("192.0.2.11",), NET),
        (None, ("192.0.3.1",), WIDE),
        (None, ("198.51.100.1", "192.0.2.11"), NET),
        ("192.0.2.11", (), NET),
        (None, ("fe80::1%eth0", "no address", ""), None),
        (None, (), None),
        ("", (), None),
    ],
)
def test_a_name_decides_before_an_address_and_the_narrowest_network_wins(
    host: str | None, ips: tuple[str, ...], found: Asset | None
) -> None:
    assert REGISTER.find(host, ips) == found


@pytest.mark.parametrize(
    "second",
    [
        Asset("web", "x", Importance.ORDINARY),
        Asset("b", "x", Importance.ORDINARY, ("WEB01",)),
        Asset("b", "x", Importance.ORDINARY, (), ("192.0.2.10/32",)),
        Asset("b", "x", Importance.ORDINARY, (), ("::ffff:192.0.2.10",)),
    ],
)
def test_two_assets_that_claim_the_same_are_refused(second: Asset) -> None:
    with pytest.raises(UsageError):
        AssetRegister([WEB, second])


def test_addresses_are_compared_by_what_they_mean() -> None:
    assert str(canonical_address("[::1]")) == "::1"
    assert str(canonical_address("::FFFF:10.0.0.1")) == "10.0.0.1"
    assert canonical_address("10.0.0.256") is None
