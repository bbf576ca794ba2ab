"""What happened, in ECS's words, as the program parsers tell it. Pure."""

from __future__ import annotations

from collectors.parsers.flags import Doc


def put_action(doc: Doc, action: str, outcome: str, category: str) -> None:
    """``outcome``: ``success``, ``failure``; empty where the record tells none."""
    doc["event.action"] = action
    doc["event.category"] = category
    if outcome:
        doc["event.outcome"] = outcome
