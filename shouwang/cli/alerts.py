"""``shouwang alerts list|show|except``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from shouwang.cli.answer import Answer, counted, print_json
from shouwang.cli.names import alert_state, id_of, named
from shouwang.cli.options import connected, nouns, verb, words
from shouwang.cli.terminal import fitted, shown, table
from shouwang.words import many

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    verbs = nouns(subparsers, "alerts", "告警 / alerts")
    listing = verb(verbs, "list", list_alerts, "列出告警，新的在前 / list alerts, newest first")
    listing.add_argument("--state", choices=("open", "closed"))
    listing.add_argument("--severity", metavar="LEAST", help="informational, low, medium, high, critical")
    listing.add_argument("--incident", metavar="INC", help="事件编号 / of this incident")
    listing.add_argument("--since", metavar="TIME", help="24h, 7d, 2026-11-24, RFC 3339")
    listing.add_argument("--all", action="store_true", help="含被压制的 / also what is held back")
    listing.add_argument("--held-by", metavar="ID", help="被某静默、维护窗口或告警压制的 / held back by this one")
    listing.add_argument("--limit", type=int, default=200)
    listing.add_argument("--offset", type=int, default=0)
    showing = verb(verbs, "show", show, "一条告警及其事件记录 / one alert with its events")
    showing.add_argument("id", metavar="ALERT")
    text = "长期例外：写成过滤文档并生效 / a lasting exception, as a filter document, in force at once"
    excepting = verb(verbs, "except", except_alert, text)
    excepting.add_argument("id", metavar="ALERT")
    excepting.add_argument("--field", action="append", required=True, metavar="NAME=VALUE", help="user.name=backup")
    excepting.add_argument("--reason", required=True, metavar="TEXT")
    excepting.add_argument("--draft", action="store_true", help="只显示，不写入 / show it, write nothing")


def list_alerts(args: argparse.Namespace) -> int:
    asked = {name: getattr(args, name) for name in ("state", "severity", "incident", "since", "held_by")}
    with connected(args) as daemon:
        result = daemon.call(
            "alerts.list",
            limit=args.limit,
            offset=args.offset,
            held=args.all,
            **{name: value for name, value in asked.items() if value is not None},
        )
    if args.json:
        print_json(result)
        return 0
    say = words(args)
    answer = Answer(result)
    headings = (
        say("编号", "id"),
        say("级别", "severity"),
        say("次数", "count"),
        say("最近", "last"),
        say("状态", "state"),
        say("事件", "incident"),
        say("标题", "title"),
    )
    table(headings, [alert_row(args, alert) for alert in answer.parts("alerts")])
    if hidden := answer.number("hidden"):
        more = f"{many(hidden, 'more is', 'more are')} held back: --all shows them."
        print(
            say(f"另有 {hidden:.0f} 条被压制，加 --all 可见。", more),
            file=sys.stderr,
        )
    return 0


def alert_row(args: argparse.Namespace, alert: Answer) -> tuple[str, ...]:
    told = [name for name in alert.part("entities").fields if not name.startswith("threat.")]
    who = ", ".join(value for name in told for value in alert.part("entities").texts(name))
    title = f"{alert['title']} ({who})" if who else alert["title"]
    if held := alert.part("suppressed_by")["id"] or alert["maintenance"]:
        title = f"[{held}] {title}"
    return (
        id_of(args, alert),
        named(args, alert["severity"]),
        counted(alert),
        alert.time("last"),
        alert_state(args, alert["state"]),
        id_of(args, alert, "incident") or "-",
        title,
    )


def show(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("alerts.show", id=args.id)
    if args.json:
        print_json(result)
        return 0
    say = words(args)
    alert = Answer(result)
    print(f"{id_of(args, alert)}  {alert['title']}")
    state = alert_state(args, alert["state"])
    print(f"{say('级别', 'severity')}: {named(args, alert['severity'])}  {say('状态', 'state')}: {state}")
    print(f"{say('规则', 'rule')}: {alert['rule_id']}  {', '.join(alert.texts('tags'))}")
    print(f"{say('次数', 'count')}: {counted(alert)}  {alert.time('first')} .. {alert.time('last')}")
    if alert.fields.get("correlation"):
        print(_counted(alert.part("correlation"), say))
    print(f"{say('事件', 'incident')}: {id_of(args, alert, 'incident') or '-'}")
    if (held := alert.part("suppressed_by")).fields:
        print(f"{say('压制', 'held back by')}: {_holder(held, say)}")
    if alert["maintenance"]:
        print(f"{say('维护期间', 'during maintenance')}: {alert['maintenance']}")
    if alert.part("inhibits").number("alerts"):
        print(f"{say('压制了', 'holds back')}: {held_counts(alert.part('inhibits'), say)}")
    for name in alert.part("entities").fields:
        print(f"{shown(name)}: {', '.join(alert.part('entities').texts(name))}")
    for event in alert.parts("events"):
        print(fitted(f"{event.time('@timestamp')}  {event['event.original']}"))
    return 0


def except_alert(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("alerts.except", id=args.id, fields=args.field, reason=args.reason, draft=args.draft)
    if args.json:
        print_json(result)
        return 0
    answer = Answer(result)
    if answer["path"]:
        say = words(args)
        print(say(f"# 已写入并生效：{answer['path']}", f"# written and in force: {answer['path']}"), file=sys.stderr)
    print("\n".join(map(shown, str(answer.fields["text"]).splitlines())))
    return 0


def _holder(held: Answer, say: Callable[[str, str], str]) -> str:
    kinds = {"silence": say("静默", "silence"), "maintenance": say("维护", "maintenance")}
    return f"{kinds.get(held['kind'], say('告警', 'alert'))} {held['id']}: {held['why']}"


def held_counts(held: Answer, say: Callable[[str, str], str]) -> str:
    return say(
        f"{held['alerts']} 条告警，{held['events']} 个事件记录",
        f"{many(held.number('alerts'), 'alert')} of {many(held.number('events'), 'event')}",
    )


def _counted(correlation: Answer, say: Callable[[str, str], str]) -> str:
    """What of a correlation's events counted."""
    group = ", ".join(f"{shown(name)}={correlation.part('group')[name]}" for name in correlation.part("group").fields)
    parts = [f"{say('关联', 'correlation')}: {correlation['type']}", group]
    if correlation["measured"]:
        parts.append(f"{say('计得', 'measured')} {correlation['measured']}")
    parts.append(", ".join(correlation.texts("values")))
    return "  ".join(part for part in parts if part)
