"""Makes ``tests/golden/home-<schema>``: a small home as this release writes it, with what must be read back of it.

    .venv/bin/python -m tests.golden.making [FOLDER]

Run it once a schema, when a release is about to change ``shouwang.eventstore.embedded.schema.SCHEMA``; a home that is
there is never made again: it is the record of what that release wrote.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
from datetime import date
from pathlib import Path

from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.eventstore.base import Batch
from shouwang.eventstore.embedded.schema import SCHEMA
from shouwang.firststart import make_home
from shouwang.home import Home, Lock
from shouwang.query import Query
from shouwang.retention import LegalHold
from shouwang.wiring import Services, build

DAY_US = 86_400_000_000
FIRST_US = 1_792_900_800_000_000  # 2026-10-25T12:00 in Shanghai


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / f"home-{SCHEMA}"
    if folder.exists():
        sys.exit(f"{folder} is there: a golden home is made once.")
    home = Home.at(folder)
    make_home(home, name="golden", timezone="Asia/Shanghai", language="en")
    home.config.write_text(home.config.read_text().replace("reserve_mb = 256", "reserve_mb = 0"))
    config, clock = load(home.config), ManualClock(FIRST_US)
    with Lock(home, config.site.zone), build(home, config, clock) as services:
        for day in range(3):
            clock.set(FIRST_US + day * DAY_US)
            _bring(services, day)
            while services.alerting.step().matches:
                pass
            services.events.maintain(clock.now_us(), 60.0)
        _hold(services)
        told = expected(services)
    (home.path / "lock").unlink()
    shutil.rmtree(home.path / "cache")
    (home.path / "expected.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _bring(services: Services, day: int) -> None:
    """Each day a log of another kind, and what was received and not kept."""
    failed = "".join(
        f"Oct {25 + day} 11:58:{second:02} gate sshd[811]: "
        f"Failed password for root from 203.0.113.9 port {4000 + second} ssh2\n"
        for second in range(12)
    )
    web = '198.51.100.7 - - [25/Oct/2026:11:00:01 +0800] "GET /a?q=%27 HTTP/1.1" 404 153 "-" "curl/8.5"\n' * 3
    odd = b'{"@timestamp":"2026-10-25T03:00:00Z","message":"\\u767b\\u5f55","n":9007199254740993}\n{"broken\n'
    odd += b"\xff\xfe not text\n"
    logs = {"auth.log": failed.encode(), "access.log": web.encode(), "odd.json": odd + b"%d\n" % day}
    for name, data in logs.items():
        importer = services.new_importer(lambda _number: None)
        importer.run(io.BytesIO(data), name, "auto", services.clock.now_us())
    services.events.put(
        Batch([], drops={("syslog:udp", "too-long"): day + 1}, received_us=services.clock.now_us()),
        {"file:/var/log/auth.log": b"%d" % day, "gone": b""},
    )


def _hold(services: Services) -> None:
    day = date(2026, 10, 26)
    with services.state.work() as tx:
        tx.legal_holds.put(LegalHold("case-7", day, day, "inquiry", "li", FIRST_US))


def expected(services: Services) -> dict[str, object]:
    """What a reader of any later release must find."""
    store = services.events
    events = store.read(Query(), newest_first=False, after=None, limit=1000).items
    matches = store.tail("matches", None, 1000).items
    with services.state.reading() as tables:
        alerts, holds = tables.alerts.open_by_severity(), tables.legal_holds.all()
    return {
        "events": [
            {
                "id": each.id.hex(),
                "time_us": each.time_us,
                "received_us": each.received_us,
                "source": each.source,
                "raw": each.raw.hex(),
                "context": dict(each.context or {}),
            }
            for each in events
        ],
        "matches": [[each.event_id.hex(), each.rule_id, each.severity.name] for each in matches],
        "cursors": {name: value.hex() for name, value in store.cursors().items()},
        "latest": dict(store.latest()),
        "days": [
            {
                "day": each.day.isoformat(),
                "source": each.source,
                "received": each.received,
                "stored": each.stored,
                "dropped": dict(each.dropped),
                "bytes": each.bytes,
                "digest": each.digest,
            }
            for each in store.days()
        ],
        "holds": [[hold.name, hold.first.isoformat(), hold.last.isoformat(), hold.reason] for hold in holds],
        "alerts": {severity.name: number for severity, number in alerts.items() if number},
    }


if __name__ == "__main__":
    main()
