"""Which rules a Windows event serves, and its names and numbers made comparable."""

from __future__ import annotations

import pytest

from shouwang.model import ABSENT, Event, Value
from tests.unit.parsers.reading import read, serves
from tests.unit.parsers.test_windows import DATA, PROVIDER, evtx


def sysmon(code: int, data: Value) -> Event:
    return read("json", evtx("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", code, data))


@pytest.mark.parametrize(
    ("code", "data", "categories"),
    [
        (1, {}, {"process_creation"}),
        (3, {}, {"network_connection"}),
        (12, {"EventType": "CreateKey"}, {"registry_add", "registry_event"}),
        (12, {"EventType": "DeleteValue"}, {"registry_delete", "registry_event"}),
        (12, {}, {"registry_add", "registry_delete", "registry_event"}),
        (13, {"EventType": "SetValue"}, {"registry_set", "registry_event"}),
        (22, {}, {"dns_query"}),
        (26, {}, {"file_delete_detected", "file_delete"}),
        (99, {}, set()),
    ],
)
def test_sysmon_events_are_in_every_category_they_belong_to(
    code: int, data: dict[str, Value], categories: set[str]
) -> None:
    event = sysmon(code, data)
    assert {own.category for own in event.shape.logsources} - {None} == categories
    assert all(own.product == "windows" and own.service == "sysmon" for own in event.shape.logsources)


def test_only_the_channel_and_provider_make_a_sysmon_event() -> None:
    other = read("json", evtx("System", "BTHUSB", 27, {"Data": {"#text": ["x"]}}))
    assert {own.category for own in other.shape.logsources} == {None}
    assert other.get("winlog.event_data.Data") == ["x"]
    foreign = read("json", evtx("Microsoft-Windows-Sysmon/Operational", "Somebody-Else", 1, {}))
    assert not serves(foreign, "windows", "process_creation", None)


def test_sysmon_for_linux_is_linux() -> None:
    event = read("json", evtx("Linux-Sysmon/Operational", "Linux-Sysmon", 1, {"Image": "/usr/bin/curl"}))
    assert serves(event, "linux", "process_creation", None)
    assert not serves(event, "windows", None, None)
    assert event.get("process.name") == "curl"
    assert event.shape.dataset == "linux.sysmon"


@pytest.mark.parametrize(
    ("channel", "provider", "code", "category", "service"),
    [
        ("Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PowerShell", 4104, "ps_script", "powershell"),
        ("PowerShellCore/Operational", "PowerShellCore", 4103, "ps_module", "powershell"),
        ("Windows PowerShell", "PowerShell", 400, "ps_classic_start", "powershell-classic"),
        ("Windows PowerShell", "PowerShell", 600, "ps_classic_provider_start", "powershell-classic"),
        ("Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", 106, None, "taskscheduler"),
        ("security", PROVIDER, 4624, None, "security"),
    ],
)
def test_other_channels_serve_their_rules(
    channel: str, provider: str, code: int, category: str | None, service: str
) -> None:
    event = read("json", evtx(channel, provider, code, {}))
    assert serves(event, "windows", category, service)


def test_names_addresses_and_numbers_are_made_comparable() -> None:
    network = sysmon(
        3,
        {
            "Image": "C:\\a.exe",
            "User": "NT AUTHORITY\\SYSTEM",
            "SourceIp": "::ffff:10.1.2.3",
            "SourcePort": "49152",
            "Protocol": "TCP",
        },
    )
    assert network.get("source.ip") == "10.1.2.3"
    assert network.get("winlog.event_data.SourceIp") == "::ffff:10.1.2.3"
    assert network.get("source.port") == 49152
    assert (network.get("user.name"), network.get("user.domain")) == ("SYSTEM", "NT AUTHORITY")
    assert network.get("network.transport") == "tcp"
    started = read("json", evtx(data={**DATA, "MandatoryLabel": "S-1-16-12288"}))
    assert started.get("winlog.event_data.IntegrityLevel") == "High"
    logon = read("json", evtx(code=4624, data={"TargetUserName": "ops", "IpAddress": "-", "IpPort": "-"}))
    assert logon.get("source.ip") is ABSENT
    assert logon.get("winlog.event_data.IpAddress") == "-"
