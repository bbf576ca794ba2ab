"""English counts agree with their noun."""

from __future__ import annotations

from shouwang.words import many


def test_one_is_one_and_none_and_many_are_many() -> None:
    assert [many(count, "alert") for count in (0, 1, 2)] == ["0 alerts", "1 alert", "2 alerts"]
    assert [many(count, "match", "matches") for count in (1, 12)] == ["1 match", "12 matches"]
