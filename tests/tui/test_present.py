from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.hostile import CORPUS, FORBIDDEN
from tui.present import (
    Column,
    Line,
    cells,
    clip,
    clip_middle,
    fit,
    layout,
    line_width,
    pad,
    plain,
    row_line,
    safe_text,
    sides,
    wrap,
)

ANY_TEXT = st.text(st.characters(), max_size=60) | st.sampled_from(CORPUS)


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
def test_hostile_text_is_shown_without_a_character_that_a_terminal_obeys(text: str) -> None:
    shown = safe_text(text)
    assert not FORBIDDEN & set(shown)
    shown.encode()


def test_an_escape_says_which_character_stood_there() -> None:
    assert safe_text("\x1b[31m\x00\u202e\t") == "\\x1b[31m\\x00\\u202e\\t"


def test_plain_text_in_any_script_stays_as_it_is() -> None:
    for text in ("桃源社区 3号楼", "Ünïcödé", "مرحبا", "หมู่บ้าน", "[b]x[/b] {0}"):
        assert safe_text(text) == text


def test_a_long_text_is_looked_at_only_in_its_beginning() -> None:
    assert safe_text("A" * 1_000_000, limit=10) == "A" * 10 + " (+999990)"


def test_at_most_two_marks_stay_on_a_character() -> None:
    assert safe_text("e" + "\u0301" * 4) == "e\u0301\u0301\\u0301\\u0301"
    assert safe_text("\u0301a") == "\\u0301a"


@given(ANY_TEXT, st.integers(1, 40))
def test_cutting_and_padding_give_exactly_the_cells_asked_for(text: str, width: int) -> None:
    shown = safe_text(text, 200)
    assert cells(clip(shown, width)) <= width
    assert cells(pad(shown, width)) == width
    assert line_width(fit(((shown, "text"), (shown, "dim")), width)) == width


@given(ANY_TEXT, st.integers(4, 40))
def test_wrapped_lines_fit_and_lose_nothing_but_blanks(text: str, width: int) -> None:
    shown = safe_text(text, 200)
    lines = wrap(shown, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(shown.split())


def test_words_stay_whole_and_chinese_is_broken_anywhere() -> None:
    assert wrap("attack.persistence attack.privilege-escalation", 40) == [
        "attack.persistence",
        "attack.privilege-escalation",
    ]
    assert wrap("规则 Web 或数据库服务账号使用 sudo", 14) == ["规则 Web 或数", "据库服务账号使", "用 sudo"]
    assert wrap("A" * 25, 10) == ["A" * 10, "A" * 10, "A" * 5]


@given(ANY_TEXT, st.integers(1, 40))
def test_a_text_cut_in_its_middle_fits_and_keeps_its_end(text: str, width: int) -> None:
    shown = safe_text(text, 200)
    assert cells(clip_middle(shown, width)) <= width
    assert clip_middle("syslog:tcp:127.0.0.1:55140", 21) == "syslog:tcp..0.1:55140"


def test_a_wide_character_is_never_split() -> None:
    assert pad("桃源社区", 5, right=False) == "桃.. "
    assert pad("桃源社区", 8) == "桃源社区"
    assert pad("桃源社区", 3) == "桃.."[:0] + pad("桃源社区", 3)
    assert cells(pad("桃源社区", 3)) == 3


def test_the_right_side_is_kept_when_the_left_is_too_long() -> None:
    line = sides((("x" * 40, "text"),), (("00:32:59", "high"),), 20)
    assert plain(line).endswith("00:32:59")
    assert line_width(line) == 20


COLUMNS = (Column("a", 4), Column("b", 10, flex=True), Column("c", 6, rank=1), Column("d", 8, rank=2))


def test_columns_of_the_highest_rank_go_first_and_the_flexible_one_takes_the_rest() -> None:
    assert layout(COLUMNS, 40) == (4, 16, 6, 8)
    assert layout(COLUMNS, 33) == (4, 19, 6, 0)
    assert layout(COLUMNS, 20) == (4, 14, 0, 0)


@given(st.lists(ANY_TEXT, min_size=4, max_size=4), st.integers(17, 90))
def test_a_row_is_as_wide_as_its_pane_whatever_stands_in_it(texts: list[str], width: int) -> None:
    row: list[Line] = [((safe_text(text, 200), "text"),) for text in texts]
    assert line_width(row_line(row, COLUMNS, layout(COLUMNS, width), width)) == width
