"""The asset register: which asset an event speaks of. Pure.

A name decides before an address; of several networks the narrowest that holds the address; of several addresses the
first that is known.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeVar

from shouwang.errors import UsageError
from shouwang.model import Asset, Event
from shouwang.words import Words

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
K = TypeVar("K")

HOST_FIELDS = ("host.name", "log.source.hostname")
ADDRESS_FIELDS = ("host.ip", "destination.ip", "log.source.address", "source.ip")


def canonical_address(text: str) -> Address | None:
    """The address; IPv4 inside IPv6 as IPv4, without a zone index; ``None`` when it is none."""
    try:
        address = ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def canonical_network(text: str) -> Network:
    """An address or CIDR. Raises ``UsageError``, also when bits beside the mask are set."""
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError as wrong:
        raise UsageError(
            Words(f"{text!r} 不是地址或网段。", f"{text!r} is no address and no network."),
            hint=Words("可写 192.0.2.7 或 192.0.2.0/24。", "Write 192.0.2.7 or 192.0.2.0/24."),
        ) from wrong
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped and network.prefixlen >= 96:
        return IPv4Network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    return network


class AssetRegister:
    """Raises ``UsageError`` when two assets claim the same id, host name or network."""

    def __init__(self, assets: Sequence[Asset] = ()) -> None:
        self._assets = {asset.id: asset for asset in assets}
        if len(self._assets) != len(assets):
            raise UsageError(
                Words("有两个资产的 id 相同。", "Two assets have the same id."),
                hint=Words("每个 [[asset]] 须有自己的 id。", "Give every [[asset]] its own id."),
            )
        self._hosts = _unique((name, asset) for asset in assets for name in _host_names(asset))
        networks = _unique((canonical_network(text), asset) for asset in assets for text in asset.networks)
        self._addresses = {n.network_address: a for n, a in networks.items() if n.prefixlen == n.max_prefixlen}
        wide = ((n, a) for n, a in networks.items() if n.prefixlen < n.max_prefixlen)
        self._networks = sorted(wide, key=lambda pair: -pair[0].prefixlen)

    def __iter__(self) -> Iterator[Asset]:
        return iter(self._assets.values())

    def get(self, asset_id: str) -> Asset | None:
        return self._assets.get(asset_id)

    def find(self, host: str | None, ips: Iterable[str] = ()) -> Asset | None:
        """By host name (the full name, then its first label), then by address."""
        if host:
            name = host.casefold().rstrip(".")
            found = self._hosts.get(name) or self._hosts.get(name.partition(".")[0])
            if found:
                return found
        for text in (host or "", *ips):
            address = canonical_address(text) if text else None
            found = self._at(address) if address else None
            if found:
                return found
        return None

    def about(self, entities: Mapping[str, tuple[str, ...]]) -> Asset | None:
        """Of what a hit says: by host name, else by the address it came to, else by the one it came from."""
        hosts, to, by = (entities.get(name, ()) for name in ("host.name", "destination.ip", "source.ip"))
        found = (self.find(host) for host in hosts)
        return next((asset for asset in found if asset), None) or self.find(None, (*to, *by))

    def id_of(self, event: Event) -> str:
        """Id of the asset that the event speaks of; ``""`` when none is known. Itself first, who talks to it last."""
        if not self._assets:
            return ""
        host = next((name for field in HOST_FIELDS if isinstance(name := event.get(field), str)), None)
        addresses = (text for field in ADDRESS_FIELDS if isinstance(text := event.get(field), str))
        found = self.find(host, addresses)
        return found.id if found else ""

    def _at(self, address: Address) -> Asset | None:
        exact = self._addresses.get(address)
        if exact:
            return exact
        return next((asset for network, asset in self._networks if address in network), None)


def _host_names(asset: Asset) -> set[str]:
    return {name.casefold().rstrip(".") for name in asset.hosts}


def _unique(pairs: Iterable[tuple[K, Asset]]) -> dict[K, Asset]:
    found: dict[K, Asset] = {}
    for key, asset in pairs:
        other = found.setdefault(key, asset)
        if other is not asset:
            raise UsageError(
                Words(
                    f"资产 {other.id} 和 {asset.id} 都登记了 {key}。",
                    f"The assets {other.id} and {asset.id} both claim {key}.",
                ),
                hint=Words("请保留其中一个。", "Let one of them go."),
            )
    return found
