"""Which rules fire on an event: its kind's route, its values' classes, and what was found for these classes before."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from operator import getitem
from typing import Final, TypeAlias

from detection.fast.budget import CACHE_BYTES, Budget
from detection.fast.classes import PLAIN, Column, Reader, Sort
from detection.fast.fieldtests import FieldTests
from detection.fast.literals import Kept
from detection.fast.reading import CONTEXT, MINUTE, TIME, Places
from detection.fast.routes import NOTHING, Fires, Key, Route, Source
from detection.fast.rulebook import RuleBook
from detection.fast.sieve import Sieve
from detection.naive import program
from detection.ruleset import Rule
from detection.view import STRUCTURED, View, record_texts
from shouwang.model import DEAD_DATASET, Event, Found, Shape

log = logging.getLogger(__name__)

FOLDED: Final = ("event.code", "event.provider", "winlog.channel", "winlog.event_id", "winlog.provider_name")
"""Fields that tell kinds of event apart: each combination of values has a route of its own, with few rules left."""
MOST_ROUTES: Final = 4096
"""Kinds of event are few; a source that makes them without end does not fill the memory."""
MOST_TOGETHER: Final = 1024
"""Sets of classes that the texts of one kind's records had."""


class Lane:
    """A route for events that were parsed."""

    def __init__(self, route: Route, book: RuleBook) -> None:
        self.route = route
        self.columns = route.columns
        self.memo = route.memo
        self.read = Places(route.places).read
        self.keywords = Keywords(route, book)
        self.idle = not route.programs


class Keywords:
    """Those that the rules of a route search the whole record for."""

    def __init__(self, route: Route, book: RuleBook) -> None:
        words = book.words({atom for each in route.programs for atom in each.atoms})
        self._tests = FieldTests({atom: word.predicate for atom, word in words.items()})
        self.sieve = Sieve(word.predicate for word in words.values()) if words else None
        self._column = Column(book.budget, (Reader(self._tests),), route.wake)
        self._together: dict[frozenset[Sort], Sort] = {}
        """The classes of a record's texts -> its class."""
        self.none = route.silence

    def sort(self, event: Event) -> Sort:
        """The class of the event's texts."""
        if self.sieve is None:
            return self.none
        raw = event.raw
        searchable = event.shape.parser not in STRUCTURED or raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"
        if searchable and not self.sieve.flags(raw):
            return self.none
        return self._of_texts(record_texts(event))

    def _of_texts(self, texts: list[str]) -> Sort:
        sorts = frozenset(map(self._column.__getitem__, texts))
        sort = self._together.get(sorts)
        if sort is None:
            sort = self._column.make([*texts])
            if not any(each.undecided for each in sorts):
                if len(self._together) >= MOST_TOGETHER:
                    self._together.clear()
                self._together[sorts] = sort
        return sort


LaneKey: TypeAlias = tuple[Shape, tuple[Found, ...] | None, tuple[str, ...]]


class Matcher:
    """One rule set. Not for several threads at a time."""

    def __init__(self, rules: tuple[Rule, ...], kept: Kept | None = None) -> None:
        self.budget = Budget(CACHE_BYTES)
        self.book = RuleBook(rules, self.budget, kept)
        self.faults: Counter[str] = Counter()
        self._lanes: dict[LaneKey, Lane] = {}
        self._folds: dict[Shape, tuple[str, ...]] = {}
        self._programs: dict[int, Callable[[View], bool]] = {}

    def fired(self, event: Event) -> tuple[int, ...]:
        """The numbers of the rules, in order."""
        fires = self.fires(event)
        if not fires.doubtful:
            return fires.sure
        return tuple(sorted((*fires.sure, *self._settled(fires.doubtful, event))))

    def fires(self, event: Event) -> Fires:
        lane = self._lane(event)
        if lane.idle:
            return NOTHING
        values = lane.read(event)
        if PLAIN.issuperset(map(type, values)):
            sorts: Key = tuple(map(getitem, lane.columns, values))
        else:
            sorts = tuple(
                column[value] if type(value) in PLAIN else column.make(value)
                for column, value in zip(lane.columns, values, strict=True)
            )
        key = (*sorts, lane.keywords.sort(event))
        return lane.memo[key]

    def _settled(self, doubtful: tuple[int, ...], event: Event) -> list[int]:
        """Those of the rules that fire, asked one by one."""
        view = View(event)
        fired = []
        for number in doubtful:
            rule = self.book.rules[number]
            holds = self._programs.get(number)
            if holds is None:
                holds = self._programs[number] = program(rule.condition)
            try:
                if holds(view):
                    fired.append(number)
            except Exception:  # one rule's fault on one event never stops the stream
                self.faults[rule.id] += 1
                if self.faults[rule.id] == 1:
                    log.exception("A rule raised on an event: %s (%s)", rule.title, rule.id)
        return fired

    def _lane(self, event: Event) -> Lane:
        shape = event.shape
        fold = self._folds.get(shape)
        if fold is None:
            fold = self._fold(shape)
        values: tuple[Found, ...] | None = tuple(map(event.get, fold))
        if not PLAIN.issuperset(map(type, values or ())):
            values = None
        known: tuple[str, ...] = ()
        if not self.book.fields.isdisjoint(event.context):
            known = tuple(sorted(self.book.fields.intersection(event.context)))
        key = (shape, values, known)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = self._make(key, fold)
        return lane

    def _fold(self, shape: Shape) -> tuple[str, ...]:
        if len(self._folds) >= MOST_ROUTES:
            self._dismiss()
        fold = tuple(name for name in FOLDED if name in self.book.fields and shape.locate(name))
        self._folds[shape] = fold
        return fold

    def _dismiss(self) -> None:
        self._lanes.clear()
        self._folds.clear()
        self.budget.dismiss()
        self.book.dismiss()

    def _make(self, key: LaneKey, fold: tuple[str, ...]) -> Lane:
        if len(self._lanes) >= MOST_ROUTES:
            self._dismiss()
        shape, values, known = key
        otherwise: dict[str, Found] = {"event.dataset": shape.dataset}
        constant = frozenset(fold if values is not None else ())
        otherwise.update(zip(fold, values or (), strict=False))

        def sources(field: str) -> tuple[Source, ...]:
            if field in constant:
                return ()
            if field == "@timestamp":
                return (Source((MINUTE if self.book.minutes_do else TIME,)),)
            places = shape.locate(field)
            if field in known:
                places = (*places, (CONTEXT, field))
            return (Source(places),) if places else ()

        logsources = frozenset() if shape.dataset == DEAD_DATASET else shape.logsources
        return Lane(self.book.route(logsources, sources, otherwise), self.book)
