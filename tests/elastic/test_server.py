"""The server that other tests stand on: it is real, it starts empty, and it leaves nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.elastic.node import START_S, Node
from tests.elastic.server import empty

_KILLED = """
import sys
from pathlib import Path
from tests.elastic.distribution import distribution
from tests.elastic.node import Node
node = Node(distribution(), {"discovery.type": "single-node", "xpack.security.enabled": False})
node.start()
command = ""
while not command or "setpriv" in command:  # the bond to this process is not made yet
    command = Path(f"/proc/{node._process.pid}/cmdline").read_text()
print(node.folder, node._process.pid, flush=True)
sys.stdin.read()
"""


def test_it_answers_as_the_pinned_version(elastic: Node) -> None:
    nodes = elastic.ask("/_nodes/_local/info")["nodes"]
    assert isinstance(nodes, dict)
    assert [node["version"] for node in nodes.values()] == ["9.5.4"]


def test_the_next_test_finds_it_empty(elastic: Node) -> None:
    elastic.ask("/_index_template/t", {"index_patterns": ["t-*"], "template": {"aliases": {"all": {}}}})
    elastic.ask("/t-1", {})
    elastic.ask("/_cluster/settings", {"persistent": {"cluster.max_shards_per_node": 7}})
    empty(elastic)
    assert [name for name in elastic.ask("/_all?expand_wildcards=all") if not name.startswith(".")] == []
    assert elastic.ask("/_cluster/settings") == {"persistent": {}, "transient": {}}
    with pytest.raises(HTTPError):
        elastic.ask("/_index_template/t")


def test_no_server_outlives_the_tests_that_started_it(elastic_node: Node) -> None:
    assert elastic_node.running  # so the distribution is here
    root = Path(__file__).parents[2]
    child = subprocess.Popen(
        [sys.executable, "-c", _KILLED], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    folder, session = child.stdout.readline().split()
    child.kill()
    child.wait()
    assert _ends(int(session))
    shutil.rmtree(folder)


def _ends(session: int) -> bool:
    end = time.monotonic() + START_S  # killed while it starts, it ends when it is up
    while time.monotonic() < end:
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
