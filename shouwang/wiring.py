"""``build(home, config, clock) -> Services``; nothing else. The only place that constructs stores and engines."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from collectors.rehydrate import rehydrate
from detection.engine import Engine
from detection.fast.literals import HAS_HYPERSCAN
from detection.inforce import Edition, InForce
from detection.intel.lookout import Lookout
from detection.matching import Matcher
from detection.noise.inhibit import Inhibit
from detection.ruleset import RuleSet
from incidents.plans import load as load_plans
from incidents.views import Site
from shouwang import homeid, worker
from shouwang.assets import AssetRegister
from shouwang.attendance import Attendance
from shouwang.clock import Clock
from shouwang.config import Config, Rules
from shouwang.errors import UsageError
from shouwang.eventstore.base import Batch, EventStore, Position
from shouwang.eventstore.elastic.place import place, plain
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.flows.alerting import POSITION, Alerting
from shouwang.flows.archiving import Archives
from shouwang.flows.carried import ENTITY_FIELDS
from shouwang.flows.importing import Importer
from shouwang.flows.intake import Intake
from shouwang.flows.intelligence import Intelligence
from shouwang.flows.mirroring import Mirroring
from shouwang.flows.refilling import Refilling
from shouwang.flows.rematching import Rematching
from shouwang.flows.response import Response
from shouwang.flows.retention import Retention
from shouwang.flows.ruleloading import RuleKeeper, inhibits, loaded, told_workers
from shouwang.flows.sources import lacks, sources
from shouwang.flows.supervising import Supervisor
from shouwang.home import Home
from shouwang.hunts import Hunts
from shouwang.model import Finding, Level, Value
from shouwang.moves import MOVE, refuse_half
from shouwang.moving import Moving
from shouwang.ruleledger import Ledgered
from shouwang.running import Running
from shouwang.statestore.store import StateStore, Transaction
from shouwang.storewiring import HOME, event_store
from shouwang.words import Words

if TYPE_CHECKING:
    from shouwang.eventstore.elastic.store import ElasticStore

SETTLE_S: Final = 5.0
"""How long a source that starts again waits for what it delivered before to be stored."""

TIMEZONE: Final = "site/timezone"
"""Name in the memory table: the zone that the home was made with."""


@dataclass(slots=True)
class Services:
    """All that the acts and the daemon work with. Closes its stores on leaving."""

    home: Home
    owner: str
    """OS user name of the home's owner."""
    config: Config
    clock: Clock
    events: EventStore
    state: StateStore
    assets: AssetRegister
    inforce: InForce
    keeper: RuleKeeper
    response: Response
    alerting: Alerting
    rematching: Rematching
    refilling: Refilling
    intelligence: Intelligence
    retention: Retention
    moving: Moving
    """To another event store."""
    archives: Archives
    hunts: Hunts
    new_engine: Callable[[], Ledgered]
    """An engine serves one thread: each that matches makes its own."""
    new_importer: Callable[[Callable[[int], None]], Importer]
    """Given what is told the number of records after each batch."""
    collectors: Callable[[], Sequence[Attendance]]
    """Other hosts that bring events."""
    mirroring: Mirroring | None
    """Of alerts and incidents, where events are in a cluster."""
    stop_upkeep: Callable[[], None]
    """Ends what ``events.maintain`` has under way in another thread."""
    stack: ExitStack
    findings: list[Finding] = field(default_factory=list)
    """What was seen when the home was opened."""
    running: Running | None = None
    """In a daemon only."""

    @property
    def ruleset(self) -> RuleSet:
        """In force now."""
        return self.inforce.edition.ruleset

    @property
    def drill(self) -> bool:
        return self.home.drill

    @property
    def pid(self) -> int:
        return os.getpid()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stack.close()


