"""What ``shouwang collect`` is made of: sources, rules, the way into the cluster. Beside ``wiring``, and far less."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from collectors.rehydrate import rehydrate
from collectors.vocabulary import kinds
from detection.engine import Engine
from detection.intel.library import Library
from detection.intel.lookout import Lookout
from detection.matching import Matcher
from shouwang.clock import Clock
from shouwang.collectorhome import CollectorHome
from shouwang.config import Config
from shouwang.eventstore.elastic.place import place
from shouwang.eventstore.elastic.store import ElasticStore
from shouwang.flows.carried import ENTITY_FIELDS
from shouwang.flows.intake import Intake
from shouwang.flows.ruleloading import loaded, version
from shouwang.flows.sources import lacks, sources
from shouwang.flows.supervising import Supervisor
from shouwang.home import Home
from shouwang.model import Finding, Level
from shouwang.words import Words, many

SETTLE_S: Final = 5.0
"""How long a source that starts again waits for what it delivered before to be stored."""


@dataclass(frozen=True, slots=True)
class RulesInUse:
    version: str
    """See ``flows.ruleloading.version``."""
    loaded: int
    refused: int
    faults: Callable[[], Mapping[str, int]]
    """Rule -> events on which it failed."""


@dataclass(slots=True)
class Collecting:
    """Not started. Closes its store on leaving."""

    id: str
    store: ElasticStore
    intake: Intake
    supervisor: Supervisor
    rules: RulesInUse
    clock: Clock
    stack: ExitStack
    found: list[Finding] = field(default_factory=list)
    """What was seen when the home was opened."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stack.close()

    def findings(self) -> list[Finding]:
        return [*self.found, *self.supervisor.findings(), *self.intake.findings(), *self.store.health()]


def build(home: Home, config: Config, clock: Clock, *, anew: bool = False) -> Collecting:
    """The caller holds the home's lock. ``anew``: see ``CollectorHome.begin``.

    Raises ``StoreError`` where the cluster is not one to bring events into, ``UsageError``, ``RulesError``.
    """
    collector = CollectorHome(home)
    rules = loaded(home, config.rules)
    with ExitStack() as stack:
        id = collector.begin(anew=anew)
        store = _store(home, config, clock)
        stack.callback(store.close)
        store.belong_to(id)
        collector.keep(id)
        store.join()
        engine = Matcher(
            Engine(rules.ruleset, ENTITY_FIELDS, home.rule_cache), Lookout(Library(home.intel), ENTITY_FIELDS)
        )
        intake = Intake(store, engine, clock, assets=config.register())

        def cursors() -> Mapping[str, bytes]:
            intake.settle(SETTLE_S)
            return store.cursors()

        refused = len(rules.ruleset.refused)
        return Collecting(
            id=id,
            store=store,
            intake=intake,
            supervisor=Supervisor(sources(home, config, clock), intake.deliver, cursors),
            rules=RulesInUse(version(rules.ruleset), len(rules.ruleset.rules), refused, lambda: dict(engine.faults)),
            clock=clock,
            stack=stack.pop_all(),
            found=[*rules.findings, *lacks(config), *([_refused(refused)] if refused else [])],
        )


def _store(home: Home, config: Config, clock: Clock) -> ElasticStore:
    chosen = config.store
    return ElasticStore(
        home.spool,
        place(chosen.url, ca=chosen.ca, credentials=chosen.credentials, folder=home.path),
        zone=config.site.zone,
        rehydrate=rehydrate,
        kinds=kinds(),
        prefix=chosen.prefix,
        spool_bytes=chosen.spool_mb << 20,
        clock=clock,
        collects=True,
    )


def _refused(count: int) -> Finding:
    return Finding(
        Level.DEGRADED,
        Words(f"有 {count} 条规则未能加载。", f"{many(count, 'rule was', 'rules were')} refused."),
        Words("在该主机上运行 `shouwang rules check`。", "Run `shouwang rules check` on that host."),
    )
