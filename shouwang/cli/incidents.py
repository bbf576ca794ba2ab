"""``shouwang incidents list|show|claim|triage|grade|close``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from shouwang.cli.alerts import alert_row
from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import connected, nouns, verb, words
from shouwang.cli.terminal import shown, table
from shouwang.model import Value

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    verbs = nouns(subparsers, "incidents", "事件 / incidents")
    listing = verb(verbs, "list", list_incidents, "列出事件，新的在前 / list incidents, newest first")
    listing.add_argument("--state", choices=("open", "claimed", "triaged", "closed"))
    listing.add_argument("--limit", type=int, default=200)
    listing.add_argument("--offset", type=int, default=0)
    for name, run, text in (
        ("show", show, "一个事件：定级依据、告警、经过 / one incident: reasons of its grade, alerts, timeline"),
        ("claim", claim, "认领，或从他人接手 / take it on, or over"),
        ("triage", triage, "研判 / say what it is"),
        ("grade", grade, "陈述定级事实；确认或更改级别 / state facts; confirm or override the grade"),
        ("close", close, "关闭 / close"),
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
    table(headings, [_row(incident) for incident in Answer(result).parts("incidents")])
    return 0


def _row(incident: Answer) -> tuple[str, ...]:
    return (
        incident["id"],
        _grade(incident),
        incident["state"],
        incident["owner"] or "-",
        incident.time("found_at"),
        incident.part("clock").time("latest"),
        incident["title"],
    )


def _grade(incident: Answer) -> str:
    """A proposal bears a question mark."""
    return f"{incident['grade']} {incident['grade_zh']}{'' if incident.flag('grade_confirmed') else '?'}"


def show(args: argparse.Namespace) -> int:
    return _act(args, "incidents.show")


def claim(args: argparse.Namespace) -> int:
    return _act(args, "incidents.claim")


def triage(args: argparse.Namespace) -> int:
    return _act(args, "incidents.triage", disposition=args.disposition, reason=args.reason)


def grade(args: argparse.Namespace) -> int:
    stated = {name: getattr(args, name) for name in ("importance", "loss", "social", "grade", "reason")}
    return _act(args, "incidents.grade", **{name: value for name, value in stated.items() if value})


def close(args: argparse.Namespace) -> int:
    return _act(args, "incidents.close", reason=args.reason)


def _act(args: argparse.Namespace, act: str, **more: Value) -> int:
    with connected(args) as daemon:
        result = daemon.call(act, id=args.id, **more)
    if args.json:
        print_json(result)
    else:
        _print(args, Answer(result))
    return 0


def _print(args: argparse.Namespace, incident: Answer) -> None:
    say = words(args)
    legal = incident.part("clock")
    mark = "" if incident.flag("grade_confirmed") else say("（建议，未确认）", " (proposed, not confirmed)")
    print(f"{incident['id']}  {incident['title']}")
    print(f"{say('级别', 'grade')}: {incident['grade']} {incident['grade_zh']}{mark}")
    print(f"{say('状态', 'state')}: {incident['state']}  {say('负责人', 'owner')}: {incident['owner'] or '-'}")
    if incident["disposition"]:
        print(f"{say('研判', 'disposition')}: {incident['disposition']}  {incident['disposition_reason']}")
    print(f"{say('发现', 'found')}: {incident.time('found_at')}")
    due = say("若须报告，最迟", "if reportable, latest")
    print(f"{due}: {legal.time('latest')}  {legal['report_to']}  {legal['basis']}")
    for asset in incident.parts("assets"):
        print(f"{say('资产', 'asset')}: {asset['id']} {asset['name']} {asset['importance']}")
    print(f"{say('定级依据', 'reasons')}:")
    for reason in incident.parts("reasons"):
        doubt = "" if reason.flag("sure") else say(" 未核实", " (text not verified)")
        print(f"  [{reason['grade'] or '-'}] {reason['value']}  {reason['document']} {reason['clause']}{doubt}")
    _print_history(args, incident)


def _print_history(args: argparse.Namespace, incident: Answer) -> None:
    say = words(args)
    alerts = incident.parts("alert_items")
    if alerts:
        print(f"{say('告警', 'alerts')}:")
        for alert in alerts:
            print("  " + "  ".join(alert_row(alert)))
    timeline = incident.parts("timeline")
    if timeline:
        print(f"{say('经过', 'timeline')}:")
        for entry in timeline:
            detail = ", ".join(f"{shown(name)}={shown(value)}" for name, value in entry.part("detail").fields.items())
            print(f"  {entry.time('at')}  {entry['actor']}  {entry['act']}  {detail}".rstrip())
