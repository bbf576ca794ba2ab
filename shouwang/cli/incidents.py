"""``shouwang incidents list|show|claim|triage|grade|close``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from shouwang.cli.alerts import alert_row
from shouwang.cli.answer import Answer, print_json
from shouwang.cli.names import id_of, named
from shouwang.cli.options import connected, language, nouns, verb, words
from shouwang.cli.reasons import reason_lines
from shouwang.cli.terminal import table
from shouwang.model import Disposition, IncidentState, Value
from shouwang.words import Words

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


GRADES: Final = {
    "I": Words("特别重大", "especially major"),
    "II": Words("重大", "major"),
    "III": Words("较大", "relatively major"),
    "IV": Words("一般", "general"),
}
STATES: Final = {each.value: each.words for each in IncidentState}
DISPOSITIONS: Final = {each.value: each.words for each in Disposition}


def add_parser(subparsers: Subparsers) -> None:
    verbs = nouns(subparsers, "incidents", "事件 / incidents")
    listing = verb(verbs, "list", list_incidents, "列出事件，新的在前 / list incidents, newest first")
    listing.add_argument("--state", choices=tuple(STATES))
    listing.add_argument("--limit", type=int, default=200)
    listing.add_argument("--offset", type=int, default=0)
    for name, run, text in (
        ("show", show, "一个事件：定级依据、告警、经过 / one incident: reasons of its grade, alerts, timeline"),
        ("claim", claim, "认领，或从他人接手 / take it on, or over"),
        ("triage", triage, "研判 / say what it is"),
        ("grade", grade, "陈述定级事实；确认或更改级别 / state facts; confirm or override the grade"),
        ("close", close, "办结 / close"),
    ):
        parser = verb(verbs, name, run, text)
        parser.add_argument("id", metavar="INC")
        if name == "triage":
            help_text = "真实 true, 误报 false_positive, 重复 duplicate, 已授权 authorised"
            parser.add_argument("--as", dest="disposition", required=True, metavar="WHAT", help=help_text)
        if name == "grade":
            _add_facts(parser)
        if name in {"triage", "grade", "close"}:
            parser.add_argument("--reason", required=name != "grade", default="", help="理由 / why")


def _add_facts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--importance", metavar="I", help="一般 ordinary, 重要 important, 特别重要 especially_important"
    )
    parser.add_argument(
        "--loss", metavar="L", help="较小 minor, 较大 considerable, 严重 serious, 特别严重 especially_serious"
    )
    parser.add_argument(
        "--social", metavar="S", help="一般 general, 较大 considerable, 重大 major, 特别重大 especially_major"
    )
    parser.add_argument("--grade", metavar="G", help="IV 一般, III 较大, II 重大, I 特别重大")


def list_incidents(args: argparse.Namespace) -> int:
    state: dict[str, Value] = {"state": args.state} if args.state else {}
    with connected(args) as daemon:
        result = daemon.call("incidents.list", limit=args.limit, offset=args.offset, **state)
    if args.json:
        print_json(result)
        return 0
    say = words(args)
    headings = (
        say("编号", "id"),
        say("级别", "grade"),
        say("状态", "state"),
        say("负责人", "owner"),
        say("发现", "found"),
        say("若须报告，最迟", "if reportable, latest"),
        say("标题", "title"),
    )
    table(headings, [_row(args, incident) for incident in Answer(result).parts("incidents")])
    return 0


def _row(args: argparse.Namespace, incident: Answer) -> tuple[str, ...]:
    return (
        id_of(args, incident),
        _grade(args, incident),
        _state(args, incident),
        incident["owner"] or "-",
        incident.time("found_at"),
        incident.part("clock").time("latest"),
        _of_old(args, incident) + incident["title"],
    )


def _of_old(args: argparse.Namespace, incident: Answer) -> str:
    """Before the title of what was found in imported records: of which days they are."""
    if not incident.flag("imported"):
        return ""
    days = " .. ".join(dict.fromkeys((incident["first"][:10], incident["last"][:10])))
    return words(args)(f"【导入记录 {days}】", f"[imported, of {days}] ")


def _grade(args: argparse.Namespace, incident: Answer) -> str:
    """A proposal bears a question mark."""
    return f"{_grade_word(args, incident['grade'])}{'' if incident.flag('grade_confirmed') else '?'}"


def _grade_word(args: argparse.Namespace, grade: str) -> str:
    name = GRADES.get(grade)
    return f"{grade} {words(args)(name.zh, f'({name.en})')}" if name else grade


def _state(args: argparse.Namespace, incident: Answer) -> str:
    name = STATES.get(incident["state"])
    return name.of(language(args)) if name else incident["state"]


def _disposition(args: argparse.Namespace, incident: Answer) -> str:
    name = DISPOSITIONS.get(incident["disposition"])
    return name.of(language(args)) if name else incident["disposition"]


def show(args: argparse.Namespace) -> int:
    return _act(args, "incidents.show", _print)


def claim(args: argparse.Namespace) -> int:
    return _act(args, "incidents.claim", _print_claimed)


def triage(args: argparse.Namespace) -> int:
    return _act(args, "incidents.triage", _print_triaged, disposition=args.disposition, reason=args.reason)


def grade(args: argparse.Namespace) -> int:
    stated = {name: getattr(args, name) for name in ("importance", "loss", "social", "grade", "reason")}
    given = {name: value for name, value in stated.items() if value}
    return _act(args, "incidents.grade", _print_graded, **given)


def close(args: argparse.Namespace) -> int:
    return _act(args, "incidents.close", _print_closed, reason=args.reason)


def _act(
    args: argparse.Namespace, act: str, show_done: Callable[[argparse.Namespace, Answer], None], **more: Value
) -> int:
    with connected(args) as daemon:
        result = daemon.call(act, id=args.id, **more)
    if args.json:
        print_json(result)
    else:
        show_done(args, Answer(result))
    return 0


def _print_claimed(args: argparse.Namespace, incident: Answer) -> None:
    _print_done(args, incident, words(args)(f"已由 {incident['owner']} 认领", f"claimed by {incident['owner']}"))


def _print_triaged(args: argparse.Namespace, incident: Answer) -> None:
    held_for = _disposition(args, incident)
    _print_done(args, incident, words(args)(f"研判为{held_for}", f"triaged as {held_for}"))


def _print_graded(args: argparse.Namespace, incident: Answer) -> None:
    """What a person decided, or, where only facts were stated, what the system now proposes."""
    say = words(args)
    proposed = _grade_word(args, incident["proposed_grade"])
    done = say(f"已陈述事实，系统建议 {proposed}", f"facts stated, the system proposes {proposed}")
    if args.grade:
        done = say("级别已确认", "grade confirmed")
        if incident["grade"] != incident["proposed_grade"]:
            done += say(f"（系统建议 {proposed}）", f" (proposed: {proposed})")
    _print_done(args, incident, done)


def _print_closed(args: argparse.Namespace, incident: Answer) -> None:
    _print_done(args, incident, _state(args, incident))


def _print_done(args: argparse.Namespace, incident: Answer, done: str) -> None:
    """One line: which, what was done, how it stands."""
    say = words(args)
    stands = say(
        f"级别 {_grade(args, incident)}，{_state(args, incident)}",
        f"grade {_grade(args, incident)}, {_state(args, incident)}",
    )
    print(f"{id_of(args, incident)}  {incident['title']}" + say(f"：{done}；{stands}", f": {done}; {stands}"))


def _print(args: argparse.Namespace, incident: Answer) -> None:
    say = words(args)
    legal = incident.part("clock")
    mark = "" if incident.flag("grade_confirmed") else say("（建议，未确认）", " (proposed, not confirmed)")
    print(f"{id_of(args, incident)}  {incident['title']}")
    print(f"{say('级别', 'grade')}: {_grade_word(args, incident['grade'])}{mark}")
    print(f"{say('状态', 'state')}: {_state(args, incident)}  {say('负责人', 'owner')}: {incident['owner'] or '-'}")
    if incident["disposition"]:
        held_for = _disposition(args, incident)
        print(f"{say('研判', 'disposition')}: {held_for}  {incident['disposition_reason']}")
    if incident["first"]:
        print(f"{say('发生', 'happened')}: {incident.time('first')} .. {incident.time('last')}")
    print(f"{say('发现', 'found')}: {incident.time('found_at')}{_found_in(args, incident)}")
    if incident.texts("maintenance"):
        print(f"{say('维护期间', 'during maintenance')}: {', '.join(incident.texts('maintenance'))}")
    due = say("若须报告，最迟", "if reportable, latest")
    print(f"{due}: {legal.time('latest')}  {legal['report_to']}  {legal['basis']}")
    for asset in incident.parts("assets"):
        print(f"{say('资产', 'asset')}: {asset['id']} {asset['name']} {named(args, asset['importance'])}")
    print(f"{say('定级依据', 'reasons')}:")
    for line in reason_lines(incident.parts("reasons"), say):
        print(f"  {line}")
    _print_history(args, incident)


def _found_in(args: argparse.Namespace, incident: Answer) -> str:
    if not incident.flag("imported"):
        return ""
    return words(args)(
        "（由导入的记录发现；时限自发现起算，此前已获知的，自获知起算）",
        " (in imported records; the time limit runs from here, or from when it was learnt of if that was earlier)",
    )


def _print_history(args: argparse.Namespace, incident: Answer) -> None:
    say = words(args)
    alerts = incident.parts("alert_items")
    if alerts:
        print(f"{say('告警', 'alerts')}:")
        for alert in alerts:
            print("  " + "  ".join(alert_row(args, alert)))
    timeline = incident.parts("timeline")
    if timeline:
        print(f"{say('经过', 'timeline')}:")
        for entry in timeline:
            actor = say("系统", "system") if entry["actor"] == "system" else entry["actor"]
            print(f"  {entry.time('at')}  {actor}  {entry['says']}")
