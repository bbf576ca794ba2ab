"""What the header and the footer say. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tui import commands, health, labels, wire
from tui.alarm import Alarm
from tui.commands import Command
from tui.messages import Words
from tui.present import Line, Span, cells, clip, fit, line_width, safe_text, sides

RETRY_S = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """Where on a bar a click means a command."""

    y: int
    first: int
    last: int
    command: str


def nearest_clock(incidents: Sequence[wire.IncidentRow]) -> wire.IncidentRow | None:
    """The incident whose reporting time ends first; those that a person found not reportable do not count."""
    timed = [item for item in incidents if item.clock.latest is not None and item.clock.decided is not False]
    return min(timed, key=lambda item: (item.clock.latest or item.found, item.id), default=None)


def who_line(
    me: health.Ping,
    status: health.Status | None,
    connected: bool | None,
    now: datetime,
    words: Words,
    *,
    bell: Line = (),
    width: int,
) -> Line:
    """Place, person, health of the sources, what the bell does, clock."""
    role = words.known("role", safe_text(me.role))
    product: Line = ((words("product") + "  ", "bar_strong"),)
    site: Line = ((clip(safe_text(me.site), 30) + "  ", "bar"),) if me.site else ()
    user: Line = ((f"{safe_text(me.user)} ({role})  ", "bar_dim"),) if me.user else ()
    sources: Line = (_health(status, connected, words),)
    clock: Line = (
        *bell,
        (f"  {now:%Y-%m-%d %H:%M:%S} " if now.year > 1970 else "", "bar"),
    )
    choices = [(*product, *site, *user, *sources), (*site, *user, *sources), (*user, *sources), sources]
    line = sides(((" ", ""), *first_fitting(choices, width - 1 - line_width(clock))), clock, width)
    return tuple((text, tone or "bar") for text, tone in line)


def bell_mark(alarm: Alarm, words: Words) -> Line:
    """That the bell is muted and for how long, or that it rings and how it is muted; nothing when all is quiet."""
    if left := alarm.muted_s:
        mark = words("header.muted", left=labels.span_of(left, words).removeprefix("00:"))
        return ((f" {mark} ", "alarm" if alarm.waiting else "bar_warn"),)
    if alarm.waiting:
        key = commands.key_label(commands.BY_NAME["mute"].keys[0])
        return ((f" {words('header.ringing', n=alarm.waiting, press=key)} ", "alarm"),)
    return ()


def first_fitting(choices: Sequence[Line], room: int) -> Line:
    """The fullest of the choices that fits; the last one cut when none does."""
    fitting = next((line for line in choices if line_width(line) <= room), None)
    return fitting if fitting is not None else fit(choices[-1], max(0, room))


def _health(status: health.Status | None, connected: bool | None, words: Words) -> Span:
    if connected is None or status is None:
        return words("header.connecting"), "bar_warn"
    count, good = len(status.sources), sum(source.level == "ok" for source in status.sources)
    if not count:
        return words("header.sources_none"), "bar_warn"
    if good == count:
        return words("header.sources_ok", ok=good, all=count), "bar"
    return words("header.sources_bad", ok=good, all=count, bad=count - good), "bar_bad"


def tab_line(
    screen: str, incidents: Sequence[wire.IncidentRow] | None, now: datetime, words: Words, width: int
) -> tuple[Line, list[tuple[int, int, str]]]:
    """The screens and the clock of the nearest duty; with it where each screen's name stands."""
    spans: list[Span] = []
    places: list[tuple[int, int, str]] = []
    x = 0
    for name in commands.SCREENS:
        label = f" {commands.BY_NAME[name].keys[0]} {words('screens.' + name)} "
        spans.append((label, "tab_on" if name == screen else "tab"))
        places.append((x, x + cells(label), name))
        x += cells(label)
    clock = first_fitting(_clock(incidents, now, words), width - x - 2)
    return sides(tuple(spans), (*clock, (" ", "")), width), places


def _clock(incidents: Sequence[wire.IncidentRow] | None, now: datetime, words: Words) -> list[Line]:
    """The nearest clock, the fullest way of saying it first; what is left of the time is in each."""
    nearest = nearest_clock(incidents) if incidents is not None else None
    if incidents is None:
        return [()]
    if nearest is None or nearest.clock.latest is None:
        return [((words("header.clock_none"), "dim"),)]
    left = (nearest.clock.latest - now).total_seconds()
    key = "header.clock" + ("_decided" if nearest.clock.decided else "")
    over = "header.over" if left < 0 else "header.left"
    shown = words(over, left=labels.span_of(left, words))
    tone = "alarm" if left < 0 else "critical" if left < 1_800 else "high" if left < 7_200 else "accent"
    mood, name, to = words(key), safe_text(nearest.id), safe_text(nearest.clock.report_to)
    timed = sum(item.clock.latest is not None for item in incidents)
    more: Line = ((" " + words("header.clocks_more", n=timed), "dim"),) if timed > 1 else ()
    full: Line = ((f"{mood} {name} {shown} {to}".rstrip(), tone),)
    return [(*full, *more), full, ((f"{mood} {name} {shown}", tone),), ((f"{mood} {shown}", tone),)]


def banner(me: health.Ping, connected: bool | None, words: Words, width: int) -> list[Line]:
    """The lines above all others: a drill, a lost daemon."""
    lines: list[Line] = []
    if me.drill:
        lines.append(fit(((" " + words("header.drill"), "drill"),), width))
    if connected is False:
        lines.append(fit(((" " + words("header.lost", s=RETRY_S), "alarm"),), width))
    return [tuple((text, tone or line[0][1]) for text, tone in line) for line in lines]


def footer_line(valid: Sequence[Command], words: Words, width: int) -> tuple[Line, list[Hit]]:
    """The keys valid now, as many as fit; help and the palette always do."""
    shown = [command for command in valid if command.footer]
    must = [command for command in shown if command.name in ("palette", "help")]
    rest = [command for command in shown if command not in must]
    room = width - 1 - sum(_key_width(command, words) for command in must)
    chosen: list[Command] = []
    for command in rest:
        room -= _key_width(command, words)
        if room < 0:
            break
        chosen.append(command)
    spans: list[Span] = [(" ", "bar")]
    hits: list[Hit] = []
    x = 1
    for command in (*chosen, *must):
        key, title = commands.key_label(command.keys[0]), commands.title(command, words)
        spans += [(key + " ", "key"), (title + "  ", "bar")]
        hits.append(Hit(0, x, x + _key_width(command, words), command.name))
        x += _key_width(command, words)
    return tuple((text, tone or "bar") for text, tone in fit(tuple(spans), width)), hits


def _key_width(command: Command, words: Words) -> int:
    return cells(commands.key_label(command.keys[0])) + cells(commands.title(command, words)) + 3
