"""One Windows event gives the same matches in whatever form it comes, against every rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from collectors.files import Damage, records
from collectors.registry import PARSERS
from detection.engine import Engine
from detection.rules import RuleSet
from shouwang.model import Event
from tests.integration.scan import dialects
from tests.integration.scan.dialects import Record
from tests.integration.scan.test_sigmahq import ORIGIN

MOST_OF_A_KIND = 6
"""Of one file, events with the same channel and code."""


MADE = [
    dialects.made(
        "Windows PowerShell",
        "PowerShell",
        400,
        EventData=dialects.unnamed(
            "Available",
            "None",
            "\tNewEngineState=Available\n\n\tHostName=ConsoleHost\n\tHostVersion=3.0\n"
            "\tHostApplication=C:\\tools\\x.exe -Command Net.WebClient .DownloadFile(\n\tEngineVersion=2.0",
        ),
    ),
    dialects.made("Application", "MSSQLSERVER", 15457, EventData=dialects.unnamed("xp_cmdshell", "0", "1")),
    dialects.made("Application", "MsiInstaller", 1040, EventData=dialects.unnamed(r"\\203.0.113.5\share\x.msi")),
    dialects.made(
        "System",
        "Microsoft-Windows-Eventlog",
        104,
        UserData={"LogFileCleared": {"SubjectUserName": "ops", "Channel": "System", "BackupPath": None}},
    ),
    dialects.made(
        "System",
        "Microsoft-Windows-Eventlog",
        104,
        UserData={"LogFileCleared": {"SubjectUserName": "ops", "Channel": "Fax", "BackupPath": ""}},
    ),
    dialects.made(
        "Application",
        "Program",
        1,
        level=2,
        EventData={"Line": "\"mimikatz\" 'sekurlsa::logonpasswords' <exit>", "Folder": "C:\\工具\\"},
    ),
    dialects.made(
        "Security",
        "Microsoft-Windows-Security-Auditing",
        4688,
        EventData={
            "SubjectUserName": "ops",
            "NewProcessName": r"C:\Windows\System32\whoami.exe",
            "ParentProcessName": r"C:\Windows\System32\cmd.exe",
            "CommandLine": "whoami /all",
            "MandatoryLabel": "S-1-16-16384",
        },
    ),
    dialects.made(
        "Microsoft-Windows-PowerShell/Operational",
        "Microsoft-Windows-PowerShell",
        4104,
        EventData={"MessageNumber": 1, "ScriptBlockText": "Invoke-Mimikatz -DumpCreds; Get-ADComputer *", "Path": None},
    ),
    dialects.made(
        "Security",
        "Microsoft-Windows-Security-Auditing",
        4673,
        level=0,
        keywords="0x8010000000000000",
        EventData={"SubjectUserName": "ops", "Service": "LsaRegisterLogonProcess()"},
    ),
    dialects.made(
        "Microsoft-Windows-AppLocker/EXE and DLL",
        "Microsoft-Windows-AppLocker",
        8004,
        UserData={"RuleAndFileData": {"PolicyName": "EXE", "FilePath": "%OSDRIVE%\\x.exe"}},
    ),
]
"""Data without a name, and data of a form of its own: the samples have too little of both."""


@pytest.fixture(scope="module")
def engine(sigma: RuleSet) -> Engine:
    return Engine(sigma, ())


@pytest.fixture(scope="module")
def seen(shared: Path) -> list[bytes]:
    """Records as the evtx library gives them: of the regression cases all, of the samples some of each kind."""
    return [*_regression(shared), *_samples(shared), *MADE]


def _regression(shared: Path) -> Iterator[bytes]:
    for file in sorted((shared / "sigma" / "regression_data").rglob("*.json")):
        yield from (piece.raw for piece in records(file) if not isinstance(piece, Damage))


def _samples(shared: Path) -> Iterator[bytes]:
    for file in sorted((shared / "samples" / "evtx").glob("*.evtx")):
        kinds: Counter[tuple[str, int]] = Counter()
        for piece in records(file):
            if isinstance(piece, Damage):
                continue
            record = Record(orjson.loads(piece.raw))
            kinds[record.channel, record.code] += 1
            if kinds[record.channel, record.code] <= MOST_OF_A_KIND:
                yield piece.raw


def fired(engine: Engine, event: Event) -> set[str]:
    return {f"{rule.title} ({rule.id})" for rule in engine.fired(event)}


@pytest.fixture(scope="module")
def expected(engine: Engine, seen: list[bytes]) -> list[set[str]]:
    found = [fired(engine, PARSERS["evtx"](raw, ORIGIN)) for raw in seen]
    assert sum(map(bool, found)) > 150
    assert all(found[-len(MADE) :])
    return found


def differences(engine: Engine, events: Iterator[Event], expected: list[set[str]]) -> list[str]:
    told = []
    for number, (event, wanted) in enumerate(zip(events, expected, strict=True)):
        got = fired(engine, event)
        told += [f"{number} {event.shape.dataset} {event.shape.code}: missed {name}" for name in sorted(wanted - got)]
        told += [f"{number} {event.shape.dataset} {event.shape.code}: also {name}" for name in sorted(got - wanted)]
    return told


def without_cleared_logs(told: list[str]) -> list[str]:
    """All at the top there is one place for the event's channel and the log that was cleared: 104 cannot say both."""
    return [line for line in told if " windows.system 104: " not in line]


