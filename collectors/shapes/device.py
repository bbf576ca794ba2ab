"""The community's devices: one documented form for what a platform, a gateway or a controller says of them.

What makers' own alarms are called differs from maker to maker and from year to year; whoever sends maps them to these
words. docs/how-to/devices.md says how, and is held in step with this module.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from collectors.parsers.flags import Doc
from shouwang.model import Logsource, Path, Shape

PREFIX: Final = "device."
KINDS: Final = ("camera", "gate", "lift", "charger", "fire_panel", "manhole", "other")
ACTIONS: Final = frozenset(
    (
        *("online", "offline", "restarted", "fault", "fault_cleared", "out_of_service", "back_in_service"),
        *("power_lost", "power_restored", "battery_low"),
        *("tampered", "moved", "covered", "video_lost", "recording_stopped", "recording_started"),
        *("opened", "closed", "forced", "held_open"),
        *("login", "login_failed", "access_granted", "access_denied"),
        *("command", "command_rejected", "connection"),
        *("configuration_changed", "clock_changed", "password_changed", "weak_password"),
        *("firmware_changed", "firmware_mismatch"),
        *("alarm", "alarm_reset", "alarm_silenced", "zone_disabled", "zone_enabled", "people_trapped"),
        *("charging_started", "charging_stopped", "meter_mismatch"),
        *("overheated", "overcurrent", "ground_fault", "water_high", "gas_high"),
    )
)
"""``event.action`` of a device's event."""

_PATHS: Final[dict[str, tuple[Path, ...]]] = {
    "host.name": (("host.name",), ("device.id",)),
    "message": (("message",),),
    "@timestamp": (),
}


def is_device(dataset: object) -> bool:
    return isinstance(dataset, str) and dataset.startswith(PREFIX) and dataset.removeprefix(PREFIX) in KINDS


def is_known(doc: Doc) -> bool:
    """Whether the rules have heard of what the event says happened."""
    action = doc.get("event.action")
    return isinstance(action, str) and action in ACTIONS


@lru_cache(maxsize=64)
def shape_of(dataset: str, parser: str) -> Shape:
    """For flattened documents; a device without a host name goes by its ``device.id``."""
    return Shape(
        dataset=dataset,
        parser=parser,
        dialect="device",
        logsources=frozenset((Logsource("device", dataset.removeprefix(PREFIX), None),)),
        paths=_PATHS,
        prefixes=(("", ()),),
    )
