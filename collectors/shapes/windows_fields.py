"""Which fields of an event's data are which ECS fields, by kind of event.

``ALIASES`` lets a rule that was written for Sysmon's names read an audit event that says the same under another name.
"""

from __future__ import annotations

from typing import Final

from collectors.shapes.windows_logsources import LINUX_SYSMON, is_sysmon

Fields = dict[str, tuple[str, ...]]
"""ECS name -> names in the event's data, best first."""

_PROCESS: Final[Fields] = {
    "process.executable": ("Image",),
    "process.pid": ("ProcessId",),
    "process.entity_id": ("ProcessGuid",),
    "user.name": ("User",),
}
_START: Final[Fields] = {
    **_PROCESS,
    "process.command_line": ("CommandLine",),
    "process.working_directory": ("CurrentDirectory",),
    "process.parent.executable": ("ParentImage",),
    "process.parent.command_line": ("ParentCommandLine",),
    "process.parent.pid": ("ParentProcessId",),
    "process.parent.entity_id": ("ParentProcessGuid",),
    "process.pe.original_file_name": ("OriginalFileName",),
    "process.pe.company": ("Company",),
    "process.pe.product": ("Product",),
    "process.pe.description": ("Description",),
    "process.pe.file_version": ("FileVersion",),
}
_FILE: Final[Fields] = {**_PROCESS, "file.path": ("TargetFilename",)}
_MODULE: Final[Fields] = {
    **_PROCESS,
    "file.path": ("ImageLoaded",),
    "dll.path": ("ImageLoaded",),
    "file.pe.original_file_name": ("OriginalFileName",),
    "file.code_signature.subject_name": ("Signature",),
    "file.code_signature.status": ("SignatureStatus",),
}
_REGISTRY: Final[Fields] = {**_PROCESS, "registry.path": ("TargetObject",), "registry.data.strings": ("Details",)}
_NETWORK: Final[Fields] = {
    **_PROCESS,
    "network.transport": ("Protocol",),
    "source.ip": ("SourceIp",),
    "source.port": ("SourcePort",),
    "source.domain": ("SourceHostname",),
    "destination.ip": ("DestinationIp",),
    "destination.port": ("DestinationPort",),
    "destination.domain": ("DestinationHostname",),
}
_ACCESS: Final[Fields] = {
    "process.executable": ("SourceImage",),
    "process.pid": ("SourceProcessId",),
    "process.entity_id": ("SourceProcessGuid", "SourceProcessGUID"),
    "user.name": ("SourceUser",),
}
_PIPE: Final[Fields] = {**_PROCESS, "file.name": ("PipeName",)}
_DNS: Final[Fields] = {**_PROCESS, "dns.question.name": ("QueryName",), "url.domain": ("QueryName",)}

_SYSMON: Final[dict[str, Fields]] = {
    "1": _START,
    "3": _NETWORK,
    "5": _PROCESS,
    "6": _MODULE,
    "7": _MODULE,
    "8": _ACCESS,
    "10": _ACCESS,
    **dict.fromkeys(("2", "11", "15", "23", "26", "27", "28", "29"), _FILE),
    **dict.fromkeys(("12", "13", "14"), _REGISTRY),
    **dict.fromkeys(("17", "18"), _PIPE),
    "22": _DNS,
    "25": _PROCESS,
}

