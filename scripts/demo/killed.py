"""``killed.py KILLS SEED``: the daemon is killed at seeded points while 1,000 numbered lines/s go into a rotating file, a tenth of them once more.

Every line must be in the store exactly as often as it was written, and the ledger's sum right.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import apsw

from tests.integration.sources.test_killed import Writer

CONFIG = """
[site]
name = "killed"
[watch]
journald = false
var_log = false
[listen]
syslog_udp = ""
syslog_tcp = ""
[metrics]
interval_s = 0
[[source]]
type = "file"
path = "{log}"
format = "text"
"""


def started(env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen([sys.executable, "-m", "shouwang", "up", "--headless"], env=env, stderr=out)


def main() -> int:
    kills, seed = int(sys.argv[1]), int(sys.argv[2])
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="shouwang-killed") as folder:
        home, log = Path(folder) / "home", Path(folder) / "logs" / "app.log"
        home.mkdir(mode=0o700)
        log.parent.mkdir()
        log.touch()
        (home / "shouwang.toml").write_text(CONFIG.format(log=log), encoding="utf-8")
        env = os.environ | {"SHOUWANG_HOME": str(home), "SHOUWANG_RUNTIME": folder}
        said = Path(folder) / "log"
        first = started(env, said)
        until(lambda: cursors(home), "the file was seen")
        first.send_signal(signal.SIGTERM)
        first.wait(10)
        writer = Writer(log, chance)
        points = []
        with writer.at_work():
            for _ in range(kills):
                process = started(env, said)
                point = chance.uniform(0.05, 1.6)
                time.sleep(point)
                process.kill()
                process.wait()
                points.append(f"{point:.2f}")
        last = started(env, said)
        try:
            until(lambda: len(lines(home)) >= writer.written, "all lines")
        finally:
            last.terminate()
            last.wait(10)
        found = lines(home)
        stored, wanted = Counter(found), Counter(writer.numbers)
        missing, surplus = wanted - stored, stored - wanted
        received, kept, dropped = ledger(home)
        print(f"killed {kills} times, after {' '.join(points)} s")
        again = writer.written - len(wanted)
        print(
            f"{writer.written} lines written, {again} of them repeats; "
            f"{len(found)} stored, {missing.total()} missing, {surplus.total()} too many"
        )
        print(f"ledger: received {received} = stored {kept} + dropped {dropped}")
        whole = again > 0 and stored == wanted and received == kept + dropped
        if not whole:
            print(f"missing: {sorted(missing)[:20]}\n{said.read_text(encoding='utf-8')[-3000:]}")
        return 0 if whole else 1


def rows(home: Path, sql: str) -> list[tuple[object, ...]]:
    if not (home / "events.db").exists():
        return []
    db = apsw.Connection(str(home / "events.db"), flags=apsw.SQLITE_OPEN_READONLY)
    db.set_busy_timeout(5000)
    try:
        return list(db.execute(sql))
    except apsw.SQLError:
        return []
    finally:
        db.close()


def cursors(home: Path) -> bool:
    return bool(rows(home, "SELECT * FROM cursor LIMIT 1"))


def lines(home: Path) -> list[int]:
    texts = [raw for (raw,) in rows(home, "SELECT raw FROM event WHERE dataset <> 'shouwang.self'")]
    return [int(bytes(raw).split()[0][2:]) for raw in texts if isinstance(raw, bytes)]


def ledger(home: Path) -> tuple[int, int, int]:
    ((received, stored),) = rows(home, "SELECT sum(received), sum(stored) FROM ledger")
    ((dropped,),) = rows(home, "SELECT coalesce(sum(count), 0) FROM ledger_drop")
    return int(str(received)), int(str(stored)), int(str(dropped))


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
