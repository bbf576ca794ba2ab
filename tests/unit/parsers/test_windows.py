"""One event, in every form that tools write, reads the same."""

from __future__ import annotations

import json

import pytest

from shouwang.model import ABSENT, Event, Value
from tests.unit.parsers.reading import NOW_US, read, serves, tags, us

TIME = "2026-11-24T00:15:30.1234567Z"
PROVIDER = "Microsoft-Windows-Security-Auditing"
DATA: dict[str, Value] = {
    "SubjectUserName": "ops",
    "NewProcessId": "0x1a4",
    "NewProcessName": "C:\\Windows\\System32\\whoami.exe",
    "ParentProcessName": "C:\\Windows\\explorer.exe",
    "CommandLine": "whoami /all",
}


def evtx(
    channel: str = "Security",
    provider: str = PROVIDER,
    code: Value = 4688,
    data: Value = None,
    *,
    time: str = TIME,
    **more: Value,
) -> str:
    system: dict[str, Value] = {
        "Provider": {"#attributes": {"Name": provider}},
        "EventID": code,
        "TimeCreated": {"#attributes": {"SystemTime": time}},
        "EventRecordID": 7,
        "Channel": channel,
        "Computer": "ws-7.example",
    }
    return json.dumps({"Event": {"System": system, "EventData": data, **more}})


