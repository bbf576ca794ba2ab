"""``shouwang status``."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import TYPE_CHECKING

from shouwang.cli.alerts import held_counts
from shouwang.cli.answer import Answer, print_json
from shouwang.cli.names import named
from shouwang.cli.options import connected, verb, words
from shouwang.cli.terminal import shown, table

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    verb(subparsers, "status", status, "现状：来源、告警、事件、当日台账 / sources, alerts, incidents, today's ledger")


def status(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        ping, result = daemon.call("ping"), daemon.call("status")
    if args.json:
        print_json(result)
    else:
        _print(args, Answer(ping), Answer(result))
    return 0


def _print(args: argparse.Namespace, ping: Answer, answer: Answer) -> None:
    say = words(args)
    site, today, store = ping.part("site"), answer.part("today"), answer.part("store")
    rules, host = answer.part("rules"), answer.part("host")
    drill = say("  演练", "  DRILL") if ping.flag("drill") else ""
    print(f"守望 Shouwang {ping['version']}  {site['name']}{drill}  {ping['home']}")
    since = answer.time("started") or say("未运行", "not running")
    print(f"{answer.time('now')}  {say('启动', 'started')}: {since}  {ping['user']} ({named(args, ping['role'])})")
    print(f"{say('告警', 'alerts')}: {_numbers(args, answer.part('alerts').part('open')) or '0'}")
    _print_noise(args, answer.part("noise"))
    print(f"{say('事件', 'incidents')}: {_numbers(args, answer.part('incidents')) or '0'}")
    received, stored, dropped = say("接收", "received"), say("入库", "stored"), say("丢弃", "dropped")
    counts = f"{received} {today['received']}, {stored} {today['stored']}, {dropped} {today.counts('dropped') or '0'}"
    print(f"{say('今日', 'today')}: {counts}; {answer.part('rate')['events_per_s']} /s")
    refused, oldest = say("拒绝", "refused"), say("最早", "oldest")
    print(f"{say('规则', 'rules')}: {rules['loaded']} + {rules['correlations']}, {refused} {rules['refused']}")
    print(
        f"{say('存储', 'store')}: {store.number('bytes') / 1e6:.1f} MB, {oldest} {store['oldest_day'] or '-'}", end=""
    )
    print(f", {say('预计写满', 'disk full on')} {store['full_on']}" if store["full_on"] else "")
    disks = ", ".join(f"{disk['mount']} {disk['percent']}%" for disk in host.parts("disks"))
    print(f"CPU {host['cpu_percent']}%, {say('内存', 'memory')} {host['memory_percent']}%, {disks}".rstrip(", "))
    for finding in answer.parts("findings"):
        print(f"! [{named(args, finding['level'])}] {finding['what']} {finding['hint']}".rstrip())
    _print_sources(args, answer)
    _print_collectors(args, answer)


def _print_noise(args: argparse.Namespace, noise: Answer) -> None:
    """What holds alerts back now, and what lately did."""
    say = words(args)
    for each in noise.parts("active"):
        left = say("剩", "left") + f" {timedelta(seconds=int(each.number('remaining_s')))}"
        print(f"  {each['id']} {each['what']}  {left}  {held_counts(each.part('held'), say)}  {each['owner']}")
    for each in noise.parts("ended"):
        ended = say(f"已于 {each.time('until')} 结束，期间压制", f"ended at {each.time('until')}; it held")
        see = f"shouwang alerts list --held-by {each['id']}"
        print(f"  {each['id']} {ended} {held_counts(each.part('held'), say)}: {see}")


def _numbers(args: argparse.Namespace, counts: Answer) -> str:
    """``high 3, low 1``, without the zeros."""
    return ", ".join(f"{named(args, shown(name))} {count}" for name, count in counts.fields.items() if count)


def _print_sources(args: argparse.Namespace, answer: Answer) -> None:
    say = words(args)
    headings = (say("来源", "source"), say("状态", "level"), say("今日接收", "today"), say("今日丢弃", "dropped"))
    rows = [
        (
            each["id"],
            named(args, each["level"]),
            each["received"],
            each.counts("dropped") or "0",
            each.time("last_event") or "-",
            each["detail"],
        )
        for each in answer.parts("sources")
    ]
    if rows:
        table((*headings, say("最近", "last event"), say("说明", "detail")), rows)


def _print_collectors(args: argparse.Namespace, answer: Answer) -> None:
    say = words(args)
    waiting, seen = say("待传", "waiting"), say("最近", "seen")
    headings = (
        say("采集端", "collector"),
        say("状态", "level"),
        seen,
        waiting,
        say("规则", "rules"),
        say("版本", "version"),
    )
    rows = [
        (
            each["host"],
            named(args, each["level"]),
            each.time("seen"),
            f"{each.part('spool')['batches']} ({each.part('spool').number('bytes') / 1e6:.1f} MB)",
            f"{each.part('rules')['version']} ({each.part('rules')['loaded']})",
            each["version"],
            each.counts("dropped") or "0",
        )
        for each in answer.parts("collectors")
    ]
    if rows:
        table((*headings, say("丢弃", "dropped")), rows)
