"""One event, in every form that tools write, reads the same."""

from __future__ import annotations

import json

import pytest

from shouwang.model import Value
from tests.unit.parsers.reading import read, serves, tags, us

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
