"""Three real nodes, two collectors with 1,000 events/s together, and everything that can happen to a cluster: `scripts/soak cluster`.

At the end every record that was emitted is stored once, or counted as dropped. Exit 1 when that does not hold.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from scripts.soak_parts.writer import DAY_US, DROPPED_OF, ZONE, opened
from shouwang.timespan import day_of
from tests.elastic.distribution import distribution
from tests.elastic.node import Node, NotStarted

PREFIX: Final = "soak"
COLLECTORS: Final = (1, 2)
NODES: Final = 3
RECOVER_S: Final = 1_800
FLOOD: Final = "cluster.routing.allocation.disk"
STARTED: Final = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - STARTED:7.1f} s  {text}", flush=True)


class Cluster:
    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        seeds = [f"127.0.0.1:{node.transport_port}" for node in nodes]
        for node in nodes:
            node.settings |= {
                "cluster.name": "soak",
                "xpack.security.enabled": False,
                "discovery.seed_hosts": seeds,
                "cluster.initial_master_nodes": [each.name for each in nodes],
                f"{FLOOD}.threshold_enabled": False,
                "cluster.info.update.interval": "10s",
            }

    @property
    def url(self) -> str:
        return ",".join(node.url for node in self.nodes)

    def start(self, *nodes: Node) -> None:
        for node in nodes or self.nodes:
            node.start()
        for node in nodes or self.nodes:
            node.wait(nodes=NODES, status="green", within_s=RECOVER_S)

    def any(self) -> Node:
        return next(node for node in self.nodes if node.running)

    def master(self) -> Node:
        """Raises ``OSError`` while there is none."""
        found = self.any().ask("/_cluster/state/master_node,nodes")
        nodes = found["nodes"]
        assert isinstance(nodes, dict)
        name = nodes[found["master_node"]]["name"]
        return next(node for node in self.nodes if node.name == name)

    def set(self, settings: dict[str, object]) -> None:
        self.any().ask("/_cluster/settings", {"persistent": settings})


class Collectors:
    def __init__(self, folder: Path, url: str, rate: int) -> None:
        self.folder = folder
        self.url = url
        self.rate = rate
        self.day = 0
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self.control(stop=False)

    def control(self, *, stop: bool, day: int | None = None) -> None:
        self.day = self.day if day is None else day
        new = self.folder / "control.new"
        new.write_text(json.dumps({"stop": stop, "day": self.day, "rate": self.rate / len(COLLECTORS)}))
        new.rename(self.folder / "control.json")

    def start(self, number: int) -> None:
        command = [sys.executable, str(Path(__file__).with_name("writer.py"))]
        with (self.folder / f"collector-{number}.log").open("ab") as log:
            self._processes[number] = subprocess.Popen(
                [*command, str(self.folder), str(number), self.url, PREFIX], stdout=log, stderr=log
            )

    def kill(self, number: int) -> None:
        self._processes[number].kill()
        self._processes[number].wait()

    def states(self) -> list[dict[str, object]]:
        found = []
        for number in COLLECTORS:
            state = self.folder / f"state-{number}.json"
            found.append(json.loads(state.read_text()) if state.exists() else {"emitted": 0, "waiting": 0, "away": ""})
        return found

    def silent_s(self) -> float:
        """How long the slowest has been at one put; they tell twice a second."""
        told = [(self.folder / f"state-{number}.json") for number in COLLECTORS]
        return max((time.time() - each.stat().st_mtime - 0.5 for each in told if each.exists()), default=0.0)

    def total(self, what: str) -> int:
        return sum(int(str(each[what])) for each in self.states())

    def finish(self) -> None:
        self.control(stop=True)
        for process in self._processes.values():
            process.wait(RECOVER_S)

    def end(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()


def until(condition: Callable[[], bool], what: str) -> float:
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > RECOVER_S:
            raise SystemExit(f"not within {RECOVER_S} s: {what}")
        time.sleep(0.25)
    return time.monotonic() - began


class Run:
    """One after another the faults; each is over when the cluster is green and nothing waits."""

    def __init__(self, cluster: Cluster, collectors: Collectors, hold_s: float, stopped_s: float) -> None:
        self.cluster, self.collectors = cluster, collectors
        self.hold_s, self.stopped_s = hold_s, stopped_s
        self.waited, self.stall_s = 0, 0.0

    def steady(self) -> None:
        self.hold(self.hold_s)

    def hold(self, seconds: float) -> int:
        """The most batches that waited meanwhile."""
        end, most = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            most = max(most, self.collectors.total("waiting"))
            self.stall_s = max(self.stall_s, self.collectors.silent_s())
            time.sleep(0.25)
        return most

    @contextmanager
    def fault(self, name: str) -> Iterator[None]:
        """Around what breaks, holds and mends."""
        self.steady()
        before = self.collectors.total("emitted")
        say(f"{name} ...")
        self.waited, self.stall_s = 0, 0.0
        yield
        mended = time.monotonic()
        self.cluster.any().wait(nodes=NODES, status="green", within_s=RECOVER_S)
        until(lambda: self.collectors.total("waiting") <= len(COLLECTORS), f"{name}: what waits is sent")
        took = time.monotonic() - mended
        emitted = self.collectors.total("emitted") - before
        say(
            f"{name}: {emitted:,} emitted meanwhile, a put took up to {self.stall_s:.1f} s, {self.waited} batches waited, "
            f"all sent {took:.0f} s after it was mended"
        )

    def node_killed(self) -> None:
        with self.fault("a node killed (-9)"):
            master = self.cluster.master()
            node = next(each for each in self.cluster.nodes if each is not master)
            node.kill()
            self.waited = self.hold(self.hold_s)
            self.cluster.start(node)

    def master_killed(self) -> None:
        with self.fault("the master killed (-9)"):
            node = self.cluster.master()
            node.kill()
            self.waited = self.hold(self.hold_s)
            self.cluster.start(node)

    def collector_killed(self) -> None:
        with self.fault("a collector killed (-9)"):
            self.collectors.kill(COLLECTORS[0])
            self.waited = self.hold(5)
            self.collectors.start(COLLECTORS[0])

    def all_stopped(self) -> None:
        with self.fault(f"all nodes stopped for {self.stopped_s:.0f} s"):
            for node in self.cluster.nodes:
                node.stop()
            self.waited = self.hold(self.stopped_s)
            self.cluster.start()

    def flood_stage(self) -> None:
        with self.fault("flood-stage block"):
            marks = {f"{FLOOD}.watermark.{stage}": "999tb" for stage in ("low", "high", "flood_stage")}
            self.cluster.set({**marks, f"{FLOOD}.threshold_enabled": True})
            until(lambda: any(each["away"] for each in self.collectors.states()), "the block holds")
            said = next(str(each["away"]) for each in self.collectors.states() if each["away"])
            say(f"  {said[:160]}")
            self.waited = self.hold(self.hold_s)
            self.cluster.set({f"{FLOOD}.watermark.{stage}": "1b" for stage in ("flood_stage", "high", "low")})

    def mapping_conflict(self) -> None:
        day = self.collectors.day + 1
        index = f"{PREFIX}-events-{day_of(time.time_ns() // 1000 + day * DAY_US, ZONE):%Y.%m.%d}"
        with self.fault("mapping conflict: a day's index with a foreign mapping"):
            foreign = {"source": {"properties": {"ip": {"type": "long"}}}}
            above = {"index_patterns": [index], "priority": 900, "template": {"mappings": {"properties": foreign}}}
            self.cluster.any().ask("/_index_template/foreign", above)
            self.cluster.any().ask(f"/{index}", {"aliases": {f"{PREFIX}-events": {}}})
            self.collectors.control(stop=False, day=day)
            self.waited = self.hold(self.hold_s)
            self.cluster.any().ask("/_index_template/foreign", method="DELETE")

    def shard_limit(self) -> None:
        with self.fault("shard limit: a new day cannot begin"):
            self.cluster.set({"cluster.max_shards_per_node": 1})
            self.collectors.control(stop=False, day=self.collectors.day + 1)
            self.waited = self.hold(self.hold_s)
            said = [str(each["away"]) for each in self.collectors.states() if each["away"]]
            say(f"  {said[0][:160] if said else 'nobody noticed'}")
            self.cluster.set({"cluster.max_shards_per_node": None})

    def rolling_restart(self) -> None:
        with self.fault("rolling restart"):
            for node in self.cluster.nodes:
                node.stop()
                self.waited = max(self.waited, self.hold(5))
                self.cluster.start(node)


def verify(folder: Path, url: str) -> bool:
    """Whether every record is there once, or counted."""
    with opened(folder, 9, url, PREFIX) as reader:
        ledger = [row for row in reader.days() if row.received]
    emitted = {number: json.loads((folder / f"state-{number}.json").read_text())["emitted"] for number in COLLECTORS}
    expected = {
        (number, each)
        for number in COLLECTORS
        for each in range(emitted[number])
        if each % DROPPED_OF != DROPPED_OF - 1
    }
    stored, documents = set[tuple[int, int]](), 0
    with Elasticsearch(url.split(","), request_timeout=60) as client:
        client.indices.refresh(index=f"{PREFIX}-events")
        for hit in scan(client, index=f"{PREFIX}-events", size=5_000, _source=False):
            id = bytes.fromhex(hit["_id"])
            documents += 1
            stored.add((int.from_bytes(id[6:8], "big"), int.from_bytes(id[8:], "big")))
    total = sum(emitted.values())
    dropped = sum(sum(row.dropped.values()) for row in ledger)
    say(f"emitted {total:,} = stored {documents:,} + counted drops {dropped:,}")
    say(
        f"missing {len(expected - stored):,}, not emitted {len(stored - expected):,}, twice {documents - len(stored):,}"
    )
    received, kept = sum(row.received for row in ledger), sum(row.stored for row in ledger)
    say(
        f"ledger: received {received:,} = stored {kept:,} + dropped {dropped:,}, over {len({row.day for row in ledger})} days"
    )
    return (
        stored == expected
        and documents == len(stored)
        and total == documents + dropped
        and received == total
        and kept == documents
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/soak cluster", description=__doc__)
    parser.add_argument("--stopped-s", type=float, default=600, help="how long all nodes are stopped")
    parser.add_argument(
        "--hold-s", type=float, default=30, help="how long each other fault lasts, and the calm before it"
    )
    parser.add_argument("--rate", type=int, default=1_000, help="events a second, by all collectors together")
    args = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shouwang-soak-")))
        nodes = []
        for number in range(NODES):
            nodes.append(Node(distribution(), {}, name=f"node-{number + 1}"))
            stack.callback(nodes[-1].remove)
        cluster = Cluster(nodes)
        say("three nodes start ...")
        cluster.start()
        say(f"green; {len(COLLECTORS)} collectors write {args.rate:,} events/s")
        collectors = Collectors(folder, cluster.url, args.rate)
        stack.callback(collectors.end)
        for number in COLLECTORS:
            collectors.start(number)
        run = Run(cluster, collectors, args.hold_s, args.stopped_s)
        for fault in (
            run.node_killed, run.master_killed, run.collector_killed, run.flood_stage, run.mapping_conflict,
            run.shard_limit, run.rolling_restart, run.all_stopped,
        ):  # fmt: skip
            fault()
        run.steady()
        collectors.finish()
        return 0 if verify(folder, cluster.url) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NotStarted as wrong:
        sys.exit(str(wrong))