def build(home: Home, config: Config, clock: Clock, *, anew: Collection[str] = (), take_over: bool = False) -> Services:
    """The caller holds the home's lock. ``anew``: see ``homeid.claim``; ``take_over``: a cluster that is another's.

    Raises ``StoreError``, ``UsageError``, ``RulesError``.
    """
    assets, documents = config.register(), load_plans()
    site = Site(config.site.zone, config.site.operator.value, config.site.name)
    first = loaded(home, config.rules)
    inforce = InForce(first.ruleset, lambda ruleset: Engine(ruleset, ENTITY_FIELDS, home.rule_cache), clock.now_us())

    intelligence = Intelligence(home.intel, clock, drill=home.drill)

    with ExitStack() as stack:
        claim = homeid.claim(home, anew, in_cluster=bool(config.store.url))
        state = stack.enter_context(StateStore(home.state))
        refuse_half(state.memory.get(MOVE), config.store.url)

        def engine() -> Ledgered:
            return Ledgered(Matcher(inforce.live(), Lookout(intelligence.library, ENTITY_FIELDS)), state)

        events = event_store(home, config, clock, state)
        stack.callback(events.close)
        _belong(claim, state, events, clock.now_us())
        if not isinstance(events, EmbeddedStore):
            events.claim(take_over=take_over)
            if "events" in claim.anew:
                _go_on(home, config, events)
        _keep_timezone(state, config)
        hunts = Hunts(home.hunts, hunters_needs(home, config, config.rules), clock)
        stack.callback(hunts.close)
        alerting = Alerting(
            events,
            state,
            clock,
            correlations=first.ruleset.correlations,
            assets=assets,
            site=site,
            plans=documents,
            titles=first.ruleset.titles(),
            inhibits=inhibits(config, home.config),
            drill=home.drill,
            lateness_us=config.detection.lateness_us,
        )

        rematching = Rematching(events, state, clock, first.ruleset, ENTITY_FIELDS)

        refilling = Refilling(
            events,
            state,
            clock,
            first.ruleset.correlations,
            lateness_us=config.detection.lateness_us,
            position=POSITION,
            folder=home.path / "recount",
            mend=alerting.mend,
            run=lambda args, told: worker.run("rules.recount", args, told=told),
        )

        def told(edition: Edition, chosen: Rules, quieting: Sequence[Inhibit]) -> None:
            alerting.take(edition.ruleset.correlations, edition.ruleset.titles(), quieting)
            rematching.take(edition.ruleset)
            refilling.take(edition.ruleset.correlations)
            hunts.needs = hunters_needs(home, config, chosen)

        keeper = RuleKeeper(home, config, inforce, clock, told)
        keeper.findings = first.findings
        if not home.drill:
            keeper.sets.clear()
        return Services(
            home=home,
            owner=home.owner(),
            config=config,
            clock=clock,
            events=events,
            state=state,
            assets=assets,
            inforce=inforce,
            keeper=keeper,
            response=Response(state, events, clock, site=site, plans=documents, assets=assets),
            alerting=alerting,
            rematching=rematching,
            refilling=refilling,
            intelligence=intelligence,
            retention=Retention(events, state, clock, zone=config.site.zone, keep_days=config.store.keep_days),
            moving=Moving(home, config, clock, events, state),
            archives=Archives(events, clock, config.site.zone, home.path / "cache"),
            hunts=hunts,
            new_engine=engine,
            new_importer=lambda told: Importer(events, engine(), clock, config.site.zone, assets, progress=told),
            collectors=(lambda: ()) if isinstance(events, EmbeddedStore) else events.collectors,
            mirroring=None if isinstance(events, EmbeddedStore) else _mirroring(events, state, clock),
            stop_upkeep=events.stop_upkeep,
            stack=stack.pop_all(),
            findings=[
                *([] if HAS_HYPERSCAN else [_slow_engine()]),
                *([] if home.drill else lacks(config)),
            ],
        )


@dataclass(frozen=True, slots=True)
class Feed:
    """What brings events in, not started."""

    intake: Intake
    supervisor: Supervisor


