"""Lines a CPU second through the parsers alone, and through parsers and engine, in one run."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC

from ingest import access, auth

from collectors.origin import Origin
from collectors.registry import PARSERS
from detection.engine import Engine
from detection.rules import OWN_RULES, load

LINES = 30_000
NOW_US = 1_795_482_000_000_000


def main() -> None:
    chance = random.Random(7)
    rules = load([OWN_RULES])
    engine = Engine(rules, ("host.name", "user.name", "source.ip"))
    origin = Origin("bench", NOW_US, NOW_US, UTC, live=False)
    print(f"{len(rules.rules)} rules, {len(rules.correlations)} correlations")
    made: list[tuple[str, str, Callable[[int, random.Random], str]]] = [
        ("auth", "syslog", auth),
        ("access", "access", access),
    ]
    for name, parser, make in made:
        lines = [make(n, chance).encode() for n in range(LINES)]
        began = time.process_time()
        events = [PARSERS[parser](line, origin) for line in lines]
        parsed = time.process_time()
        matches = engine.match(events)
        matched = time.process_time()
        print(
            f"{name}: parsed {LINES / (parsed - began):,.0f}/s, matched {LINES / (matched - parsed):,.0f}/s, "
            f"both {LINES / (matched - began):,.0f}/s; {len(matches)} matches"
        )


if __name__ == "__main__":
    main()
