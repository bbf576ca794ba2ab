"""Networks of IPv4 in SQL mean what ``comparison.within`` says of addresses written as IPv4 is."""

from __future__ import annotations

import itertools

import duckdb
import pytest

from shouwang.comparison import within
from shouwang.eventstore.embedded.segments.textual import dotted_quads

OCTETS = itertools.product((0, 9, 10, 11, 203, 255), (0, 7, 8, 15, 16, 255), (0, 1, 128), (0, 3, 4, 9, 255))
ADDRESSES = [
    *(".".join(map(str, octets)) for octets in OCTETS),
    "10.0.0", "10.0.0.0.0", "010.0.0.1", "10.0.0.01", "10.0.0.256", "10.0.0.1 ", " 10.0.0.1", "10.0.0.1/8", "10.0.0.x",
    "", "10.0.0.٣", "10.0.0.1\n", "1000.0.0.1", "10..0.1",
]  # fmt: skip
NETWORKS = [
    "0.0.0.0/0", "8.0.0.0/5", "10.0.0.0/8", "10.8.0.0/13", "203.7.0.0/16", "203.7.128.0/17", "10.0.1.0/24",
    "10.0.0.0/29", "10.0.0.4/30", "10.0.0.3/32", "::ffff:10.0.0.0/104",
]  # fmt: skip


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_of_ipv4_has_the_same_addresses_in_sql(network: str) -> None:
    db = duckdb.connect(":memory:")
    db.execute("CREATE TABLE t AS SELECT unnest($a) AS c", {"a": ADDRESSES})
    found = {row[0] for row in db.execute(f"SELECT c FROM t WHERE {dotted_quads(network, 'c')}").fetchall()}
    assert found == {address for address in ADDRESSES if within(network)(address)}
