"""An inhibition: while one alert speaks, lesser ones that say the same are not needed. Pure.

Only an alert that people see inhibits: what is itself held holds nothing. A hit that could inhibit is not inhibited by
the same rule of the settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from detection.noise.matchers import WHOM, Matchers, Subject, read
from detection.suppress import digest
from shouwang.errors import UsageError
from shouwang.words import Words

REMEMBERED: Final = 2048
"""Speaking alerts remembered of one inhibition; beyond, the one that spoke longest ago inhibits no more."""


@dataclass(frozen=True, slots=True)
class Inhibit:
    name: str
    source: Matchers
    """Empty: any."""
    target: Matchers
    """Empty: any."""
    equal: tuple[str, ...]
    """Entities that both must have alike."""
    within_us: int
    """How long after its last event an alert still speaks, by the time of receipt."""
    members: bool = False
    """Only a correlation inhibits, and only the rules that it counts."""


def inhibit(
    name: str,
    source: Mapping[str, Sequence[str]],
    target: Mapping[str, Sequence[str]],
    *,
    equal: Sequence[str],
    within_us: int,
    members: bool,
) -> Inhibit:
    """As the settings have it. Raises ``UsageError`` that names the inhibition."""
    try:
        unknown = [each for each in equal if each not in WHOM]
        if unknown:
            raise UsageError(
                Words(f"equal 中的 {unknown[0]!r} 不可用。", f"{unknown[0]!r} cannot stand in equal."),
                hint=Words(f"可用：{'、'.join(WHOM)}", f"There are: {', '.join(WHOM)}"),
            )
        if not members and not (source and target):
            raise UsageError(
                Words("source 和 target 都须写明。", "Both source and target must say something."),
                hint=Words("或写 members = true。", "Or write members = true."),
            )
        return Inhibit(name, read(source), read(target), tuple(equal), within_us, members)
    except UsageError as wrong:
        said = wrong.message
        raise UsageError(
            Words(f"[[inhibit]] {name}：{said.zh}", f"[[inhibit]] {name}: {said.en}"), hint=wrong.hint
        ) from wrong


class Inhibitions:
    """Which alerts speak now."""

    def __init__(
        self, inhibits: Sequence[Inhibit], members: Mapping[str, frozenset[str]], held: bytes | None = None
    ) -> None:
        """``members``: correlation -> the rules that it counts. ``held``: what ``kept`` gave before."""
        self._inhibits = tuple(inhibits)
        self._members = members
        self._counted_by: dict[str, list[str]] = {}
        for correlation, rules in members.items():
            for rule in rules:
                self._counted_by.setdefault(rule, []).append(correlation)
        self._speaking: dict[str, tuple[str, int]] = {
            mark: (alert, at_us) for mark, alert, at_us in (orjson.loads(held) if held else ())
        }
        self.changed = False

    def holder(
        self, subjects: Sequence[Subject], received_us: int, is_over: Callable[[str], bool]
    ) -> tuple[str, str] | None:
        """(name, alert) of what inhibits this hit. ``is_over``: whether the alert of that id is closed."""
        rule = subjects[0].rule_id
        for inhibit in self._inhibits:
            sources = self._counted_by.get(rule, []) if inhibit.members else [""]
            if not sources or not _fits(inhibit.target, subjects) or self._could_speak(inhibit, subjects):
                continue
            for source in sources:
                spoken = self._speaking.get(_mark(inhibit, subjects, source) or "")
                if spoken and abs(received_us - spoken[1]) <= inhibit.within_us and not is_over(spoken[0]):
                    return inhibit.name, spoken[0]
        return None

    def speak(self, subjects: Sequence[Subject], received_us: int, alert_id: str) -> None:
        """A hit that people see, and the alert that it went to."""
        for inhibit in self._inhibits:
            if not self._could_speak(inhibit, subjects):
                continue
            mark = _mark(inhibit, subjects, subjects[0].rule_id if inhibit.members else "")
            if mark:
                self._speaking.pop(mark, None)
                self._speaking[mark] = (alert_id, received_us)
                self.changed = True
        while len(self._speaking) > REMEMBERED * max(1, len(self._inhibits)):
            del self._speaking[next(iter(self._speaking))]

    def kept(self) -> bytes:
        return orjson.dumps([(mark, alert, at_us) for mark, (alert, at_us) in self._speaking.items()])

    def _could_speak(self, inhibit: Inhibit, subjects: Sequence[Subject]) -> bool:
        if inhibit.members and subjects[0].rule_id not in self._members:
            return False
        return _fits(inhibit.source, subjects)


def _fits(matchers: Matchers, subjects: Sequence[Subject]) -> bool:
    return not matchers.values or matchers.fit(subjects)


def _mark(inhibit: Inhibit, subjects: Sequence[Subject], source: str) -> str | None:
    """Of what both sides must have alike; ``None`` when an entity is missing or has several values."""
    parts = [inhibit.name, source]
    for name in inhibit.equal:
        values = set(_values(name, subjects))
        if len(values) != 1:
            return None
        parts += [name, values.pop()]
    return digest(*parts, size=16)


def _values(name: str, subjects: Iterable[Subject]) -> Iterable[str]:
    for subject in subjects:
        if name == "asset":
            yield subject.asset_id
        else:
            yield from (value.casefold() for value in subject.entities.get(name, ("",)))
