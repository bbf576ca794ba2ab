"""The one server that the tests of a session share, each test finding it empty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from tests.elastic.distribution import NotHere, distribution
from tests.elastic.node import Node
from tests.peers import require

PLAIN: Final = {
    "discovery.type": "single-node",
    "xpack.security.enabled": False,
    "cluster.routing.allocation.disk.threshold_enabled": False,  # how full the machine's disk is, is no part of a test
}
"""What a test sets beside these it sets through the cluster's settings; they are taken back after it."""


@contextmanager
def plain_server() -> Iterator[Node]:
    """Raises ``NotHere`` where none can be had."""
    node = Node(distribution(), PLAIN)
    try:
        node.start()
        node.wait()
        yield node
    finally:
        node.remove()


def empty(node: Node) -> None:
    """Takes away all that a test made: indices, aliases, templates, settings."""
    held = node.ask("/_all?expand_wildcards=all&features=aliases")
    indices = [name for name in held if not name.startswith(".")]  # those are its own
    for start in range(0, len(indices), 20):  # a request line has a limit
        node.ask("/" + ",".join(indices[start : start + 20]), method="DELETE")
    for kind, key in (("_index_template", "index_templates"), ("_component_template", "component_templates")):
        found = node.ask(f"/{kind}")[key]
        assert isinstance(found, list)
        for one in found:
            if not one[key.removesuffix("s")].get("_meta", {}).get("managed"):
                node.ask(f"/{kind}/{one['name']}", method="DELETE")
    settings = node.ask("/_cluster/settings")
    for kind in ("persistent", "transient"):
        if settings[kind]:
            node.ask("/_cluster/settings", {kind: {"*": None}})


@pytest.fixture(scope="session")
def elastic_node() -> Iterator[Node]:
    """Without TLS, on a loopback port. Tests ask for ``elastic``; who kills or fills a node starts one of its own."""
    try:
        distribution()
    except NotHere as missing:
        require("es", False, str(missing))
    with plain_server() as node:
        yield node


@pytest.fixture
def elastic(elastic_node: Node) -> Iterator[Node]:
    yield elastic_node
    empty(elastic_node)
