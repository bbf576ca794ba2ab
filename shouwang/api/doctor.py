"""What is not as it should be: the findings of the status, the machine's, and each rule that is not used."""

from __future__ import annotations

from shouwang import machine
from shouwang.api.context import Context, Json, NoArgs
from shouwang.api.overview import finding, findings
from shouwang.model import Level


def doctor(context: Context, args: NoArgs) -> Json:
    """``healthy`` only when there is nothing for a person to do."""
    found = [*findings(context.services), *machine.findings(machine.clock_state())]
    found = [each for each in found if each.level is not Level.OK]
    refused = context.services.ruleset.refused
    return {
        "healthy": not found,
        "findings": [finding(context, each) for each in found],
        "refused": [
            {"path": str(each.path), "line": each.line, "reason": context.say(each.reason)} for each in refused
        ],
    }
