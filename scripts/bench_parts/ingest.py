"""Files of auth and access logs through the whole daemon: tail, parse, match all rules of ours, store, alert."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

from running import QUIET, daemon, wait

LINES = 100_000


def auth(number: int, chance: random.Random) -> str:
    head = f"Nov 24 {number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d} app-{chance.randrange(20):02d}"
    match chance.randrange(6):
        case 0:
            return f"{head} sshd[{number}]: Failed password for root from 203.0.113.{chance.randrange(3)} port {40000 + number % 9999} ssh2"
        case 1:
            return f"{head} sshd[{number}]: Accepted publickey for ops from 192.0.2.{chance.randrange(250)} port {40000 + number % 9999} ssh2: ED25519 SHA256:abc"
        case 2:
            return f"{head} sudo: ops : TTY=pts/0 ; PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/systemctl status portal{number}"
        case 3:
            return f"{head} CRON[{number}]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"
        case 4:
            return f"{head} sshd[{number}]: Connection closed by authenticating user root 203.0.113.{chance.randrange(250)} port 4{number % 9999:04d} [preauth]"
        case _:
            return f"{head} systemd[1]: Started session-{number}.scope - Session {number} of User ops."


def access(number: int, chance: random.Random) -> str:
    path = chance.choice(
        ["/", f"/notice/list?page={number}", f"/api/v1/gates/{number}/state", "/static/app.js", "/login"]
    )
    status = chance.choice([200, 200, 200, 200, 304, 302, 404])
    return (
        f"192.0.2.{chance.randrange(250)} - - [24/Nov/2026:{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d} +0800] "
        f'"GET {path} HTTP/1.1" {status} {chance.randrange(90000)} "https://portal.example.com/" "Mozilla/5.0 (X11; Linux x86_64)"'
    )


def main() -> None:
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        paths = {"auth.log": auth, "access.log": access}
        for name, make in paths.items():
            text = "".join(make(n, chance) + "\n" for n in range(LINES))
            Path(folder, name).write_text(text, encoding="utf-8")
        tables = "".join(f'[[source]]\ntype = "file"\npath = "{folder}/{name}"\n' for name in paths)
        began = time.monotonic()
        with daemon(QUIET + tables) as running:

            def received() -> int:
                return sum(day["received"] for day in running.ask("store", "days"))

            wait(lambda: received() >= 2 * LINES, 600)
            wall_s, cpu_s = time.monotonic() - began, running.cpu_s()
            memory = running.process.memory_info().rss / 1e6
            alerts = running.ask("alerts", "list", "--limit", "1")["total"]
    print(f"{2 * LINES} lines of auth and access logs, {alerts} alerts, start of the daemon included")
    print(
        f"{2 * LINES / cpu_s:,.0f} events a CPU second; {2 * LINES / wall_s:,.0f} events/s wall; {memory:.0f} MB resident at the end"
    )


if __name__ == "__main__":
    main()
