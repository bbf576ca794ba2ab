"""From an alert to a lasting exception: a filter document in the home's rules, in force once it loads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from detection.noise.exception import Signed, check_field, documents, excepted_rules
from detection.noise.matchers import of_pairs
from detection.noise.silence import check_reason
from detection.ruleset import RuleSet
from shouwang.errors import UsageError
from shouwang.model import Alert, Event
from shouwang.words import Words

__all__ = ["Draft", "Signed", "drafted", "write"]

FOLDER: Final = "exceptions"
"""In the home's rules."""


@dataclass(frozen=True, slots=True)
class Draft:
    path: Path
    text: str
    rules: tuple[str, ...]


def drafted(
    ruleset: RuleSet, alert: Alert, asked: Sequence[str], signed: Signed, *, events: Iterable[Event], rules: Path
) -> Draft:
    """What would be written. Raises ``UsageError`` when it would except none of the alert's stored events."""
    check_reason(signed.reason)
    fields = of_pairs(asked)
    if not fields:
        raise UsageError(
            Words("须指明例外的对象。", "Say of what."),
            hint=Words("--field user.name=backup", "--field user.name=backup"),
        )
    for name in fields:
        check_field(name)
    _check_seen(alert, fields, list(events))
    found = excepted_rules(ruleset, alert.rule_id)
    text = documents(found, fields, signed)
    return Draft(rules / FOLDER / f"{alert.id}.yml", text, tuple(rule.id for rule in found))


def write(made: Draft, reload: Callable[[], object]) -> Path:
    """The file. Kept only if the rules load with it; ``reload`` raises when they do not."""
    made.path.parent.mkdir(mode=0o700, exist_ok=True)
    path = _free(made.path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as out:
        out.write(made.text)
        out.flush()
        os.fsync(out.fileno())
    try:
        reload()
    except BaseException:  # whatever it was, goes on up; a file that is not in force must not wait for the next start
        path.unlink(missing_ok=True)
        raise
    return path


def _free(path: Path) -> Path:
    number = 2
    found = path
    while found.exists():
        found = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return found


def _check_seen(alert: Alert, fields: Mapping[str, Sequence[str]], events: list[Event]) -> None:
    for name, values in fields.items():
        seen = {text for event in events for text in _texts(event.get(name))} | set(alert.entities.get(name, ()))
        if seen and any("/" in value for value in values):
            continue
        if events and not {each.casefold() for each in seen} & {each.casefold() for each in values}:
            shown = ", ".join(sorted(seen)[:5]) or "-"
            raise UsageError(
                Words(
                    f"{alert.id} 的记录中没有 {name}={values[0]}。", f"No event of {alert.id} has {name}={values[0]}."
                ),
                hint=Words(f"其中有：{shown}", f"They have: {shown}"),
            )


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(each) for each in values if isinstance(each, str | int)]
