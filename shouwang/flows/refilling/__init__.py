"""Gaps of correlations (late, evicted, faulted) -> the alerts an unbroken run would have made."""

from shouwang.flows.refilling.flow import Refilling

__all__ = ["Refilling"]
