"""What may be done to an incident as it stands. Pure."""

from __future__ import annotations

from tui import wire


def unfit(act: str, incident: wire.IncidentRow, user: str) -> str:
    """Why the daemon would refuse this act now, as a key of ``notice``; ``""`` when it would not."""
    if incident.state == "closed":
        return "over"
    if act == "claim":
        return "yours" if incident.owner == user else ""
    if act in ("triage", "close") and incident.state == "open":
        return "first_claim"
    if act == "close" and incident.state != "triaged":
        return "first_triage"
    if act == "close" and incident.disposition == "true" and not incident.confirmed:
        return "first_grade"
    return ""
