"""How many examples the laws are tried on: few and always the same in CI, more where more are asked for."""

from __future__ import annotations

import os

from hypothesis import settings

TIMES = int(os.environ.get("SHOUWANG_EXAMPLES", "1"))
"""So many times the usual number of examples; above 1 they are new ones each run."""


def tried(number: int) -> settings:
    return settings(max_examples=number * TIMES, deadline=None, derandomize=TIMES == 1, database=None)
