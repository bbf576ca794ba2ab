"""The names of event data that Sysmon gives, by Sigma category, with those that audit events answer to and those that
senders take apart out of ``Hashes``. Facts of Sysmon's manifest, schema 4.90.
"""

from __future__ import annotations

from typing import Final

_ALL: Final = "RuleName UtcTime ProcessGuid ProcessId Image User EventType"
_HASHES: Final = "Hashes md5 sha1 sha256 Imphash imphash MD5 SHA1 SHA256 IMPHASH"
_PE: Final = "FileVersion Description Product Company OriginalFileName"
_START: Final = (
    f"{_ALL} {_PE} {_HASHES} CommandLine CurrentDirectory LogonGuid LogonId TerminalSessionId IntegrityLevel"
    " ParentProcessGuid ParentProcessId ParentImage ParentCommandLine ParentUser"
    " NewProcessName NewProcessId ParentProcessName ProcessCommandLine TokenElevationType MandatoryLabel"
    " SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId"
    " TargetUserSid TargetUserName TargetDomainName TargetLogonId"
)
_FILE: Final = f"{_ALL} TargetFilename CreationUtcTime"
_DELETED: Final = f"{_FILE} {_HASHES} IsExecutable Archived"
_REGISTRY: Final = f"{_ALL} TargetObject Details NewName"
_MODULE: Final = f"{_ALL} {_PE} {_HASHES} ImageLoaded Signed Signature SignatureStatus"
_TWO: Final = (
    f"{_ALL} SourceProcessGuid SourceProcessGUID SourceProcessId SourceThreadId SourceImage SourceUser"
    " TargetProcessGuid TargetProcessGUID TargetProcessId TargetImage TargetUser"
)

_WRITTEN: Final = {
    "process_creation": _START,
    "process_termination": f"{_ALL} ProcessName SubjectUserName SubjectDomainName SubjectLogonId Status",
    "process_tampering": f"{_ALL} Type",
    "process_access": f"{_TWO} GrantedAccess CallTrace",
    "create_remote_thread": f"{_TWO} NewThreadId StartAddress StartModule StartFunction",
    "raw_access_thread": f"{_ALL} Device",
    "raw_access_read": f"{_ALL} Device",
    "driver_load": _MODULE,
    "image_load": _MODULE,
    "file_event": _FILE,
    "file_change": f"{_FILE} PreviousCreationUtcTime",
    "file_delete": _DELETED,
    "file_delete_detected": _DELETED,
    "file_block_executable": f"{_FILE} {_HASHES}",
    "file_block_shredding": _DELETED,
    "file_executable_detected": f"{_FILE} {_HASHES}",
    "create_stream_hash": f"{_FILE} {_HASHES} Hash Contents",
    "registry_event": _REGISTRY,
    "registry_add": _REGISTRY,
    "registry_delete": _REGISTRY,
    "registry_set": _REGISTRY,
    "registry_rename": _REGISTRY,
    "network_connection": (
        f"{_ALL} Protocol Initiated SourceIsIpv6 SourceIp SourceHostname SourcePort SourcePortName"
        " DestinationIsIpv6 DestinationIp DestinationHostname DestinationPort DestinationPortName"
    ),
    "dns_query": f"{_ALL} QueryName QueryStatus QueryResults",
    "pipe_created": f"{_ALL} PipeName",
    "wmi_event": f"{_ALL} Operation EventNamespace Name Query Type Destination Consumer Filter",
    "clipboard_capture": f"{_ALL} Session ClientInfo {_HASHES} Archived",
    "sysmon_status": "UtcTime State Version SchemaVersion Configuration ConfigurationFileHash",
    "sysmon_error": "UtcTime ID Description",
}
NAMES: Final = {category: frozenset(written.split()) for category, written in _WRITTEN.items()}
"""Sigma category -> names."""
