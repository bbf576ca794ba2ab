"""Matches -> correlations -> alerts -> incidents."""

from shouwang.flows.alerting.coverage import Coverage
from shouwang.flows.alerting.flow import Alerting
from shouwang.flows.alerting.remembering import POSITION
from shouwang.flows.alerting.writing import Done

__all__ = ["POSITION", "Alerting", "Coverage", "Done"]
