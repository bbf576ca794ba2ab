"""``writers.py HOME``: until its input ends it looks who holds a database of the home open for writing; then it says who did."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.integration.daemon.holders import Watch


def main() -> None:
    watch = Watch(Path(sys.argv[1]))
    with watch.over():
        sys.stdin.read()
        watch.whole_round()
    print(*sorted(watch.writers))


if __name__ == "__main__":
    main()
