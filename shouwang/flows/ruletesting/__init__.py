"""Rules tried on events: their own tests, folders of expectations, SigmaHQ's regression cases."""

from shouwang.flows.ruletesting.results import Outcome, Result
from shouwang.flows.ruletesting.run import Tally, run

__all__ = ["Outcome", "Result", "Tally", "run"]
