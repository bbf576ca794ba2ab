"""Every event is where its logsources are looked for, and others are passed over."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from collectors.files import Record, records
from collectors.logsources import where
from collectors.parsers.programs.table import PROGRAMS
from collectors.registry import PARSERS
from collectors.shapes.windows import Kind, windows_shape
from collectors.shapes.windows_logsources import SERVICES, SYSMON, SYSMON_CHANNEL
from shouwang.model import Event, Logsource, Value
from shouwang.query import predicate
from tests.golden.test_parsers import FOLDER
from tests.unit.parsers.reading import origin, read


def asked_as(event: Event) -> set[Logsource]:
    """All the ways in which a rule may name what the event is."""
    return {
        Logsource(*(part if keep else None for part, keep in zip(source, kept, strict=True)))
        for source in event.shape.logsources
        for kept in product((True, False), repeat=3)
    }


def require_found(events: Iterator[Event]) -> int:
    number = 0
    for event in events:
        number += 1
        for logsource in asked_as(event):
            assert predicate(where(logsource))(event), (logsource, event.shape.dataset, event.get("event.code"))
    return number


def golden() -> Iterator[Event]:
    for path in FOLDER.glob("*.log"):
        for raw in path.read_bytes().splitlines():
            yield read(path.stem, raw, origin())


def test_every_event_of_the_corpus_is_found() -> None:
    assert require_found(golden()) > 100


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_is_found(program: str) -> None:
    lines = [f"<38>Nov 24 10:00:00 srv {program}[1]: hello", f"<30>Nov 24 10:00:00 srv {program}: pam_unix(x:auth): y"]
    require_found(read("syslog", line.encode(), origin()) for line in lines)


def test_every_windows_channel_and_code_is_found() -> None:
    channels = [*SERVICES, "Some-Vendor/Channel"]
    codes = [*map(str, range(1, 31)), "255", "400", "600", "4103", "4104", "4688", "4689", "1102"]
    for channel, code, provider in product(channels, codes, (SYSMON, "", "Linux-Sysmon", "other")):
        shape, _ = windows_shape(Kind("json", "flat", channel, provider, code))
        doc: dict[str, Value] = {"Channel": channel, "~ecs": {"event.code": code}}
        event = Event(time_us=0, received_us=0, source="t", shape=shape, doc=doc, raw=b"")
        require_found(iter([event]))


def test_every_windows_sample_is_found(shared: Path) -> None:
    def sample() -> Iterator[Event]:
        files = [shared / "samples/windows-mordor-20k.jsonl.zst", *sorted((shared / "samples/evtx").glob("*.evtx"))[:8]]
        for path in files:
            for number, piece in enumerate(records(path, "auto", name=path.name)):
                if isinstance(piece, Record) and number % 8 == 0:
                    yield PARSERS[piece.parser](piece.raw, origin())

    assert require_found(sample()) > 2000


def test_other_events_are_passed_over() -> None:
    sshd = read("syslog", b"<38>Nov 24 10:00:00 srv sshd[1]: Accepted password for a from 1.2.3.4 port 5", origin())
    assert not predicate(where(Logsource("windows", "process_creation")))(sshd)
    assert not predicate(where(Logsource("linux", None, "cron")))(sshd)
    assert predicate(where(Logsource("linux", None, "sshd")))(sshd)
    shape, _ = windows_shape(Kind("json", "flat", SYSMON_CHANNEL, SYSMON, "3"))
    connection = Event(time_us=0, received_us=0, source="t", shape=shape, doc={"~ecs": {"event.code": "3"}}, raw=b"")
    assert not predicate(where(Logsource("windows", "process_creation")))(connection)
    assert predicate(where(Logsource("windows", "network_connection")))(connection)
