"""Which alerts are one incident. Pure. See docs/explanation/grading.md, "From alert to incident".

An alert of severity medium or graver opens an incident, or joins one that is not closed; a lesser one only joins. It
joins when it shares an address (``source.ip``), else a host or a user, with what the incident already holds, within a
day. Two known and different addresses keep alerts apart even on one host, for a busy server is not one incident; unless
the same rule speaks of the same host: an attack from a thousand addresses is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from shouwang.bilingual import heard, said
from shouwang.model import Alert, Severity, Value
from shouwang.words import NOTHING, Words

WINDOW_US = 24 * 3_600_000_000
OPENS_FROM = Severity.MEDIUM
LINK_FIELDS = ("source.ip", "host.name", "user.name")
"""Strongest first."""
RULE_AT_HOST = "rule="
THREADS = 500
"""Incidents remembered for joining; beyond, the one active longest ago takes no more alerts."""
LINKS = 300
"""Links remembered of one incident; the first to come stay."""
COMMON = {
    "source.ip": {"127.0.0.1", "::1", "0.0.0.0", "::", "-"},  # noqa: S104  # a value seen, no address to bind
    "host.name": {"localhost", "-"},
    "user.name": {
        "root", "system", "administrator", "admin", "nobody", "www-data", "guest", "local service", "network service",
        "anonymous logon", "nt authority\\system", "-", "n/a",
    },
}  # fmt: skip
"""Values that many unrelated things share: they join nothing."""


@dataclass(frozen=True, slots=True)
class Thread:
    """What grouping remembers of one incident."""

    incident_id: str
    links: frozenset[str]
    first_us: int
    last_us: int
    title: Words = NOTHING
    """Of its gravest alert, the first of those."""
    source: str = ""
    """Its first address, as written; and its first host, user."""
    host: str = ""
    user: str = ""
    severity: int = 0
    """Of the alert that gave the title."""


def opens(alert: Alert) -> bool:
    return alert.severity >= OPENS_FROM


def links(alert: Alert) -> frozenset[str]:
    """``name=value`` for every address, host and user that may join it to an incident; its rule at each host."""
    entities = {f"{name}={value}" for name in LINK_FIELDS for value in _values(alert, name)}
    return frozenset(entities | {f"{RULE_AT_HOST}{alert.rule_id}@{host}" for host in _values(alert, "host.name")})


def _values(alert: Alert, name: str) -> list[str]:
    folded = (value.casefold() for value in alert.entities.get(name, ()))
    common = COMMON[name]
    return [value for value in folded if value not in common and not (name == "user.name" and value.endswith("$"))]


def incident_to_join(alert: Alert, threads: Sequence[Thread]) -> Thread | None:
    """The incident that this alert belongs to: strongest shared link, then the one active last."""
    mine = links(alert)
    best: tuple[int, int, str] | None = None
    found: Thread | None = None
    for thread in threads:
        if alert.first_us > thread.last_us + WINDOW_US or alert.last_us < thread.first_us - WINDOW_US:
            continue
        strength = _strength(mine, thread.links)
        if strength and (best is None or (strength, thread.last_us, thread.incident_id) > best):
            best, found = (strength, thread.last_us, thread.incident_id), thread
    return found


def _strength(mine: frozenset[str], theirs: frozenset[str]) -> int:
    shared = mine & theirs
    if any(link.startswith("source.ip=") for link in shared):
        return 3
    if any(link.startswith(RULE_AT_HOST) for link in shared):
        return 2
    both_know_addresses = all(any(link.startswith("source.ip=") for link in side) for side in (mine, theirs))
    if both_know_addresses:
        return 0
    if any(link.startswith("host.name=") for link in shared):
        return 2
    return 1 if shared else 0


def joined(thread: Thread, alert: Alert) -> Thread:
    room = LINKS - len(thread.links)
    graver = alert.severity > thread.severity
    new = sorted(links(alert) - thread.links)[: max(0, room)]
    return replace(
        thread,
        links=thread.links | frozenset(new),
        first_us=min(thread.first_us, alert.first_us),
        last_us=max(thread.last_us, alert.last_us),
        title=alert.title if graver else thread.title,
        severity=max(thread.severity, int(alert.severity)),
        source=thread.source or next(iter(alert.entities.get("source.ip", ())), ""),
    )


def opened(incident_id: str, alert: Alert) -> Thread:
    source, host, user = (next(iter(alert.entities.get(name, ())), "") for name in LINK_FIELDS)
    empty = Thread(incident_id, frozenset(), alert.first_us, alert.last_us, alert.title, source, host, user)
    return joined(empty, alert)


def key(alert: Alert) -> str:
    """The strongest link of the alert that opens an incident; its own key when it has none."""
    for name in LINK_FIELDS:
        values = _values(alert, name)
        if values:
            return f"{name}={min(values)}"
    return f"alert={alert.key}"


def title(thread: Thread) -> Words:
    """The gravest rule's title, and who did it where: ``Many failed logins: 203.0.113.9 +2 -> gate-01``."""
    sides = (_brief(thread, "source.ip", thread.source), _brief(thread, "host.name", thread.host))
    where = " -> ".join(side for side in sides if side) or thread.user
    said = thread.title
    return Words(f"{said.zh}: {where}", f"{said.en}: {where}") if where else said


def _brief(thread: Thread, name: str, first: str) -> str:
    more = len({link for link in thread.links if link.startswith(f"{name}=")} - {f"{name}={first.casefold()}"})
    return f"{first} +{more}" if first and more else first


def threads_text(threads: Mapping[str, Thread]) -> bytes:
    """For keeping; the newest ``THREADS``, in order of last change."""
    kept = list(threads.values())[-THREADS:]
    return orjson.dumps(
        [
            (t.incident_id, sorted(t.links), t.first_us, t.last_us, said(t.title), t.source, t.host, t.user, t.severity)
            for t in kept
        ]
    )


def threads_from(held: bytes | None) -> dict[str, Thread]:
    kept: Iterable[tuple[str, list[str], int, int, Value, str, str, str, int]] = orjson.loads(held) if held else ()
    return {
        name: Thread(name, frozenset(links), first_us, last_us, heard(title) or NOTHING, source, host, user, severity)
        for name, links, first_us, last_us, title, source, host, user, severity in kept
    }