_SUBJECT: Final[Fields] = {
    "user.name": ("SubjectUserName",),
    "user.domain": ("SubjectDomainName",),
    "user.id": ("SubjectUserSid",),
    "winlog.logon.id": ("SubjectLogonId",),
}
_PEER: Final[Fields] = {"source.ip": ("IpAddress", "ClientAddress"), "source.port": ("IpPort", "ClientPort")}
_LOGON: Final[Fields] = {
    "user.name": ("TargetUserName",),
    "user.domain": ("TargetDomainName",),
    "user.id": ("TargetUserSid", "TargetSid"),
    "winlog.logon.id": ("TargetLogonId",),
    "winlog.logon.type": ("LogonType",),
    "process.executable": ("ProcessName",),
    "source.domain": ("WorkstationName",),
    **_PEER,
}
_AUDIT_START: Final[Fields] = {
    **_SUBJECT,
    "process.executable": ("NewProcessName",),
    "process.pid": ("NewProcessId",),
    "process.command_line": ("CommandLine", "ProcessCommandLine"),
    "process.parent.executable": ("ParentProcessName",),
    "process.parent.pid": ("ProcessId",),
    "winlog.event_data.IntegrityLevel": ("MandatoryLabel",),
}
_ACCOUNT: Final[Fields] = {
    **_SUBJECT,
    "user.target.name": ("TargetUserName",),
    "user.target.domain": ("TargetDomainName",),
    "user.target.id": ("TargetSid",),
}
_GROUP: Final[Fields] = {**_SUBJECT, "group.name": ("TargetUserName",), "user.target.id": ("MemberSid",)}
_OBJECT: Final[Fields] = {**_SUBJECT, "process.executable": ("ProcessName",), "file.path": ("ObjectName",)}
_SHARE: Final[Fields] = {**_SUBJECT, **_PEER, "file.path": ("RelativeTargetName",), "file.directory": ("ShareName",)}
_FILTERED: Final[Fields] = {
    "process.executable": ("Application",),
    "process.pid": ("ProcessID", "ProcessId"),
    "source.ip": ("SourceAddress",),
    "source.port": ("SourcePort",),
    "destination.ip": ("DestAddress",),
    "destination.port": ("DestPort",),
    "network.iana_number": ("Protocol",),
}
_SECURITY: Final[dict[str, Fields]] = {
    **dict.fromkeys(("4624", "4625", "4634", "4647", "4672", "4740", "4778", "4779"), _LOGON),
    **dict.fromkeys(("4768", "4769", "4770", "4771", "4776", "4773"), _LOGON),
    "4648": {**_SUBJECT, "user.target.name": ("TargetUserName",), "process.executable": ("ProcessName",), **_PEER},
    "4672": {**_SUBJECT},
    "4688": _AUDIT_START,
    "4689": {**_SUBJECT, "process.executable": ("ProcessName",), "process.pid": ("ProcessId",)},
    **dict.fromkeys(("4720", "4722", "4723", "4724", "4725", "4726", "4738", "4741", "4742", "4743", "4781"), _ACCOUNT),
    **dict.fromkeys(("4727", "4728", "4729", "4731", "4732", "4733", "4735", "4737", "4754", "4756", "4757"), _GROUP),
    **dict.fromkeys(("4656", "4657", "4658", "4660", "4663", "4670"), _OBJECT),
    **dict.fromkeys(("5140", "5145"), _SHARE),
    **dict.fromkeys(("5152", "5154", "5156", "5157", "5158"), _FILTERED),
    "4697": {**_SUBJECT, "service.name": ("ServiceName",), "process.executable": ("ServiceFileName",)},
}
_SCRIPT: Final[Fields] = {"powershell.file.script_block_text": ("ScriptBlockText",), "file.path": ("Path",)}
_SERVICE: Final[Fields] = {"service.name": ("ServiceName",), "process.executable": ("ImagePath",)}

ALIASES: Final[dict[str, Fields]] = {
    "4688": {
        "Image": ("NewProcessName",),
        "ParentImage": ("ParentProcessName",),
        "CommandLine": ("ProcessCommandLine",),
        "User": ("SubjectUserName",),
        "LogonId": ("SubjectLogonId",),
    },
    "4689": {"Image": ("ProcessName",)},
}
"""Of Security events: data field a rule may name -> data fields that hold it."""


def fields_of(channel: str, provider: str, code: str) -> Fields:
    """The table for one kind of event; ``channel`` and ``provider`` in lower case."""
    if is_sysmon(channel, provider) or provider == LINUX_SYSMON:
        return _SYSMON.get(code, _PROCESS)
    if channel == "security":
        return _SECURITY.get(code, _SUBJECT)
    if channel.endswith("powershell/operational") or channel == "powershellcore/operational":
        return _SCRIPT if code == "4104" else {}
    if channel == "system" and code == "7045":
        return _SERVICE
    return {}
