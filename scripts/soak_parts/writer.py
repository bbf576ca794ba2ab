"""A collector of the cluster's long run: numbered events at a steady pace through the product's own store.

`writer.py FOLDER NUMBER URL PREFIX`. FOLDER holds its spool; it reads `control.json` (the receipt day to write, how many
events a second, whether to stop) and writes `state-NUMBER.json`. Killed and started again it goes on from its cursor. Every thousandth record is one
that cannot be read: it is counted as dropped.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[2]))

from collectors.vocabulary import kinds
from shouwang.eventstore.base import Batch, StoreAway, Stored
from shouwang.eventstore.elastic.place import place
from shouwang.eventstore.elastic.store import ElasticStore
from shouwang.model import Event, Shape

LARGEST: Final = 500
DROPPED_OF: Final = 1_000
FIELDS: Final = (
    "host.name", "user.name", "source.ip", "source.port", "event.action", "event.outcome", "process.name", "message",
)  # fmt: skip
SHAPE: Final = Shape(dataset="linux.sshd", parser="soak", paths={name: ((name,),) for name in FIELDS})
DAY_US: Final = 86_400_000_000
ZONE: Final = ZoneInfo("Asia/Shanghai")


def event_of(writer: int, number: int, received_us: int) -> Event:
    host, user, address = f"srv-{number % 40:02}", f"user{number % 97}", f"203.0.{number % 251}.{number % 241}"
    port = 1024 + number % 50_000
    message = f"Failed password for {user} from {address} port {port} ssh2"
    return Event(
        id=(received_us // 1000).to_bytes(6, "big") + writer.to_bytes(2, "big") + number.to_bytes(8, "big"),
        time_us=received_us,
        received_us=received_us,
        source=f"file:/var/log/auth-{writer}.log",
        shape=SHAPE,
        doc={
            "host.name": host, "user.name": user, "source.ip": address, "source.port": port, "process.name": "sshd",
            "event.action": "ssh_login_failed", "event.outcome": "failure", "message": message,
        },
        raw=f"<38>Nov 24 08:00:00 {host} sshd[{number % 32768}]: {message}".encode(),
        context={"log.file.path": f"/var/log/auth-{writer}.log"},
    )  # fmt: skip


def rehydrate(stored: Stored) -> Event:
    return event_of(int.from_bytes(stored.id[6:8], "big"), int.from_bytes(stored.id[8:], "big"), stored.received_us)


def opened(folder: Path, number: int, url: str, prefix: str) -> ElasticStore:
    store = ElasticStore(
        folder / f"spool-{number}.db", place(url), zone=ZONE, rehydrate=rehydrate, kinds=kinds(), prefix=prefix
    )
    store.belong_to(f"soak-{number}")
    return store


def put(store: ElasticStore, batch: Batch, cursors: dict[str, bytes]) -> None:
    while True:
        try:
            store.put(batch, cursors)
            return
        except StoreAway:  # no room in the spool: the source waits
            time.sleep(0.5)


def main(folder: Path, number: int, url: str, prefix: str) -> None:
    control, state = folder / "control.json", folder / f"state-{number}.json"
    with opened(folder, number, url, prefix) as store:
        emitted = int(store.cursors().get("soak", b"0"))
        began, from_number = time.monotonic(), emitted
        told = 0.0
        while True:
            asked = json.loads(control.read_text())
            due = from_number + round((time.monotonic() - began) * asked["rate"]) if not asked["stop"] else emitted
            if due - emitted >= 50:
                end = min(due, emitted + LARGEST)
                received_us = time.time_ns() // 1000 + asked["day"] * DAY_US
                numbers = [each for each in range(emitted, end) if each % DROPPED_OF != DROPPED_OF - 1]
                lost = end - emitted - len(numbers)
                drops = {(f"file:/var/log/auth-{number}.log", "unreadable"): lost} if lost else {}
                events = [event_of(number, each, received_us) for each in numbers]
                put(store, Batch(events, drops=drops, received_us=received_us), {"soak": str(end).encode()})
                emitted = end
            else:
                time.sleep(0.05)
            if time.monotonic() - told > 0.5:
                told = time.monotonic()
                waiting = store._spool.waiting
                found = {"emitted": emitted, "waiting": waiting, "away": str(store._sender.away or "")}
                state.with_suffix(".new").write_text(json.dumps(found))
                state.with_suffix(".new").rename(state)
                if asked["stop"] and not waiting:
                    return


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