SYSTEM_BESIDE = {
    "Provider_attributes": {"Name": PROVIDER},
    "EventID": {"#attributes": {"Qualifiers": 0}, "#text": "4688"},
    "TimeCreated_attributes": {"SystemTime": TIME},
    "EventRecordID": 7,
    "Channel": "Security",
    "Computer": "ws-7.example",
}
WAZUH = {key[0].lower() + key[1:]: str(value).replace("\\", "\\\\") for key, value in DATA.items()}
FORMS = {
    "evtx": ("json", evtx(data=DATA)),
    "evtx, attributes beside": ("json", json.dumps({"Event": {"System": SYSTEM_BESIDE, "EventData": DATA}})),
    "xml": (
        "xml",
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='"
        + PROVIDER
        + f"'/><EventID>4688</EventID><TimeCreated SystemTime='{TIME}'/><EventRecordID>7</EventRecordID>"
        "<Channel>Security</Channel><Computer>ws-7.example</Computer></System><EventData>"
        + "".join(f"<Data Name='{key}'>{value}</Data>" for key, value in DATA.items())
        + "</EventData></Event>",
    ),
    "flat": (
        "json",
        json.dumps(
            {
                "EventID": 4688,
                "Channel": "Security",
                "SourceName": PROVIDER,
                "Hostname": "ws-7.example",
                "RecordNumber": 7,
                "EventTime": "2026-11-24 08:15:30",
                "@timestamp": TIME,
                **DATA,
            }
        ),
    ),
    "winlogbeat": (
        "json",
        json.dumps(
            {
                "@timestamp": TIME,
                "host": {"name": "collector-1"},
                "winlog": {
                    "channel": "Security",
                    "provider_name": PROVIDER,
                    "event_id": "4688",
                    "record_id": "7",
                    "computer_name": "ws-7.example",
                    "event_data": DATA,
                },
                "event": {"code": "4688", "provider": PROVIDER},
            }
        ),
    ),
    "winlogbeat, data moved to ecs": (
        "json",
        json.dumps(
            {
                "@timestamp": TIME,
                "winlog": {"channel": "Security", "event_id": 4688, "record_id": 7, "computer_name": "ws-7.example"},
                "event": {"code": "4688", "provider": PROVIDER},
                "user": {"name": "ops"},
                "process": {
                    "pid": 420,
                    "executable": DATA["NewProcessName"],
                    "command_line": "whoami /all",
                    "parent": {"executable": DATA["ParentProcessName"]},
                },
            }
        ),
    ),
    "winlogbeat 6": (
        "json",
        json.dumps(
            {
                "@timestamp": TIME,
                "log_name": "Security",
                "source_name": PROVIDER,
                "event_id": 4688,
                "record_number": "7",
                "computer_name": "ws-7.example",
                "event_data": DATA,
            }
        ),
    ),
    "wazuh": (
        "json",
        json.dumps(
            {
                "win": {
                    "system": {
                        "providerName": PROVIDER,
                        "eventID": "4688",
                        "systemTime": TIME,
                        "eventRecordID": "7",
                        "channel": "Security",
                        "computer": "ws-7.example",
                    },
                    "eventdata": WAZUH,
                }
            }
        ),
    ),
}
SAME: dict[str, Value] = {
    "event.code": "4688",
    "event.provider": PROVIDER,
    "host.name": "ws-7.example",
    "winlog.channel": "Security",
    "winlog.provider_name": PROVIDER,
    "winlog.event_id": "4688",
    "winlog.record_id": "7",
    "winlog.computer_name": "ws-7.example",
    "user.name": "ops",
    "process.pid": 420,
    "process.name": "whoami.exe",
    "process.executable": "C:\\Windows\\System32\\whoami.exe",
    "process.command_line": "whoami /all",
    "process.parent.executable": "C:\\Windows\\explorer.exe",
    "process.parent.name": "explorer.exe",
    "winlog.event_data.NewProcessName": "C:\\Windows\\System32\\whoami.exe",
    "winlog.event_data.CommandLine": "whoami /all",
    "winlog.event_data.SubjectUserName": "ops",
    "winlog.event_data.Image": "C:\\Windows\\System32\\whoami.exe",
    "winlog.event_data.ParentImage": "C:\\Windows\\explorer.exe",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_event_reads_the_same_in_every_form(form: str) -> None:
    event = read(*FORMS[form])
    assert {name: event.get(name) for name in SAME} == SAME
    assert event.time_us // 1000 == us("2026-11-24T00:15:30.123Z") // 1000
    assert event.shape.dataset == "windows.security"
    assert serves(event, "windows", "process_creation", None)
    assert serves(event, "windows", None, "security")
    assert not serves(event, "windows", None, "sysmon")
    assert tags(event) == []


@pytest.mark.parametrize("form", FORMS)
def test_the_view_and_the_single_field_agree(form: str) -> None:
    event = read(*FORMS[form])
    view = event.fields()
    assert all(event.get(name) == value for name, value in view.items())
    assert not any("~" in name for name in view)


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


def test_no_trace_of_xml_is_left_in_the_fields() -> None:
    cleared: Value = {
        "LogFileCleared": {
            "#attributes": {"xmlns": "http://manifests.microsoft.com/win/2004/08/windows/eventlog"},
            "Channel": "Setup",
            "SubjectUserName": {"#attributes": {"kind": "sam", "xmlns:x": "y"}, "#text": "ops"},
            "BackupPath": {"#attributes": {"xmlns": "z"}},
            "Parts": [{"#text": "a"}, {"#attributes": {"xmlns": "z"}, "#text": "b"}],
            "Inner": {"#attributes": {"xmlns": "z"}, "One": 1},
        }
    }
    event = read("json", evtx("System", "Microsoft-Windows-Eventlog", 104, None, UserData=cleared))
    found = {name[17:]: value for name, value in event.fields().items() if name.startswith("winlog.user_data.")}
    assert found == {
        "Channel": "Setup",
        "SubjectUserName": "ops",
        "SubjectUserName_kind": "sam",
        "BackupPath": None,
        "Parts": ["a", "b"],
        "Inner": {"One": 1},
    }
    data: dict[str, Value] = {"#attributes": {"Name": "x"}, "Image": {"#attributes": {"xmlns": "z"}, "#text": "a.exe"}}
    sysmon = read("json", evtx("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", 1, data))
    assert sysmon.get("process.executable") == "a.exe"
    assert not [name for name in sysmon.fields() if "#" in name]


def test_user_data_is_event_data_and_its_channel_does_not_replace_the_events() -> None:
    cleared: Value = {"LogFileCleared": {"#attributes": {"xmlns": "x"}, "SubjectUserName": "ops", "Channel": "Setup"}}
    event = read("json", evtx("System", "Microsoft-Windows-Eventlog", 104, None, UserData=cleared))
    assert event.get("winlog.channel") == "System"
    assert event.get("winlog.user_data.Channel") == "Setup"
    assert event.get("winlog.event_data.SubjectUserName") == "ops"
    assert serves(event, "windows", None, "system")
    security = read("json", evtx("Security", "Microsoft-Windows-Eventlog", 1102, None, UserData=cleared))
    assert security.get("user.name") == "ops"
    beat = read(
        "json",
        json.dumps(
            {
                "@timestamp": TIME,
                "winlog": {
                    "channel": "System",
                    "event_id": 104,
                    "user_data": {"Channel": "Setup", "SubjectUserName": "ops"},
                },
            }
        ),
    )
    assert beat.get("winlog.user_data.Channel") == "Setup"
    assert beat.get("winlog.event_data.SubjectUserName") == "ops"


def test_a_forwarded_event_belongs_to_its_own_host() -> None:
    event = read(
        "json",
        json.dumps(
            {
                "@timestamp": TIME,
                "agent": {"name": "wec-1"},
                "host": {"name": "wec-1"},
                "winlog": {"channel": "Security", "event_id": 4720, "computer_name": "dc-1.example"},
            }
        ),
    )
    assert event.get("host.name") == "dc-1.example"
    assert event.get("agent.name") == "wec-1"


def test_unnamed_data_is_one_field_in_every_form() -> None:
    flat = read(
        "json",
        json.dumps(
            {
                "EventID": 400,
                "Channel": "Windows PowerShell",
                "SourceName": "PowerShell",
                "Message": "HostApplication=x",
            }
        ),
    )
    assert flat.get("winlog.event_data.Data") == "HostApplication=x"
    beat = read(
        "json",
        json.dumps(
            {"winlog": {"channel": "Windows PowerShell", "event_id": 400, "event_data": {"param1": "a", "param2": "b"}}}
        ),
    )
    assert beat.get("winlog.event_data.Data") == ["a", "b"]


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


def flat_time(**times: Value) -> Event:
    return read("json", json.dumps({"EventID": 1, "Channel": "Security", "SourceName": PROVIDER, **times}))


@pytest.mark.parametrize(
    ("times", "expected", "flags"),
    [
        ({"EventTime": "2026-11-23 20:15:31", "UtcTime": "2026-11-24 00:15:31.250"}, "2026-11-24T00:15:31.250Z", []),
        (
            {"EventTime": "2026-11-24T08:15:32.5+08:00", "EventReceivedTime": "2026-11-24 09:00:00"},
            "2026-11-24T00:15:32.5Z",
            [],
        ),
        ({"TimeCreated": "/Date(1795479333250)/"}, "2026-11-24T00:15:33.250Z", []),
        ({"EventTime": "2026-11-24 08:15:34"}, "2026-11-24T00:15:34Z", ["time_assumed_zone"]),
        ({"@timestamp": 1795479335.5}, "2026-11-24T00:15:35.5Z", []),
        ({"EventTime": "2026-11-23 20:15:31", "@timestamp": "2026-11-24T00:15:33Z"}, "2026-11-24T00:15:33Z", []),
    ],
)
def test_a_time_that_names_its_zone_outranks_a_local_one(
    times: dict[str, Value], expected: str, flags: list[str]
) -> None:
    event = flat_time(**times)
    assert event.time_us == us(expected)
    assert tags(event) == flags


def test_fractions_are_cut_and_the_year_1601_is_not_believed() -> None:
    assert read("json", evtx(time="2026-11-24T00:15:30.9999999Z")).time_us == us("2026-11-24T00:15:30.999999Z")
    event = read("json", evtx(time="1601-01-01T00:00:00Z"))
    assert event.time_us == NOW_US
    assert event.get("event.created") == "1601-01-01T00:00:00.000000Z"
    assert tags(event) == ["time_unusable"]


@pytest.mark.parametrize(
    "doc",
    [
        {"Event": {"System": {}}},
        {"Event": {"System": {"EventID": None, "Channel": 5, "Provider": "x", "TimeCreated": []}, "EventData": [1]}},
        {"Event": {"System": {"EventID": {"#text": []}, "Provider": {"#attributes": 4}}, "UserData": {"a": 1}}},
        {"EventID": True, "Channel": {"a": 1}, "EventTime": {}},
        {"winlog": {"channel": [], "event_id": {}}},
        {"log_name": None, "event_id": [], "event_data": "x"},
        {"win": {"system": 1}},
        {"data": {"win": {}}},
    ],
)
def test_nonsense_in_the_envelope_is_an_event_all_the_same(doc: dict[str, Value]) -> None:
    event = read("json", json.dumps(doc))
    assert event.fields() is not None