@pytest.mark.parametrize("dialect", dialects.JSON)
def test_a_json_dialect_gives_the_matches_of_the_event_log(
    engine: Engine, seen: list[bytes], expected: list[set[str]], dialect: str
) -> None:
    made = (orjson.dumps(dialects.JSON[dialect](Record(orjson.loads(raw)))) for raw in seen)
    told = differences(engine, (PARSERS["json"](raw, ORIGIN) for raw in made), expected)
    assert (without_cleared_logs(told) if dialect == "flat" else told) == []


def test_xml_gives_the_matches_of_the_event_log(engine: Engine, seen: list[bytes], expected: list[set[str]]) -> None:
    made = (dialects.xml(Record(orjson.loads(raw))) for raw in seen)
    assert differences(engine, (PARSERS["xml"](raw, ORIGIN) for raw in made), expected) == []


@pytest.mark.parametrize("carried", [dialects.syslog, dialects.syslog_new])
def test_json_carried_by_syslog_gives_the_matches_of_the_event_log(
    engine: Engine, seen: list[bytes], expected: list[set[str]], carried: object
) -> None:
    assert callable(carried)
    made = (carried(Record(orjson.loads(raw))) for raw in seen)
    told = differences(engine, (PARSERS["syslog"](raw, ORIGIN) for raw in made), expected)
    assert (without_cleared_logs(told) if carried is dialects.syslog else told) == []


def test_what_nxlog_loses_makes_a_rule_see_more_and_never_less(
    engine: Engine, seen: list[bytes], expected: list[set[str]]
) -> None:
    """Its EventType stands where Sysmon's registry events have theirs: ADR 0004."""
    made = (orjson.dumps(dialects.nxlog(Record(orjson.loads(raw)))) for raw in seen)
    told = differences(engine, (PARSERS["json"](raw, ORIGIN) for raw in made), expected)
    told = [line for line in without_cleared_logs(told) if " windows.sysmon 12: also " not in line]
    assert told == []


def test_the_events_compared_are_of_all_forms(seen: list[bytes]) -> None:
    kinds = [Record(orjson.loads(raw)) for raw in seen]
    assert sum(record.user != {} for record in kinds) >= 3
    assert sum(record.unnamed != [] for record in kinds) >= 3
    assert {(record.channel, record.code) for record in kinds} >= {
        ("Security", 4688),
        ("Microsoft-Windows-Sysmon/Operational", 1),
        ("Microsoft-Windows-PowerShell/Operational", 4104),
    }
