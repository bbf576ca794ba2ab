"""What an event takes in Elasticsearch, and what bringing it there costs: `.venv/bin/python scripts/bench_parts/elasticsize.py`.

One node of the test server, our own template, one shard, no copy, requests of 1,000 events; then merged to one segment, as
a day is when it is over. The first events of `scripts/bench store`. Prints one JSON object a way of storing.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from elasticsearch import Elasticsearch

from collectors.origin import Origin
from collectors.registry import PARSERS
from collectors.vocabulary import kinds
from scripts.bench_parts import month
from shouwang.eventstore.elastic.documents import dumped, event_document
from shouwang.eventstore.elastic.template import event_mappings, settings
from shouwang.model import Event
from tests.elastic.node import Node
from tests.elastic.server import plain_server

ZONE = ZoneInfo("Asia/Shanghai")
WAYS = {
    "default": {"codec": "default"},
    "best_compression": settings(logsdb=False),
    "logsdb": settings(logsdb=True),
}


def events(number: int) -> Iterator[Event]:
    """The month's, parsed as intake does."""
    chance = random.Random(7)
    for lines in month.blocks(number):
        for line in lines:
            origin = Origin(line.source, line.time_us, line.time_us, ZONE, live=False)
            event = PARSERS["json"](line.raw, origin)
            assert isinstance(event, Event)
            event.id = (line.time_us // 1000).to_bytes(6, "big") + chance.randbytes(10)
            yield event


def requests(number: int) -> Iterator[list[bytes]]:
    known = kinds()
    lines: list[bytes] = []
    for at, event in enumerate(events(number), 1):
        document = event_document(event, known, at, "0123456789ab", f"0123456789ab:{at // 1000}")
        lines += [orjson.dumps({"create": {"_id": event.id.hex()}}), dumped(document)]
        if at % 1000 == 0:
            yield lines
            lines = []


def cpu_s(node: Node) -> float:
    assert node._process is not None
    servers = psutil.Process(node._process.pid).children(recursive=True)
    return sum(sum(each.cpu_times()[:2]) for each in servers)


def settle(client: Elasticsearch, index: str) -> None:
    """Until no copy can ask for history: what is kept for that, a third of all, goes with the next merge."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        client.indices.flush(index=index)
        (shard,) = client.indices.stats(index=index, level="shards")["indices"][index]["shards"]["0"]
        leases = [lease["retaining_seq_no"] for lease in shard["retention_leases"]["leases"]]
        if min(leases, default=0) > shard["seq_no"]["max_seq_no"]:
            return
        time.sleep(1)


def measured(node: Node, client: Elasticsearch, way: str, number: int) -> dict[str, object]:
    index = {**WAYS[way], "number_of_shards": 1, "number_of_replicas": 0, "auto_expand_replicas": "false"}
    client.indices.create(index=way, mappings=event_mappings(kinds()), settings={"index": index})
    before, began, sending_s, own = cpu_s(node), time.monotonic(), 0.0, time.process_time()
    for lines in requests(number):
        at = time.monotonic()
        answer = client.bulk(index=way, operations=lines, filter_path=["errors"])
        sending_s += time.monotonic() - at
        assert answer["errors"] is False
    took_s, used, own = time.monotonic() - began, cpu_s(node) - before, time.process_time() - own
    settle(client, way)
    client.options(request_timeout=600).indices.forcemerge(index=way, max_num_segments=1)
    client.indices.refresh(index=way)
    client.indices.flush(index=way)
    stats = client.indices.stats(index=way, metric=["store", "docs"])["_all"]["primaries"]
    assert stats["docs"]["count"] == number
    return {
        "way": way,
        "events": number,
        "bytes_an_event": round(stats["store"]["size_in_bytes"] / number, 1),
        "events_a_second": round(number / took_s),
        "events_a_second_sending_alone": round(number / sending_s),
        "server_cpu_s_a_1000": round(used / number * 1000, 3),
        "client_cpu_s_a_1000": round(own / number * 1000, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    args = parser.parse_args()
    raw = [len(event.raw) for event in events(10_000)]
    print(json.dumps({"raw_bytes_an_event": round(sum(raw) / len(raw), 1)}))
    with plain_server() as node, Elasticsearch(node.url, request_timeout=120) as client:
        measured(node, client, "default", min(5_000, args.events))  # a fresh server costs half again as much
        client.indices.delete(index="default")
        for way in WAYS:
            print(json.dumps(measured(node, client, way, args.events)), flush=True)


if __name__ == "__main__":
    main()
