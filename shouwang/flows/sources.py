"""What the settings say to watch -> sources, not started."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from collectors.registry import FORMATS, PARSERS
from collectors.sources.base import Source
from collectors.sources.delivery import FileSettings
from collectors.sources.file import FileSource
from collectors.sources.inbox import Wire, endpoint
from collectors.sources.joining import start_pattern
from collectors.sources.journald import JournalSettings, JournalSource
from collectors.sources.metrics import MetricsSource
from collectors.sources.syslogtcp import SyslogTcpSource
from collectors.sources.syslogudp import SyslogUdpSource
from shouwang.clock import Clock
from shouwang.config import Config, SourceTable
from shouwang.defaultfiles import default_files, has_journal, journal_lack
from shouwang.errors import UsageError
from shouwang.home import Home
from shouwang.hostzone import host_zone
from shouwang.model import Finding
from shouwang.tomlplace import line_of
from shouwang.words import Words

VAR_LOG: Final = Path("/var/log")


def sources(home: Home, config: Config, clock: Clock) -> list[Source]:
    """Raises ``UsageError``, with its line, for a setting that no source knows."""
    for number, each in enumerate(config.source):
        _check(home, number, each)
    journal = config.watch.journald and has_journal()
    found: list[Source] = [JournalSource(JournalSettings(), clock)] if journal else []
    found += [FileSource(each, PARSERS, clock) for each in _files(home, config, with_journal=journal)]
    found += _listeners(config, clock)
    if config.metrics.interval_s:
        found.append(MetricsSource(clock, config.metrics.interval_s))
    return found


def lacks(config: Config) -> list[Finding]:
    """What the settings say to watch, and this host does not give."""
    lack = journal_lack() if config.watch.journald else None
    return [lack] if lack else []


def _listeners(config: Config, clock: Clock) -> Iterator[Source]:
    listen = config.listen
    zone = ZoneInfo(listen.zone) if listen.zone else config.site.zone
    wire = Wire("syslog", PARSERS["syslog"], zone, listen.encoding)
    if listen.syslog_udp:
        yield SyslogUdpSource(endpoint(listen.syslog_udp), wire, clock)
    if listen.syslog_tcp:
        yield SyslogTcpSource(endpoint(listen.syslog_tcp), wire, clock)


def _check(home: Home, number: int, table: SourceTable) -> None:
    """What only the collectors know."""
    if table.format != "auto" and table.format not in FORMATS:
        known = ", ".join(("auto", *FORMATS))
        said = Words(f"没有格式 {table.format!r}。", f"there is no format {table.format!r}.")
        raise _placed(home, number, "format", said, Words(f"可选：{known}。", f"One of: {known}."))
    try:
        start_pattern(table.start_pattern, table.encoding)
    except UsageError as wrong:
        raise _placed(home, number, "start_pattern", wrong.message, wrong.hint) from wrong


def _placed(home: Home, number: int, setting: str, said: Words, hint: Words) -> UsageError:
    line = line_of(home.config.read_text(encoding="utf-8"), ("source", number, setting))
    place = f"{home.config}:{line}: source.{number + 1}.{setting}"
    return UsageError(Words(f"{place}: {said.zh}", f"{place}: {said.en}"), hint=hint)


def _files(home: Home, config: Config, *, with_journal: bool) -> list[FileSettings]:
    """The named ones, then those of ``/var/log`` that nobody named."""
    local = host_zone(config.site.zone)
    found = [
        FileSettings(
            path=str(home.path / Path(each.path).expanduser()),
            parser=each.format,
            zone=ZoneInfo(each.zone) if each.zone else local,
            encoding=each.encoding,
            start_pattern=each.start_pattern,
        )
        for each in config.source
    ]
    named = {each.path for each in found}
    if config.watch.var_log:
        paths = default_files(VAR_LOG, with_journal=with_journal)
        found += [FileSettings(path=path, zone=local) for path in paths if path not in named]
    return found
