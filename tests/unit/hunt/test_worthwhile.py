"""When a hunt asks the store, and when it reads on without asking."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from detection.hunt import LONGEST_PAUSE, Worthwhile
from shouwang.query import All, Eq, Node, Or

ONE: Node = Eq("event.code", "1")
MANY: Node = Or(tuple(Eq("event.code", str(number)) for number in range(40)))


def asked(node: Node, looks: int, share_read: Callable[[int], float]) -> list[bool]:
    """Of each look, whether the store was asked. ``share_read``: what is read in the numbered one where it is."""
    asking, found = Worthwhile(node), []
    for number in range(looks):
        wanted = asking.wanted()
        assert wanted in (node, All())
        found.append(wanted == node)
        passed = 1000
        read = round(passed * share_read(number)) if found[-1] else passed
        for of_one in (0, passed - 300, 300):  # a look comes in parts; what is left out may be in any of them
            asking.saw(of_one, min(read, of_one), more=of_one != 300)
            read -= min(read, of_one)
            assert of_one == 300 or asking.wanted() == wanted, "within a look the question changed"
    return found


@pytest.mark.parametrize(("node", "share"), [(ONE, 0.98), (MANY, 0.5), (ONE, 0.0), (MANY, 0.0)])
def test_what_leaves_out_enough_for_its_leaves_is_always_asked(node: Node, share: float) -> None:
    assert all(asked(node, 200, lambda _: share))


@pytest.mark.parametrize(("node", "share"), [(ONE, 1.0), (ONE, 0.995), (MANY, 0.7), (MANY, 1.0)])
def test_what_leaves_out_too_little_is_tried_ever_more_seldom(node: Node, share: float) -> None:
    found = asked(node, 2000, lambda _: share)
    tries = [number for number, each in enumerate(found) if each]
    assert tries[:4] == [0, 2, 5, 10]
    assert max(later - before - 1 for before, later in pairwise(tries)) == LONGEST_PAUSE
    assert len(tries) < 2000 / LONGEST_PAUSE + 6


def test_it_is_asked_again_soon_after_the_history_changes() -> None:
    found = asked(ONE, 1000, lambda number: 1.0 if number < 500 else 0.1)
    assert all(found[500 + LONGEST_PAUSE + 1 :])


def test_a_change_back_begins_with_a_short_pause() -> None:
    found = asked(ONE, 1200, lambda number: 1.0 if number < 500 or number >= 1000 else 0.1)
    assert found[1000:1006] == [True, False, True, False, False, True]


def test_what_asks_for_everything_is_never_in_the_way() -> None:
    assert asked(All(), 50, lambda _: 1.0) == [True] * 50


def test_an_empty_part_says_nothing_against_asking() -> None:
    asking = Worthwhile(ONE)
    asking.saw(0, 0, more=False)
    assert asking.wanted() == ONE
