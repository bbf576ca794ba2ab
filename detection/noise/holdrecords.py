"""Silences and maintenance windows as JSON and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from detection.noise.maintenance import Window
from detection.noise.matchers import read
from detection.noise.silence import Silence
from shouwang.model import Value

Json = dict[str, Value]


def body_of(hold: Silence | Window) -> Json:
    body: Json = {
        "matchers": hold.matchers.json(),
        "owner": hold.owner,
        "reason": hold.reason,
        "made_us": hold.made_us,
        "from_us": hold.from_us,
        "to_us": hold.to_us,
        "ended_us": hold.ended_us,
        "ended_by": hold.ended_by,
    }
    return body | {"weekly": hold.weekly, "until_us": hold.until_us} if isinstance(hold, Window) else body


def silence_from(hold_id: str, body: Mapping[str, Value]) -> Silence:
    return Silence(
        id=hold_id,
        matchers=read(cast("Mapping[str, list[str]]", body["matchers"])),
        owner=str(body["owner"]),
        reason=str(body["reason"]),
        made_us=_number(body, "made_us"),
        from_us=_number(body, "from_us"),
        to_us=_number(body, "to_us"),
        ended_us=_number(body, "ended_us"),
        ended_by=str(body["ended_by"]),
    )


def window_from(hold_id: str, body: Mapping[str, Value]) -> Window:
    return Window(
        id=hold_id,
        matchers=read(cast("Mapping[str, list[str]]", body["matchers"])),
        owner=str(body["owner"]),
        reason=str(body["reason"]),
        made_us=_number(body, "made_us"),
        from_us=_number(body, "from_us"),
        to_us=_number(body, "to_us"),
        weekly=body["weekly"] is True,
        until_us=_number(body, "until_us"),
        ended_us=_number(body, "ended_us"),
        ended_by=str(body["ended_by"]),
    )


def _number(body: Mapping[str, Value], name: str) -> int:
    return cast(int, body[name])
