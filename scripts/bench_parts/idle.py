"""A daemon with its default set-up and nothing to do but the host's own metrics and journal."""

from __future__ import annotations

import time

from running import daemon

SECONDS = 60


def main() -> None:
    with daemon(
        '[site]\nname = "bench"\n[listen]\nsyslog_udp = "127.0.0.1:0"\nsyslog_tcp = "127.0.0.1:0"\n'
    ) as running:
        time.sleep(10)
        before, began = running.cpu_s(), time.monotonic()
        time.sleep(SECONDS)
        share = (running.cpu_s() - before) / (time.monotonic() - began)
        family = [running.process, *running.process.children(recursive=True)]
        memory = sum(process.memory_info().rss for process in family) / 1e6
        own = running.process.memory_info().rss / 1e6
    print(f"{100 * share:.2f} % of a core over {SECONDS} s; {own:.0f} MB resident, {memory:.0f} MB with its children")


if __name__ == "__main__":
    main()
