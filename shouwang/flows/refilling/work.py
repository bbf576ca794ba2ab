"""Matches in a file -> the alerts that correlations should have made of them, in a worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from detection.correlation.plain import correlation_of
from detection.correlation.recount import Found, Recount, Scope
from shouwang.matchspool import by_time
from shouwang.model import Alert, Value
from shouwang.statestore.codec import alert_from, alert_text

Json = dict[str, Value]
SAYS: Final = 1_000
"""Matches between two signs of life; the parent ends what takes too long."""
MOST_FOUND: Final = 10_000


def work(args: Json, files: Sequence[int], say: Callable[[Json], None]) -> Json:
    """The worker's job ``rules.recount``.

    args: ``matches`` (file), ``correlations``, ``told`` (ids), ``horizon_us``, ``from_us``, ``about`` (``Recount``).
    """
    first_us, last_us = cast("list[int]", args["about"])
    scope = Scope(
        tuple(correlation_of(each) for each in cast("list[dict[str, Any]]", args["correlations"])),
        frozenset(cast("list[str]", args["told"])),
    )
    horizon_us, from_us = cast(int, args["horizon_us"]), cast(int, args["from_us"])
    recount = Recount(scope, horizon_us=horizon_us, from_us=from_us, about=(first_us, last_us))
    for number, match in enumerate(by_time(Path(str(args["matches"])))):
        if number % SAYS == 0:
            say({"read": number})
        recount.take(match)
    near = [each for each in recount.end() if each.alert.last_us >= first_us and each.alert.first_us <= last_us]
    return {
        "found": [_plain(each) for each in near[:MOST_FOUND]],
        "blind": recount.blind,
        "faults": recount.faults,
        "crowded": recount.evicted > 0 or len(near) > MOST_FOUND,
    }


def _plain(found: Found) -> Json:
    subjects: list[Value] = [{name: list(values) for name, values in each.items()} for each in found.subjects]
    return {"alert": alert_text(found.alert), "timespan_us": found.timespan_us, "subjects": subjects}


def found_of(said: Mapping[str, Any]) -> Found:
    """Of one of ``found``."""
    alert: Alert = alert_from(said["alert"])
    subjects = tuple({name: tuple(values) for name, values in each.items()} for each in said["subjects"])
    return Found(alert, said["timespan_us"], subjects)
