"""What correlations make of the matches of a scan, however its files were read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import Final, NamedTuple

import orjson

from detection import repeated
from detection.correlation.replay import Replayed, alerts_of
from detection.engine import Engine
from detection.ruleset import RuleSet
from shouwang.cli.terminal import inert_json, shown
from shouwang.flows.scanning import Found
from shouwang.model import Match
from shouwang.timespan import rfc3339

ENTITIES: Final = ("host.name", "user.name", "source.ip", "destination.ip", "process.name", repeated.FIELD)
MOST: Final = 1_000_000
"""Matches kept for correlations until the end of the input, about 700 bytes each."""
_IDS: Final = 100


class Part(NamedTuple):
    """What one process gathered."""

    matches: list[Match]
    left_out: int


class Gathered:
    """The matches that correlations read. They are correlated in order of time: the order of files does not matter."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._read = {rule for each in engine.ruleset.correlations for rule in each.rules}
        self.matches: list[Match] = []
        self.left_out = 0
        """Matches beyond ``MOST``."""

    def take(self, found: Found) -> None:
        if found.rule.id in self._read:
            self.add(self._engine.told(found.event, [found.rule]))

    def part(self) -> Part:
        return Part(self.matches, self.left_out)

    def add(self, matches: list[Match], left_out: int = 0) -> None:
        room = MOST - len(self.matches)
        self.matches += matches[:room]
        self.left_out += left_out + len(matches[room:])


def correlated(gathered: Gathered, ruleset: RuleSet) -> tuple[list[Replayed], int]:
    """In order of time; and how many events were forgotten, or never looked at, for want of room."""
    gathered.matches.sort(key=lambda match: (match.time_us, match.event_id, match.rule_id))
    found, evicted = alerts_of(gathered.matches, ruleset.correlations, ruleset.titles())
    return sorted(found, key=lambda each: (each.alert.first_us, each.alert.key)), evicted + gathered.left_out


def json_lines(found: Iterable[Replayed], zone: tzinfo) -> Iterable[bytes]:
    for alert, group, event_ids in found:
        said = orjson.dumps(
            {
                "rule_id": alert.rule_id,
                "title": alert.title.en,
                "level": alert.severity.name.lower(),
                "type": alert.kind,
                "group": {name: value for name, _, value in (each.partition("=") for each in group)},
                "count": alert.count,
                "at_least": alert.at_least,
                "first": rfc3339(alert.first_us, zone),
                "last": rfc3339(alert.last_us, zone),
                "values": alert.values,
                "measured": alert.measured or None,
                "entities": alert.entities,
                "event_ids": [each.hex() for each in list(event_ids)[:_IDS]],
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )
        yield inert_json(said.decode()).encode()


def human_lines(found: Iterable[Replayed], zone: tzinfo) -> Iterable[bytes]:
    for alert, group, _ in found:
        line = (
            f"{rfc3339(alert.first_us, zone)}  {alert.severity.name:<13}  {shown(alert.title.en)}"
            f"  {alert.kind} {alert.counted}, .. {rfc3339(alert.last_us, zone)}  {' '.join(map(shown, group))}"
        )
        if alert.measured:
            line += f"  = {alert.measured}"
        if alert.values:
            line += f" ({', '.join(map(shown, alert.values))})"
        yield line.rstrip().encode("utf-8", "backslashreplace") + b"\n"
