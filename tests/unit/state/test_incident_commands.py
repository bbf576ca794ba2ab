"""The commands on incidents without a daemon: acts say one line, ``show`` all, both in the reader's language."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from incidents.grading import grade
from incidents.plans import load as plans
from shouwang.cli.main import main
from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.home import Home
from shouwang.model import GradeFacts, Importance, IncidentState, Loss
from shouwang.wiring import build
from shouwang.words import Words
from tests.unit.state.samples import ALERT, INCIDENT

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(autouse=True)
def _one_incident(home: Home, clock: ManualClock) -> None:
    opened = replace(
        INCIDENT,
        title=Words("猜测", "guessing"),
        state=IncidentState.OPEN,
        owner="",
        disposition=None,
        disposition_reason="",
        confirmation=None,
        grading=grade(GradeFacts(Importance.IMPORTANT, Loss.CONSIDERABLE), plans()),
        asset_ids=(),
        drill=False,
    )
    with build(home, load(home.config), clock) as services, services.state.work() as tx:
        tx.incidents.put(opened)


def run(home: Home, lang: str, *words: str) -> int:
    return main([*words, "--home", str(home.path), "--lang", lang])


def test_each_act_says_in_one_line_what_was_done_and_how_the_incident_stands(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    acts = [
        (("claim", "INC-1"), r"已由 \S+ 认领；级别 III 较大\?，已认领"),
        (("triage", "INC-1", "--as", "真实", "--reason", "同一地址"), r"研判为真实；级别 III 较大\?，已研判"),
        (("grade", "INC-1", "--social", "重大"), r"已陈述事实，系统建议 II 重大；级别 II 重大\?，已研判"),
        (
            ("grade", "INC-1", "--grade", "III", "--reason", "范围有限"),
            r"级别已确认（系统建议 II 重大）；级别 III 较大，已研判",
        ),
        (("close", "INC-1", "--reason", "已封禁"), r"已办结；级别 III 较大，已办结"),
    ]
    for words, said in acts:
        assert run(home, "zh", "incidents", *words) == 0
        assert re.fullmatch(rf"INC-1  猜测：{said}\n", capsys.readouterr().out), words


def test_an_act_in_english_says_the_same_in_english(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "en", "incidents", "claim", "INC-1") == 0
    said = capsys.readouterr().out
    assert re.fullmatch(r"INC-1  guessing: claimed by \S+; grade III \(relatively major\)\?, claimed\n", said)


def test_show_says_what_gives_a_grade_first_then_the_rest_and_folds_what_was_not_asked(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(home, "zh", "incidents", "show", "INC-1") == 0
    lines = capsys.readouterr().out.split("定级依据:\n")[1].splitlines()
    assert "（事实：人工陈述）  国家网络安全事件应急预案 1.4 较大 a)（条款未核实）" in lines[0]
    grades = re.findall(r"^  \[(\S+)\]", "\n".join(lines), re.MULTILINE)
    assert grades[:2] == ["III", "IV"]
    assert set(grades[grades.index("-") :]) == {"-"}
    folded = [line for line in lines if "未询问" in line]
    assert folded == [
        "  [-] 未询问, 由人工判断: 国家网络安全事件应急预案 "
        "1.4 特别重大 b) c); 1.4 重大 b) c); 1.4 较大 b) c)（条款未核实）"
    ]
    assert lines.index(folded[0]) == len(grades) - 1


def test_show_in_english_holds_no_chinese_reason(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "en", "incidents", "show", "INC-1") == 0
    assert not CHINESE.search(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("lang", "listed", "told"),
    [
        ("zh", "【导入记录 1970-01-01】猜测", "（由导入的记录发现；时限自发现起算，此前已获知的，自获知起算）"),
        ("en", "[imported, of 1970-01-01] guessing", "(in imported records; the time limit runs from here,"),
    ],
)
def test_what_was_found_in_imported_records_says_so_and_when_they_were(
    home: Home, capsys: pytest.CaptureFixture[str], lang: str, listed: str, told: str
) -> None:
    assert run(home, lang, "incidents", "list") == 0
    assert listed in capsys.readouterr().out
    assert run(home, lang, "incidents", "show", "INC-1") == 0
    said = capsys.readouterr().out
    assert ": 1970-01-01 08:00:00 .. 1970-01-01 08:00:00\n" in said
    assert told in said


def test_a_refusal_without_a_daemon_is_said_in_the_readers_language(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    for lang, said in (("zh", "没有事件 'INC-9'。"), ("en", "There is no incident 'INC-9'.")):
        assert run(home, lang, "incidents", "show", "INC-9") == 2
        assert capsys.readouterr().err.startswith(f"shouwang: {said}")


def test_the_audit_trail_is_judged_in_the_readers_language(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "zh", "incidents", "claim", "INC-1") == 0
    capsys.readouterr()
    for lang, said in (("zh", "1 条，完整\n"), ("en", "1 entry, whole\n")):
        assert run(home, lang, "audit", "verify") == 0
        assert capsys.readouterr().out == said


def test_an_incident_and_its_alerts_are_shown_in_words_and_the_timeline_as_in_the_report(
    home: Home, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    with build(home, load(home.config), clock) as services, services.state.work() as tx:
        tx.alerts.put(replace(ALERT, drill=False))
    assert run(home, "zh", "incidents", "claim", "INC-1") == 0
    assert run(home, "zh", "incidents", "grade", "INC-1", "--grade", "II", "--reason", "范围大") == 0
    capsys.readouterr()
    assert run(home, "zh", "incidents", "show", "INC-1") == 0
    shown = capsys.readouterr().out
    assert re.search(r"  认领\n", shown)
    assert re.search(r"  核定为 II重大（系统建议 III较大）：范围大\n", shown)
    assert run(home, "zh", "alerts", "list") == 0
    assert run(home, "zh", "alerts", "show", "A-1") == 0
    listed = capsys.readouterr().out
    assert re.search(r"A-1 +高 .* 未关闭 ", listed)
    assert "级别: 高  状态: 未关闭" in listed
    assert not re.search(r"\b(open|high|True|importance|important)\b|[{}]", shown + listed)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_id_of_a_drill_bears_the_mark_in_the_results(
    home: Home, clock: ManualClock, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    with build(home, load(home.config), clock) as services, services.state.work() as tx:
        tx.alerts.put(replace(ALERT, drill=True))
        tx.incidents.put(replace(INCIDENT, drill=True, asset_ids=()))
    for words in ("alerts list", "alerts show A-1", "incidents list", "incidents show INC-1", "incidents claim INC-1"):
        assert run(home, lang, *words.split()) == 0, words
        out = capsys.readouterr().out
        ids = re.findall(r"\b(?:A|INC)-1\b(?: \[(?:DRILL )?演练\])?", out)
        assert ids, words
        assert all(each.endswith("演练]") for each in ids), out
