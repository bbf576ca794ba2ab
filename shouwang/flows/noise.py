"""What people do about noise: silences and maintenance windows, each with an owner, a reason and an end, audited."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Final

from detection.alerting import GROUP_FIELDS
from detection.noise import maintenance, silence
from detection.noise.holdrecords import body_of, silence_from, window_from
from detection.noise.maintenance import Window
from detection.noise.matchers import WHOM, Matchers, Subject, of_pairs, read
from detection.noise.silence import DAY_US, Limits, Silence
from shouwang.bilingual import said
from shouwang.clock import Clock
from shouwang.errors import UsageError
from shouwang.model import Alert, Holder, Value
from shouwang.statestore.holds import Hold
from shouwang.statestore.store import StateStore, Transaction
from shouwang.timespan import since, span_us
from shouwang.words import Words

__all__ = ["Actor", "Held", "Noise", "Plan", "Silence", "Window", "of_pairs"]

Json = dict[str, Value]
MOST: Final = 500
"""Silences and windows that are not over."""
LOOK_BACK_US: Final = DAY_US
MOST_ALERTS: Final = 100_000
"""That a preview looks at."""
WINDOW_DAYS: Final = 1
"""How long an analyst's maintenance window may be; longer and weekly ones are an administrator's."""
FOREVER_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class Actor:
    user: str
    role: str
    administrator: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """When, as a person writes it: spans count from the beginning."""

    until: str
    starts: str = ""
    """Empty: now."""
    weekly: bool = False
    last: str = ""
    """Of a weekly one: none begins from then on."""


@dataclass(frozen=True, slots=True)
class Held:
    alerts: int = 0
    events: int = 0


class Noise:
    def __init__(
        self,
        state: StateStore,
        clock: Clock,
        *,
        zone: tzinfo,
        analyst_days: int,
        administrator_days: int,
        titles: Callable[[], Mapping[str, Words]],
        drill: bool,
    ) -> None:
        self._state = state
        self._clock = clock
        self._zone = zone
        self._days = {False: analyst_days, True: administrator_days}
        self._titles = titles
        self._drill = drill

    # ------------------------------------------------------------------------------------------ silences

    def silence(self, actor: Actor, asked: Mapping[str, Sequence[str]], plan: Plan, reason: str) -> Silence:
        """Raises ``UsageError`` for what this role may not silence."""
        matchers = read(asked)
        limits = Limits(self._days[actor.administrator], critical_needs_both=not actor.administrator)
        silence.check_reason(reason)
        silence.check(matchers, limits)
        with self._state.work() as tx:
            now_us = self._clock.now_us()  # inside: what was handled before was received before
            from_us, to_us = self._times(plan, now_us)
            silence.check_times(from_us, to_us, now_us, limits.days)
            made = Silence(self._next_id(tx, "S"), matchers, actor.user, reason.strip(), now_us, from_us, to_us)
            self._put(tx, made)
            self._note(tx, actor, "silences.add", made, now_us)
        return made

    def would_hold(self, asked: Mapping[str, Sequence[str]]) -> tuple[Matchers, Held]:
        """Of what people were told in the last 24 hours."""
        matchers = read(asked)
        since_us = self._clock.now_us() - LOOK_BACK_US
        _, alerts = self._state.alerts.list(since_us=since_us, held=False, limit=MOST_ALERTS)
        found = [alert for alert in alerts if matchers.fit([_subject(alert)])]
        return matchers, Held(len(found), sum(alert.count for alert in found))

    # --------------------------------------------------------------------------------------- maintenance

    def maintain(self, actor: Actor, asked: Mapping[str, Sequence[str]], plan: Plan, reason: str) -> Window:
        matchers = read(asked)
        silence.check_reason(reason)
        maintenance.check(matchers)
        if plan.weekly and not actor.administrator:
            raise UsageError(
                Words("每周重复的维护窗口须由管理员设置。", "A weekly window is an administrator's to set."),
                hint=Words("可先设一次性的窗口。", "Set one for this time, or ask an administrator."),
            )
        with self._state.work() as tx:
            now_us = self._clock.now_us()
            from_us, to_us = self._times(plan, now_us)
            days = self._days[True] if actor.administrator else WINDOW_DAYS
            silence.check_times(from_us, to_us, now_us, min(days, 6) if plan.weekly else days)
            until_us = self._until(plan, from_us) if plan.weekly else 0
            name = self._next_id(tx, "M")
            made = Window(
                name, matchers, actor.user, reason.strip(), now_us, from_us, to_us, plan.weekly, until_us
            )  # fmt: skip
            self._put(tx, made)
            self._note(tx, actor, "maintenance.add", made, now_us)
        return made

    def _until(self, plan: Plan, from_us: int) -> int:
        if not plan.last:
            raise UsageError(
                Words("每周重复的窗口须写明最后日期。", "A weekly window needs a last day."),
                hint=Words("例如 --last 2027-03-31，至多一年。", "For example --last 2027-03-31; a year at most."),
            )
        until_us = self._time(plan.last, from_us)
        silence.check_times(from_us, until_us, from_us, FOREVER_DAYS)
        return until_us

    # --------------------------------------------------------------------------------------------- both

    def end(self, actor: Actor, hold_id: str, kind: Holder) -> Silence | Window:
        """At once. Whoever may work may let noise in again."""
        act = "silences.end" if kind is Holder.SILENCE else "maintenance.end"
        with self._state.work() as tx:
            now_us = self._clock.now_us()
            hold = self._found(tx.holds.get(hold_id), hold_id, kind)
            if hold.over_us <= now_us:
                raise UsageError(
                    Words(f"{hold_id} 已经结束。", f"{hold_id} is over already."),
                    hint=Words("无需操作。", "There is nothing to do."),
                )
            ended = replace(hold, ended_us=now_us, ended_by=actor.user)
            self._put(tx, ended)
            self._note(tx, actor, act, ended, now_us)
        return ended

    def listed(self, kind: Holder, *, over: bool = False) -> list[tuple[Silence | Window, Held]]:
        """Those that are not over, and on wish the others; the newest last."""
        since_us = 0 if over else self._clock.now_us()
        with self._state.reading() as tables:
            found = _with_held(tables.holds.over_after(since_us), tables.alerts.held_by())
        return [each for each in found if isinstance(each[0], Silence) is (kind is Holder.SILENCE)]

    def overview(self) -> tuple[list[tuple[Silence | Window, Held]], Held]:
        """What is not over or was a day ago, and all that was ever held."""
        since_us = self._clock.now_us() - LOOK_BACK_US
        with self._state.reading() as tables:
            holds, held = tables.holds.over_after(since_us), tables.alerts.held_by()
        alerts, events = (sum(each) for each in zip(*held.values(), strict=True)) if held else (0, 0)
        return _with_held(holds, held), Held(alerts, events)

    def of_alert(self, alert: Alert) -> dict[str, list[str]]:
        """What would hold this alert and its like: its rule, and whom it is grouped by."""
        asked = {"rule": [alert.rule_id]}
        named = [part.partition("=")[0] for part in alert.group] or list(GROUP_FIELDS)
        names = [name for name in named if name in WHOM and alert.entities.get(name)]
        for name in names if alert.group else names[:1]:
            asked[name] = list(alert.entities[name])
        return asked

    def json(self, hold: Silence | Window, held: Held, lang: str, time: Callable[[int], str]) -> Json:
        now_us = self._clock.now_us()
        here = _here(hold, now_us, self._zone)
        under_way = here is not None and here[0] <= now_us
        matchers: Json = hold.matchers.json()
        found: Json = {
            "id": hold.id,
            "what": hold.matchers.sentence(self._titles()).of(lang),
            "matchers": matchers,
            "owner": hold.owner,
            "reason": hold.reason,
            "made": time(hold.made_us),
            "state": "over" if here is None else "active" if under_way else "planned",
            "from": time(here[0] if here else hold.from_us),
            "until": time(here[1] if here else hold.over_us),
            "remaining_s": (here[1] - now_us) // 1_000_000 if here and under_way else None,
            "ended_by": hold.ended_by or None,
            "held": {"alerts": held.alerts, "events": held.events},
        }
        if isinstance(hold, Window):
            found |= {"weekly": hold.weekly, "last": time(hold.until_us) if hold.weekly else None}
        return found

    # ------------------------------------------------------------------------------------------- inside

    def _found(self, hold: Hold | None, hold_id: str, kind: Holder) -> Silence | Window:
        if hold is None or hold.kind is not kind:
            listing = "silences" if kind is Holder.SILENCE else "maintenance"
            raise UsageError(
                Words(f"没有 {hold_id!r}。", f"There is no {hold_id!r}."),
                hint=Words(f"可查看：shouwang {listing} list", f"See: shouwang {listing} list"),
            )
        return _hold(hold)

    def _times(self, plan: Plan, now_us: int) -> tuple[int, int]:
        """Never from before now: what was handled is not held afterwards."""
        from_us = max(now_us, self._time(plan.starts, now_us)) if plan.starts else now_us
        return from_us, self._time(plan.until, from_us)

    def _time(self, text: str, from_us: int) -> int:
        span = span_us(text.strip())
        return from_us + span if span is not None else since(text, from_us, self._zone)

    def _next_id(self, tx: Transaction, letter: str) -> str:
        if len(tx.holds.over_after(self._clock.now_us())) >= MOST:
            raise UsageError(
                Words(f"已有 {MOST} 个静默和维护窗口。", f"There are {MOST} silences and windows already."),
                hint=Words("请先结束不再需要的。", "End those that are not needed any more."),
            )
        return f"{'D-' if self._drill else ''}{letter}-{tx.numbers.next('silence' if letter == 'S' else 'maintenance')}"

    def _put(self, tx: Transaction, hold: Silence | Window) -> None:
        kind = Holder.SILENCE if isinstance(hold, Silence) else Holder.MAINTENANCE
        tx.holds.put(Hold(hold.id, kind, hold.from_us, hold.over_us, body_of(hold)))

    def _note(self, tx: Transaction, actor: Actor, act: str, hold: Silence | Window, now_us: int) -> None:
        alerts, events = tx.alerts.held_by().get(hold.id, (0, 0))
        detail: Json = {
            "what": said(hold.matchers.sentence(self._titles())),
            "reason": hold.reason,
            "owner": hold.owner,
            "from_us": hold.from_us,
            "until_us": hold.over_us,
            "held_alerts": alerts,
            "held_events": events,
        }
        tx.audit(act=act, target=hold.id, at_us=now_us, detail=detail, actor=actor.user, role=actor.role)


def _with_held(holds: Sequence[Hold], held: Mapping[str, tuple[int, int]]) -> list[tuple[Silence | Window, Held]]:
    return [(_hold(each), Held(*held.get(each.id, (0, 0)))) for each in holds]


def _hold(hold: Hold) -> Silence | Window:
    return silence_from(hold.id, hold.body) if hold.kind is Holder.SILENCE else window_from(hold.id, hold.body)


def _here(hold: Silence | Window, now_us: int, zone: tzinfo) -> tuple[int, int] | None:
    """The time under way or next; ``None``: over."""
    if isinstance(hold, Window):
        return hold.next(now_us, zone)
    return (hold.from_us, hold.over_us) if now_us < hold.over_us else None


def _subject(alert: Alert) -> Subject:
    return Subject(alert.rule_id, alert.severity, alert.tags, alert.entities, alert.asset_id)