def feed(services: Services) -> Feed:
    """Nothing real comes into a drill's home. Raises ``UsageError`` for settings that no source knows."""
    intake = Intake(
        services.events,
        services.new_engine(),
        services.clock,
        assets=services.assets,
        stored=services.alerting.notify,
    )

    def cursors() -> Mapping[str, bytes]:
        intake.settle(SETTLE_S)
        return services.events.cursors()

    real = [] if services.drill else sources(services.home, services.config, services.clock)
    return Feed(intake, Supervisor(real, intake.deliver, cursors))


def _slow_engine() -> Finding:
    return Finding(
        Level.DEGRADED,
        Words("缺少 hyperscan，规则引擎可用但较慢。", "hyperscan is missing: the rule engine works, and is slower."),
        Words(
            "Linux x86-64 或 aarch64 上请安装：pip install hyperscan",
            "On Linux x86-64 or aarch64: pip install hyperscan",
        ),
    )


def hunters_needs(home: Home, config: Config, chosen: Rules) -> dict[str, Value]:
    """See ``flows.hunting.work``."""
    return {
        "events": str(home.events),
        "elastic": in_cluster(home, config),
        **told_workers(home, chosen),
        "intel": str(home.intel),
        "entities": list(ENTITY_FIELDS),
    }


def in_cluster(home: Home, config: Config) -> dict[str, Value] | None:
    """For a worker: see ``eventstore.elastic.history``."""
    chosen = config.store
    if not chosen.url:
        return None
    where = place(chosen.url, ca=chosen.ca, credentials=chosen.credentials, folder=home.path)
    return {"where": plain(where), "prefix": chosen.prefix}


def _mirroring(events: ElasticStore, state: StateStore, clock: Clock) -> Mirroring:
    return Mirroring(state, events.mirror(), clock, events.home_id)


def _belong(claim: homeid.Claim, state: StateStore, events: EmbeddedStore | ElasticStore, now_us: int) -> None:
    """Both databases are those of this home; what was begun anew is told in the audit trail."""
    borne = (state.memory.get(HOME) or b"").decode()
    id = homeid.join(claim, {"state": borne, "events": events.home_id})
    taken_up = None
    if events.home_id != id:
        taken_up = events.recover(id)
        events.belong_to(id)
    anew = claim.anew | ({"events"} if taken_up else frozenset())  # where it was cut off before it could tell
    if borne != id or anew:
        with state.work() as tx:
            tx.memory.put(HOME, id.encode())
            if "events" in anew and not (taken_up and "state" in anew):  # else all that is kept is alerted on again
                _place_alerting(tx, state, events)
            for name in sorted(anew):
                of_it = taken_up.told() if taken_up and name == "events" else {}
                tx.audit(act="database.new", target=claim.paths[name].name, at_us=now_us, detail={"home": id, **of_it})
    homeid.keep(claim, id)


def _go_on(home: Home, config: Config, events: EventStore) -> None:
    """A home that kept its events itself goes on there where it had read its sources to."""
    if home.events.exists():
        with EmbeddedStore(home.events, zone=config.site.zone, rehydrate=rehydrate) as before:
            events.put(Batch(()), before.cursors())


def _place_alerting(tx: Transaction, state: StateStore, events: EventStore) -> None:
    """No match that was handled is handled again; those that the store has beyond are."""
    kept = state.memory.get(POSITION)
    try:
        beyond = kept is not None and bool(events.tail("matches", Position(kept.decode()), 1).items)
    except UsageError:  # of the other kind of store
        beyond = False
    if not beyond:
        tx.memory.put(POSITION, events.end("matches").token.encode())


def _keep_timezone(state: StateStore, config: Config) -> None:
    """Days in the ledger would mean two things otherwise."""
    kept = state.memory.get(TIMEZONE)
    if kept is None:
        with state.work() as tx:
            tx.memory.put(TIMEZONE, config.site.timezone.encode())
    elif kept.decode() != config.site.timezone:
        raise UsageError(
            Words(
                f"site.timezone 为 {config.site.timezone}，但此数据目录建立时为 {kept.decode()}。",
                f"site.timezone is {config.site.timezone}, but this home was made with {kept.decode()}.",
            ),
            hint=Words("请改回；换时区须另建数据目录。", "Set it back; another zone needs another home."),
        )
