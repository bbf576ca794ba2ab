"""Many networks asked at once whether they hold an address: one look-up for each length of prefix. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network

from detection.naive import addresses_of


class Networks:
    def __init__(self) -> None:
        self.known: dict[tuple[int, int], dict[int, list[int]]] = {}
        """(version, bits of the host) -> the network's number without them -> who asks."""

    def add(self, number: int, network: IPv4Network | IPv6Network) -> None:
        host = network.max_prefixlen - network.prefixlen
        alike = self.known.setdefault((network.version, host), {})
        alike.setdefault(int(network.network_address) >> host, []).append(number)

    def holding(self, text: str) -> Iterator[int]:
        for address in addresses_of(text):
            whole = int(address)
            for (version, host), networks in self.known.items():
                if version == address.version:
                    yield from networks.get(whole >> host, ())
