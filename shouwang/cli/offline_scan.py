"""What ``shouwang scan`` does and prints; loaded only when it runs."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from collectors.registry import FORMATS
from detection.engine import Engine, settle
from detection.rules import OWN_RULES, RuleSet, load
from shouwang.cli.rule_paths import cache
from shouwang.cli.scan_correlations import ENTITIES, Gathered, Part, correlated, human_lines, json_lines
from shouwang.cli.sharing import Reports, Sharing
from shouwang.cli.terminal import inert_json, shown
from shouwang.clock import SystemClock
from shouwang.collection import without_collection
from shouwang.errors import RulesError, UsageError
from shouwang.eventjson import event_json
from shouwang.flows.scanning import STDIN, Found, Reading, Scan, Share
from shouwang.model import ABSENT
from shouwang.scantally import Note, Tally
from shouwang.timespan import rfc3339
from shouwang.words import Words, many

UNREADABLE = 2
LISTED = 20
"""Refused rules and damaged places listed one by one; ``--verbose`` lists all."""
ENVELOPE = ("event.id", "event.ingested", "event.original", "event.original_base64", "shouwang.source")
"""Of an event's JSON, what a scan has no use for: the record itself is at ``source`` and ``record``."""
NAMED = ("host.name", "user.name", "source.ip", "process.executable", "file.path", "url.original")
"""Fields shown on a line for a person."""
_LOCALTIME = Path("/etc/localtime")


@dataclass(frozen=True, slots=True)
class Request:
    paths: tuple[Path, ...]
    rules: tuple[Path, ...]
    """Empty: our own."""
    pipelines: tuple[Path, ...]
    """The user's, applied to each rule before ours."""
    format: str
    encoding: str
    zone: str
    """Empty: the host's."""
    jobs: int
    """Processes; 0: one for each processor."""
    correlate: bool
    json: bool
    verbose: bool
    lang: str
    """Of what is said beside the matches: zh or en."""


def scan(request: Request) -> int:
    """The exit code. Raises ``UsageError``, ``RulesError``."""
    zone = zone_of(request.zone)
    _check_format(request.format)
    ruleset = load(request.rules or (OWN_RULES,), pipelines=request.pipelines, cache=cache())
    _check_pipelines(request.pipelines, ruleset)
    _say(_rules_lines(ruleset, verbose=request.verbose, correlate=request.correlate), request.lang)
    if not ruleset.rules:
        raise RulesError(
            Words("没有可用的规则。", "No rule could be loaded."),
            hint=Words(
                "原因见上文；--rules 可指定文件或目录。", "The lines above say why; --rules takes files and folders."
            ),
        )
    with without_collection():
        engine = Engine(ruleset, ENTITIES if request.correlate else (), cache=cache())
    settle()
    work = Scan(engine, Reading(request.format, zone, request.encoding, SystemClock().now_us()), sys.stdin.buffer)
    started = time.perf_counter()
    jobs = request.jobs or len(os.sched_getaffinity(0))
    gathered = Gathered(engine) if request.correlate else None
    if jobs > 1 and STDIN not in request.paths:
        tally, faults = _in_processes(jobs, work, request, zone, gathered)
    else:
        for found in work.run(request.paths):
            sys.stdout.buffer.write(_line(found, zone, request))
            if gathered is not None:
                gathered.take(found)
        tally, faults = work.tally, engine.faults
    if gathered is not None:
        _say(_correlate(gathered, ruleset, request, zone), request.lang)
    sys.stdout.buffer.flush()
    _say(_tally_lines(tally, time.perf_counter() - started, verbose=request.verbose), request.lang)
    _say(map(_fault, faults.most_common()), request.lang)
    return UNREADABLE if tally.unreadable else 0


def _correlate(gathered: Gathered, ruleset: RuleSet, request: Request, zone: tzinfo) -> Iterator[Words]:
    found, lost = correlated(gathered, ruleset)
    sys.stdout.buffer.writelines(json_lines(found, zone) if request.json else human_lines(found, zone))
    number = len(ruleset.correlations)
    yield Words(f"关联规则 {number}，结果 {len(found)}", f"correlations {number}, results {len(found)}")
    if lost:
        yield Words(
            f"关联分析记不下 {lost} 个事件，结果可能不全",
            f"correlations had no room for {many(lost, 'event')}: results may be missing",
        )


def _in_processes(
    jobs: int, work: Scan, request: Request, zone: tzinfo, gathered: Gathered | None
) -> tuple[Tally, Counter[str]]:
    """Each reads all files and looks at every so-manieth piece; what is printed is what one process prints."""
    work.warm(request.paths)
    settle()

    def run(number: int, reports: Reports) -> tuple[Tally, Counter[str], Part]:
        work.beat = reports.beat
        for found in work.run(request.paths, Share(number, jobs)):
            reports.found(work.place, _line(found, zone, request))
            if gathered is not None:
                gathered.take(found)
        return work.tally, work.engine.faults, Part([], 0) if gathered is None else gathered.part()

    sharing = Sharing(jobs, run)
    for lines in sharing.lines():
        sys.stdout.buffer.write(lines)
    (tally, faults, _), *others = sharing.results
    for more, failed, _ in others:
        tally.add(more)
        faults += failed
    for *_, part in sharing.results:
        if gathered is not None:
            gathered.add(*part)
    return tally, faults


def _line(found: Found, zone: tzinfo, request: Request) -> bytes:
    return json_line(found, zone) if request.json else human_line(found, zone)


