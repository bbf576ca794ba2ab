"""Rules and indicators over stored history, in a worker."""

from shouwang.flows.hunting.run import parts, work

__all__ = ["parts", "work"]
