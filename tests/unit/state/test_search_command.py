"""``shouwang search``: an empty answer says why, and what cannot be meant is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shouwang.cli.main import main
from shouwang.home import Home

LINE = "<13>2020-03-0{}T08:00:00Z web01 su: it was long ago\n"

Search = Callable[..., tuple[int, str, str]]


@pytest.fixture
def search(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Search:
    """Exit code, output and complaints of a search where old records were imported."""
    log = tmp_path / "old.log"
    log.write_text("".join(LINE.format(day) for day in (2, 3, 4)))
    assert main(["import", str(log), "--home", str(home.path)]) == 0
    capsys.readouterr()

    def run(*words: str, lang: str = "en") -> tuple[int, str, str]:
        try:
            code = main(["search", *words, "--home", str(home.path), "--lang", lang])
        except SystemExit as left:
            code = int(str(left.code))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_where_only_older_records_are_it_says_how_many_and_how_to_see_them(search: Search) -> None:
    assert search("long") == (0, "", "None in the last 24 h.\n3 older: --since 2020-03-02\n")
    assert search("long", lang="zh") == (0, "", "最近 24 小时内没有。\n更早的有 3 条：--since 2020-03-02\n")
    assert "3 older" in search("long", "--count")[2]
    assert search("long", "--since", "2020-03-02")[1].count("long ago") == 3


def test_where_nothing_is_it_says_so_and_where_a_time_was_named_it_says_nothing(search: Search) -> None:
    assert search("nosuchword") == (0, "", "None in the last 24 h.\n")
    assert search("long", "--since", "1h") == (0, "", "")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--limit", "-3"), "'-3' 不是不小于 0 的整数 / is no whole number from 0 on"),
        (("--top", "0"), "'0' 不是不小于 1 的整数 / is no whole number from 1 on"),
        (("--by", "source.ipp", "--since", "2020-01-01"), "no field source.ipp. Did you mean source.ip"),
        (("--by", "zzz", "--since", "2020-01-01"), "no field zzz"),
        (("source.ip:999.1.1.1/99",), "'999.1.1.1/99' is no address or network"),
        (("source.ip:10.0.0",), "'10.0.0' is no address or network"),
    ],
)
def test_what_cannot_be_meant_is_refused(search: Search, words: tuple[str, ...], says: str) -> None:
    code, out, err = search(*words)
    assert (code, out) == (2, "")
    assert says in err.replace("None of these records has a field", "no field").replace("\n", " ")


def test_a_field_that_could_be_there_and_is_not_counts_nothing(search: Search) -> None:
    assert search("--by", "user.name", "--since", "2020-01-01")[0] == 0
    assert search("--by", "winlog.event_data.Whatever", "--since", "2020-01-01")[0] == 0
