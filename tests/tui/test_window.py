from __future__ import annotations

from tui.window import HELD_MAX, Row, Window


def rows(*ids: object) -> list[Row]:
    return [Row(str(each), ((("x", ""),),)) for each in ids]


def test_the_cursor_stays_on_its_row_when_rows_arrive_above() -> None:
    window = Window()
    window.put(0, rows("c", "b", "a"), 3)
    window.move(1)
    moved = window.put(0, rows("e", "d", "c", "b", "a"), 5)
    assert (moved, window.cursor, window.cursor_id) == (2, 3, "b")


def test_the_cursor_follows_its_row_to_the_top() -> None:
    window = Window()
    window.put(0, rows("c", "b", "a"), 3)
    window.move(2)
    window.put(0, rows("a", "c", "b"), 3)
    assert (window.cursor, window.cursor_id) == (0, "a")


def test_a_row_gone_from_sight_is_sought_where_it_may_be_before_another_is_chosen() -> None:
    window = Window()
    window.put(1_000, rows(*range(1_000, 1_200)), 50_000)
    window.move(1_100)
    window.put(1_000, rows(*(f"new{number}" for number in range(200))), 50_000)
    assert (window.sought, window.cursor_id, window.chosen) == (0, "1100", None)
    window.put(0, rows("1100", *range(199)), 50_000)
    assert (window.cursor, window.cursor_id, window.sought) == (0, "1100", None)


def test_when_the_row_is_gone_the_one_in_its_place_is_chosen() -> None:
    window = Window()
    window.put(0, rows("c", "b", "a"), 3)
    window.move(2)
    window.put(0, rows("c", "b"), 2)
    window.put(0, rows("c", "b"), 2)
    assert (window.cursor, window.cursor_id) == (1, "b")


def test_an_empty_list_has_no_choice_and_the_next_row_is_chosen_when_it_comes() -> None:
    window = Window()
    window.put(0, [], 0)
    assert window.cursor_id == ""
    window.put(0, rows("a"), 1)
    assert window.cursor_id == "a"


def test_only_so_many_rows_are_held_of_a_long_list() -> None:
    window = Window()
    for offset in range(0, 100_000, 200):
        window.put(offset, rows(*range(offset, offset + 200)), 100_000)
    assert sum(window.row(index) is not None for index in range(100_000)) <= HELD_MAX
