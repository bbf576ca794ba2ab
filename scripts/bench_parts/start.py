"""``shouwang --help``, and from the command to the console's first paint on a home whose daemon runs."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
import uuid

from running import QUIET, daemon


def main() -> None:
    times = []
    for _ in range(10):
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "shouwang", "--help"], capture_output=True, check=True)
        times.append(time.monotonic() - began)
    print(f"--help: {statistics.median(times):.2f} s, slowest of ten {max(times):.2f} s")
    if shutil.which("tmux") is None:
        print("first paint: tmux is not here")
        return
    with daemon(QUIET) as running:
        paints = [first_paint(running.env) for _ in range(5)]
    print(
        f"first paint: {statistics.median(paints):.2f} s, slowest of five {max(paints):.2f} s (the shell's and tmux's start included)"
    )


def first_paint(env: dict[str, str]) -> float:
    socket = f"bench-{uuid.uuid4().hex[:8]}"
    tmux = ["tmux", "-L", socket, "-f", "/dev/null"]
    env = env | {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    began = time.monotonic()
    try:
        subprocess.run(
            [*tmux, "new-session", "-d", "-x", "120", "-y", "36", sys.executable, "-m", "shouwang", "tui"],
            env=env,
            check=True,
        )
        while True:
            shown = subprocess.run([*tmux, "capture-pane", "-p"], env=env, capture_output=True, text=True, check=False)
            if "bench" in shown.stdout:
                return time.monotonic() - began
            if time.monotonic() - began > 20:
                raise TimeoutError("no paint")
            time.sleep(0.01)
    finally:
        subprocess.run([*tmux, "kill-server"], env=env, check=False, capture_output=True)


if __name__ == "__main__":
    main()
