"""What the tests need beside the repository, by name: real programs, rights, data.

``CI_REQUIRE`` names, with commas, those without which a run is no proof: there a missing one fails what needs it.
Elsewhere it is skipped, and the last line of a run names it. ``scripts/demo/require.sh`` is the same for the demos.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

import pytest

IS_ROOT: Final = os.geteuid() == 0
_SAID: Final = "peer "


def require(peer: str, here: bool, why: str) -> None:
    """Skips what asks, or fails it, where the peer is not ``here``."""
    if here:
        return
    said = f"{_SAID}{peer}: {why}"
    if peer in os.environ.get("CI_REQUIRE", "").split(","):
        pytest.fail(f"{said}; CI_REQUIRE asks for it", pytrace=False)
    pytest.skip(said)


def needs(peer: str, here: bool, why: str) -> pytest.MarkDecorator:
    """The same for a whole test or module; ``conftest.py`` reads the mark before the test's fixtures are made."""
    return pytest.mark.needs(peer, here, why)


def missed(reasons: Iterable[str]) -> list[str]:
    """The peers that reasons of skips name, each once."""
    said = (reason.removeprefix("Skipped: ") for reason in reasons)
    return sorted({reason[len(_SAID) :].partition(":")[0] for reason in said if reason.startswith(_SAID)})
