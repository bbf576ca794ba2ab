"""What commands print is safe for a terminal and stands in columns."""

from __future__ import annotations

import io
import json
import unicodedata
from pathlib import Path

import pytest

from incidents.report.visible import visible as on_paper
from shouwang.cli.answer import Answer
from shouwang.cli.main import main
from shouwang.cli.terminal import cells, cut, inert_json, shown, table
from shouwang.home import Home
from tui.present import safe_text


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[2Jroot", "\\x1b[2Jroot"),
        ("a\nb\rc\td\x00", "a\\nb\\rc\\td\\x00"),
        ("\x9b31m", "\\x9b31m"),
        ("user\u202egpj.exe", "user\\u202egpj.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("line\u2028sep", "line\\u2028sep"),
        ("lone \udc80", "lone \\udc80"),
        ("\U000e0041tag", "\\U000e0041tag"),
        ("守望 plain é", "守望 plain é"),
    ],
)
def test_what_a_terminal_might_obey_is_shown_escaped(hostile: str, harmless: str) -> None:
    assert shown(hostile) == harmless
    assert Answer({"x": hostile})["x"] == harmless
    assert Answer({"x": [hostile]}).texts("x") == [harmless]
    assert Answer({"x": {hostile: 1}}).counts("x") == f"{harmless} 1"


@pytest.mark.parametrize("hostile", ["\n", "\r", "\t", "\x1b", "\x9b", "\u202e", "\U000e0041", "\ud800"])
def test_a_terminal_the_console_and_a_paper_escape_alike(hostile: str) -> None:
    assert shown(hostile) == safe_text(hostile) == on_paper(hostile)


def test_chinese_takes_two_cells_and_columns_stay_in_line() -> None:
    assert cells("守望ab") == 6
    assert cells("e\u0301") == 1
    out = io.StringIO()
    table(("级别", "标题"), [("critical", "登录"), ("高", "x\x1b"), ("low", "")], out)
    lines = out.getvalue().splitlines()
    assert lines == ["级别      标题", "critical  登录", "高        x\\x1b", "low"]


def test_text_is_cut_between_characters() -> None:
    assert cut("守望社区", 8) == "守望社区"
    assert cut("守望社区", 7) == "守望社…"
    assert cut("守望社区", 6) == "守望…"
    assert cells(cut("守望社区", 6)) <= 6


def test_json_on_a_terminal_means_the_same_and_steers_nothing() -> None:
    steering = "\u009d52;c;aGFja2Vk\u009c \x7f \u202egnp.exe\u2066 \u200b\ufeff\u2028 \U000e0041 \x1b[2J"
    said = {"a\u009b31m": f"{steering} 桃源社区 é 🏠"}
    text = inert_json(json.dumps(said, ensure_ascii=False))
    assert json.loads(text) == said
    assert not [each for each in text if unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp")]
    assert "桃源社区 é 🏠" in text


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_one_long_log_line_takes_one_line_of_a_terminal_and_is_whole_in_a_pipe(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    log = tmp_path / "auth.log"
    log.write_text("Nov 25 10:00:00 web01 app[7]: " + "守" * 5000 + "\n", encoding="utf-8")
    assert main(["import", str(log), "--home", str(home.path)]) == 0
    printed = []
    for out in (Screen(), io.StringIO()):
        monkeypatch.setattr("sys.stdout", out)
        assert main(["search", "--since", "3650d", "--home", str(home.path)]) == 0
        printed.append(out.getvalue())
    assert cells(printed[0].rstrip("\n")) <= 60
    assert printed[0].endswith("…\n")
    assert "守" * 5000 in printed[1]
