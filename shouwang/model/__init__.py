"""The nouns in which the domains meet, a module a domain; importers take them from here.

Times are ``int`` UTC microseconds and end in ``_us``. Field names are ECS. Greater is graver.
"""

from shouwang.model.alert import Alert, AlertState, Holder, Suppression
from shouwang.model.asset import Asset, Importance
from shouwang.model.event import DEAD_DATASET, IMPORTED, Event, Logsource, Shape
from shouwang.model.grading import Colour, Confirmation, Fact, Grade, GradeFacts, Grading, Loss, Reason, SocialEffect
from shouwang.model.health import Finding, Level, SourceStatus
from shouwang.model.incident import Disposition, Incident, IncidentState
from shouwang.model.match import Match, Severity
from shouwang.model.value import ABSENT, Absent, Found, Path, Value, value_at

__all__ = [
    "ABSENT",
    "DEAD_DATASET",
    "IMPORTED",
    "Absent",
    "Alert",
    "AlertState",
    "Asset",
    "Colour",
    "Confirmation",
    "Disposition",
    "Event",
    "Fact",
    "Finding",
    "Found",
    "Grade",
    "GradeFacts",
    "Grading",
    "Holder",
    "Importance",
    "Incident",
    "IncidentState",
    "Level",
    "Logsource",
    "Loss",
    "Match",
    "Path",
    "Reason",
    "Severity",
    "Shape",
    "SocialEffect",
    "SourceStatus",
    "Suppression",
    "Value",
    "value_at",
]
