"""Matches -> correlations -> alerts -> incidents."""

from shouwang.flows.alerting.coverage import Coverage
from shouwang.flows.alerting.flow import Alerting, Done
from shouwang.flows.alerting.remembering import POSITION

__all__ = ["POSITION", "Alerting", "Coverage", "Done"]