def _check_pipelines(pipelines: tuple[Path, ...], ruleset: RuleSet) -> None:
    """Rules whose fields are named otherwise than asked would look as if they had found nothing."""
    for refusal in ruleset.refused:
        if refusal.path in pipelines:
            raise RulesError(
                Words(f"{refusal.path}：管道不能使用：{refusal.reason.zh}", f"{refusal.path}: {refusal.reason.en}"),
                hint=Words("请改正该文件，或去掉 --pipeline。", "Correct the file, or leave --pipeline out."),
            )


def json_line(found: Found, zone: tzinfo) -> bytes:
    event, rule = found.event, found.rule
    fields = event_json(event, zone)
    for name in ENVELOPE:
        fields.pop(name, None)
    said = orjson.dumps(
        {
            "rule_id": rule.id,
            "title": rule.title,
            "level": rule.severity.name.lower(),
            "time": rfc3339(event.time_us, zone),
            "source": str(found.path).encode("utf-8", "backslashreplace").decode("utf-8"),
            "record": found.record,
            "event_id": event.id.hex(),
            "fields": fields,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )
    return inert_json(said.decode()).encode()


def human_line(found: Found, zone: tzinfo) -> bytes:
    event, rule = found.event, found.rule
    said = [(name, event.get(name)) for name in NAMED]
    named = " ".join(f"{name}={shown(value)}" for name, value in said if value is not ABSENT and value is not None)
    line = (
        f"{rfc3339(event.time_us, zone)}  {rule.severity.name:<13}  {shown(rule.title)}"
        f"  {shown(found.path)}:{found.record}  {named}"
    )
    return line.rstrip().encode("utf-8", "backslashreplace") + b"\n"


def _rules_lines(ruleset: RuleSet, *, verbose: bool, correlate: bool) -> Iterator[Words]:
    loaded, refused, correlations = len(ruleset.rules), len(ruleset.refused), len(ruleset.correlations)
    said = Words(f"规则：已加载 {loaded}，拒绝 {refused}", f"rules: {loaded} loaded, {refused} refused")
    if correlations and not correlate:
        said = Words(
            f"{said.zh}；{correlations} 条关联规则由 --correlate 运行",
            f"{said.en}; {many(correlations, 'correlation')}, which --correlate runs",
        )
    yield said
    whole = (refusal.whole() for refusal in ruleset.refused)
    lines = (Words(f"拒绝：{shown(each.zh)}", f"refused: {shown(each.en)}") for each in whole)
    yield from _some(lines, refused, verbose)


def _tally_lines(tally: Tally, took_s: float, *, verbose: bool) -> Iterator[Words]:
    for note in tally.unreadable:
        yield _note(Words("无法读取", "unreadable"), note)
    passed_over = (_note(Words("跳过", "passed over"), note) for note in tally.passed_over)
    yield from _some(passed_over, len(tally.passed_over), verbose)
    damaged = (_note(Words("损坏", "damaged"), note) for note in tally.damaged)
    yield from _some(damaged, tally.damages, verbose)
    for code, count in tally.dead.most_common():
        yield Words(
            f"无法解析：{count} 条记录（{shown(code)}）", f"not parsed: {many(count, 'record')} ({shown(code)})"
        )
    for dataset, count in tally.unknown.most_common(LISTED):
        yield Words(
            f"日志来源未知：{count} 个事件（{shown(dataset)}），没有规则能看到",
            f"of no known log source: {many(count, 'event')} ({shown(dataset)}), seen by no rule",
        )
    rate = tally.events / took_s if took_s > 0 else 0
    yield Words(
        f"文件 {tally.files}，事件 {tally.events}，匹配 {tally.matches}，{took_s:.2f} 秒，每秒 {rate:.0f} 个事件",
        f"files {tally.files}, events {tally.events}, matches {tally.matches}, {took_s:.2f} s, {rate:.0f} events/s",
    )


def _note(what: Words, note: Note) -> Words:
    path, why = shown(note.path), note.reason
    return Words(f"{what.zh}：{path}：{shown(why.zh)}", f"{what.en}: {path}: {shown(why.en)}")


def _fault(said: tuple[str, int]) -> Words:
    rule_id, times = said
    return Words(
        f"规则故障：{rule_id} 对 {times} 个事件没有给出结果",
        f"rule fault: {rule_id} gave no answer on {many(times, 'event')}",
    )


def _some(lines: Iterable[Words], total: int, verbose: bool) -> Iterator[Words]:
    shown_lines = 0
    for line in lines:
        if shown_lines >= LISTED and not verbose:
            break
        shown_lines += 1
        yield line
    if total > shown_lines:
        more = total - shown_lines
        yield Words(f"……另有 {more} 项（--verbose）", f"... and {more} more (--verbose)")


def _say(lines: Iterable[Words], lang: str) -> None:
    for line in lines:
        print(line.of(lang).encode("utf-8", "backslashreplace").decode("utf-8"), file=sys.stderr)


def _check_format(name: str) -> None:
    if name != "auto" and name not in FORMATS:
        known = ", ".join(FORMATS)
        raise UsageError(
            Words(f"没有格式 {name!r}。", f"There is no format {name!r}."),
            hint=Words(f"可选：auto, {known}。", f"Known: auto, {known}."),
        )


def zone_of(name: str) -> tzinfo:
    """The one named, else the host's, else UTC."""
    if name:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise UsageError(
                Words(f"{name!r} 不是时区。", f"{name!r} is no time zone."),
                hint=Words("例如可写 Asia/Shanghai。", "Write for example Asia/Shanghai."),
            ) from None
    try:
        if named := os.environ.get("TZ", "").removeprefix(":"):
            return ZoneInfo(named)
        with _LOCALTIME.open("rb") as file:
            return ZoneInfo.from_file(file, key=_LOCALTIME.resolve().as_posix().partition("zoneinfo/")[2] or None)
    except (KeyError, ValueError, OSError):
        return UTC
