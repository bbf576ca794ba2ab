"""Which Sigma logsources a Windows event belongs to, by channel, provider, event id, and for Sysmon 12 its EventType.

An event may be in several categories (Sysmon 13 is registry_set and registry_event). The provider counts: event 27 of a
Bluetooth driver is no Sysmon event. The facts are those of Sigma's taxonomy and Microsoft's documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shouwang.model import Logsource

SYSMON: Final = "microsoft-windows-sysmon"
LINUX_SYSMON: Final = "linux-sysmon"
SYSMON_CHANNEL: Final = "microsoft-windows-sysmon/operational"
AUDITING: Final = "microsoft-windows-security-auditing"

_APPLOCKER: Final = "microsoft-windows-applocker/"
SERVICES: Final[dict[str, tuple[str, ...]]] = {
    "security": ("security",),
    "application": ("application",),
    "system": ("system",),
    SYSMON_CHANNEL: ("sysmon",),
    "microsoft-windows-powershell/operational": ("powershell",),
    "powershellcore/operational": ("powershell",),
    "windows powershell": ("powershell-classic",),
    "microsoft-windows-taskscheduler/operational": ("taskscheduler",),
    "microsoft-windows-wmi-activity/operational": ("wmi",),
    "dns server": ("dns-server",),
    "microsoft-windows-dns-server/audit": ("dns-server-audit",),
    "microsoft-windows-dns-server/analytical": ("dns-server-analytic",),
    "microsoft-windows-dns client events/operational": ("dns-client",),
    "microsoft-windows-dns-client/operational": ("dns-client",),
    "microsoft-windows-driverframeworks-usermode/operational": ("driver-framework",),
    "microsoft-windows-ntlm/operational": ("ntlm",),
    "microsoft-windows-dhcp-server/operational": ("dhcp",),
    "msexchange management": ("msexchange-management",),
    _APPLOCKER + "msi and script": ("applocker",),
    _APPLOCKER + "exe and dll": ("applocker",),
    _APPLOCKER + "packaged app-deployment": ("applocker",),
    _APPLOCKER + "packaged app-execution": ("applocker",),
    "microsoft-windows-printservice/admin": ("printservice-admin",),
    "microsoft-windows-printservice/operational": ("printservice-operational",),
    "microsoft-windows-codeintegrity/operational": ("codeintegrity-operational",),
    "microsoft-windows-smbclient/security": ("smbclient-security",),
    "microsoft-windows-smbclient/connectivity": ("smbclient-connectivity",),
    "microsoft-windows-smbserver/connectivity": ("smbserver-connectivity",),
    "microsoft-windows-windows firewall with advanced security/firewall": ("firewall-as",),
    "microsoft-windows-bits-client/operational": ("bits-client",),
    "microsoft-windows-windows defender/operational": ("windefend",),
    "microsoft-windows-terminalservices-localsessionmanager/operational": ("terminalservices-localsessionmanager",),
    "microsoft-servicebus-client": ("microsoft-servicebus-client",),
    "microsoft-servicebus-client/operational": ("microsoft-servicebus-client",),
    "microsoft-windows-ldap-client/debug": ("ldap_debug", "ldap"),
    "microsoft-windows-security-mitigations/kernel mode": ("security-mitigations",),
    "microsoft-windows-security-mitigations/user mode": ("security-mitigations",),
    "microsoft-windows-diagnosis-scripted/operational": ("diagnosis-scripted",),
    "microsoft-windows-shell-core/operational": ("shell-core",),
    "openssh/operational": ("openssh",),
    "microsoft-windows-bitlocker/bitlocker management": ("bitlocker",),
    "microsoft-windows-vhdmp-operational": ("vhdmp",),
    "microsoft-windows-vhdmp/operational": ("vhdmp",),
    "microsoft-windows-appxdeploymentserver/operational": ("appxdeployment-server",),
    "microsoft-windows-lsa/operational": ("lsa-server",),
    "microsoft-windows-appxpackaging/operational": ("appxpackaging-om",),
    "microsoft-windows-appmodel-runtime/admin": ("appmodel-runtime",),
    "microsoft-windows-capi2/operational": ("capi2",),
    "microsoft-windows-certificateservicesclient-lifecycle-system/operational": (
        "certificateservicesclient-lifecycle-system",
    ),
    "microsoft-iis-configuration/operational": ("iis-configuration",),
}
"""Channel in lower case -> Sigma services."""

_SYSMON_CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "1": ("process_creation",),
    "2": ("file_change",),
    "3": ("network_connection",),
    "4": ("sysmon_status",),
    "5": ("process_termination",),
    "6": ("driver_load",),
    "7": ("image_load",),
    "8": ("create_remote_thread",),
    "9": ("raw_access_thread",),
    "10": ("process_access",),
    "11": ("file_event",),
    "13": ("registry_set", "registry_event"),
    "14": ("registry_rename", "registry_event"),
    "15": ("create_stream_hash",),
    "16": ("sysmon_status",),
    "17": ("pipe_created",),
    "18": ("pipe_created",),
    "19": ("wmi_event",),
    "20": ("wmi_event",),
    "21": ("wmi_event",),
    "22": ("dns_query",),
    "23": ("file_delete",),
    "24": ("clipboard_capture",),
    "25": ("process_tampering",),
    "26": ("file_delete_detected", "file_delete"),
    "27": ("file_block_executable",),
    "28": ("file_block_shredding",),
    "29": ("file_executable_detected",),
    "255": ("sysmon_error",),
}
_LINUX_SYSMON_CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "1": ("process_creation",),
    "3": ("network_connection",),
    "5": ("process_termination",),
    "9": ("raw_access_read",),
    "11": ("file_event",),
    "23": ("file_delete",),
}
_REGISTRY_KEY: Final[dict[str, tuple[str, ...]]] = {
    "createkey": ("registry_add", "registry_event"),
    "deletekey": ("registry_delete", "registry_event"),
    "deletevalue": ("registry_delete", "registry_event"),
}
"""Sysmon 12 is creation and deletion; its EventType tells which. Without one it is taken for both."""
_OTHER_CATEGORIES: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("security", "4688"): ("process_creation",),
    ("security", "4689"): ("process_termination",),
    ("windows powershell", "400"): ("ps_classic_start",),
    ("windows powershell", "600"): ("ps_classic_provider_start",),
    ("microsoft-windows-powershell/operational", "4103"): ("ps_module",),
    ("microsoft-windows-powershell/operational", "4104"): ("ps_script",),
    ("powershellcore/operational", "4103"): ("ps_module",),
    ("powershellcore/operational", "4104"): ("ps_script",),
}


def pairs() -> Iterator[Logsource]:
    """Every log source that ``windows_logsources`` may give."""
    for service in ("sysmon", None):
        yield Logsource("windows", None, service)
        for categories in (*_SYSMON_CATEGORIES.values(), *_REGISTRY_KEY.values()):
            yield from (Logsource("windows", category, service) for category in categories)
    for services in SERVICES.values():
        yield from (Logsource("windows", None, service) for service in services)
    for (channel, _), categories in _OTHER_CATEGORIES.items():
        for service in SERVICES[channel]:
            yield from (Logsource("windows", category, service) for category in categories)
    yield Logsource("linux", None, "sysmon")
    for categories in _LINUX_SYSMON_CATEGORIES.values():
        yield from (Logsource("linux", category, "sysmon") for category in categories)


def is_sysmon(channel: str, provider: str) -> bool:
    """A Sysmon event of Windows; both in lower case. Where a shipper leaves the provider out, the channel decides."""
    return provider == SYSMON or (not provider and channel == SYSMON_CHANNEL)


def codes_of(category: str) -> frozenset[str]:
    """The event ids that ``windows_logsources`` may put into the category."""
    codes = {code for code, categories in _SYSMON_CATEGORIES.items() if category in categories}
    codes |= {code for (_, code), categories in _OTHER_CATEGORIES.items() if category in categories}
    if any(category in categories for categories in _REGISTRY_KEY.values()):
        codes.add("12")
    return frozenset(codes)


def windows_logsources(channel: str, provider: str, code: str, event_type: str) -> frozenset[Logsource]:
    """``channel`` and ``provider`` as they stand, ``event_type`` Sysmon's EventType or empty."""
    channel, provider = channel.lower(), provider.lower()
    if provider == LINUX_SYSMON:
        categories = _LINUX_SYSMON_CATEGORIES.get(code, ())
        return frozenset((Logsource("linux", None, "sysmon"), *(Logsource("linux", c, "sysmon") for c in categories)))
    services: tuple[str | None, ...] = SERVICES.get(channel, (None,))
    if is_sysmon(channel, provider):
        if code == "12":
            categories = _REGISTRY_KEY.get(event_type.lower(), ("registry_add", "registry_delete", "registry_event"))
        else:
            categories = _SYSMON_CATEGORIES.get(code, ())
    else:
        categories = _OTHER_CATEGORIES.get((channel, code), ())
    return frozenset(
        Logsource("windows", category, service) for service in services for category in (None, *categories)
    )
