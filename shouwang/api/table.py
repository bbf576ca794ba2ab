"""The table of acts: name -> what it does, what it asks of the caller, what it is told.

The socket and the commands use it alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from shouwang.access import Need, Role, require, role_of
from shouwang.api import (
    alerts,
    doctor,
    events,
    gaps,
    hunting,
    importing,
    incidents,
    intel,
    moving,
    noise,
    overview,
    records,
    rules,
    store,
)
from shouwang.api.context import Args, Context, NoArgs
from shouwang.errors import AccessError, UsageError
from shouwang.mistakes import mistake
from shouwang.model import Value
from shouwang.wiring import Services
from shouwang.words import Words


@dataclass(frozen=True, slots=True)
class Act:
    run: Callable[[Context, Any], Value]
    """Takes the context and an instance of ``args``."""
    need: Need
    args: type[Args]


ACTS: Final[Mapping[str, Act]] = {
    "ping": Act(overview.ping, Need.READ, NoArgs),
    "status": Act(overview.status, Need.READ, NoArgs),
    "doctor": Act(doctor.doctor, Need.READ, NoArgs),
    "rules.list": Act(overview.rules, Need.READ, NoArgs),
    "rules.gaps": Act(gaps.gaps, Need.READ, gaps.GapsArgs),
    "rules.reload": Act(rules.reload, Need.ADMINISTER, rules.ReloadArgs),
    "rules.sets": Act(rules.sets, Need.READ, NoArgs),
    "rules.stage": Act(rules.stage, Need.ADMINISTER, rules.StageArgs),
    "rules.replay": Act(rules.replay, Need.ADMINISTER, rules.ReplayArgs),
    "rules.adopt": Act(rules.adopt, Need.ADMINISTER, rules.VersionArgs),
    "rules.discard": Act(rules.discard, Need.ADMINISTER, rules.VersionArgs),
    "rules.rollback": Act(rules.rollback, Need.ADMINISTER, rules.SetArgs),
    "rules.coverage": Act(rules.coverage, Need.READ, rules.CoverageArgs),
    "rules.scorecard": Act(rules.scorecard, Need.READ, rules.ScorecardArgs),
    "rules.explain": Act(rules.explain, Need.READ, rules.ExplainArgs),
    "alerts.list": Act(alerts.list_alerts, Need.READ, alerts.ListArgs),
    "alerts.show": Act(alerts.show, Need.READ, alerts.ShowArgs),
    "alerts.except": Act(alerts.except_alert, Need.ADMINISTER, alerts.ExceptArgs),
    "silences.list": Act(noise.silences, Need.READ, noise.ListArgs),
    "silences.preview": Act(noise.preview, Need.READ, noise.PreviewArgs),
    "silences.add": Act(noise.silence, Need.WORK, noise.SilenceArgs),
    "silences.end": Act(noise.end_silence, Need.WORK, noise.IdArgs),
    "maintenance.list": Act(noise.windows, Need.READ, noise.ListArgs),
    "maintenance.add": Act(noise.maintain, Need.WORK, noise.MaintenanceArgs),
    "maintenance.end": Act(noise.end_maintenance, Need.WORK, noise.IdArgs),
    "incidents.list": Act(incidents.list_incidents, Need.READ, incidents.ListArgs),
    "incidents.show": Act(incidents.show, Need.READ, incidents.IdArgs),
    "incidents.report": Act(incidents.report, Need.READ, incidents.ReportArgs),
    "incidents.claim": Act(incidents.claim, Need.WORK, incidents.IdArgs),
    "incidents.triage": Act(incidents.triage, Need.WORK, incidents.TriageArgs),
    "incidents.grade": Act(incidents.grade, Need.WORK, incidents.GradeArgs),
    "incidents.close": Act(incidents.close, Need.WORK, incidents.CloseArgs),
    "events.search": Act(events.search, Need.READ, events.SearchArgs),
    "events.tail": Act(events.tail, Need.READ, events.TailArgs),
    "events.count": Act(events.count, Need.READ, events.CountArgs),
    "audit.list": Act(records.audit_list, Need.READ, records.ListArgs),
    "audit.verify": Act(records.audit_verify, Need.READ, NoArgs),
    "store.days": Act(records.days, Need.READ, NoArgs),
    "store.status": Act(store.status, Need.READ, NoArgs),
    "store.seal": Act(store.seal, Need.ADMINISTER, NoArgs),
    "store.verify": Act(store.verify, Need.READ, store.DaysArgs),
    "store.export": Act(store.export, Need.READ, store.ExportArgs),
    "store.import": Act(store.import_archive, Need.ADMINISTER, store.ImportArgs),
    "store.hold": Act(store.hold, Need.ADMINISTER, store.HoldArgs),
    "store.release": Act(store.release, Need.ADMINISTER, store.ReleaseArgs),
    "store.migrate": Act(moving.migrate, Need.ADMINISTER, moving.MigrateArgs),
    "store.migration": Act(moving.migration, Need.READ, NoArgs),
    "store.migrate.cancel": Act(moving.cancel, Need.ADMINISTER, NoArgs),
    "store.deletions": Act(store.deletions, Need.READ, store.ListArgs),
    "import": Act(importing.import_records, Need.WORK, importing.ImportArgs),
    "intel.list": Act(intel.list_sets, Need.READ, NoArgs),
    "intel.show": Act(intel.show, Need.READ, intel.NameArgs),
    "intel.test": Act(intel.test, Need.READ, intel.TestArgs),
    "intel.add": Act(intel.add, Need.WORK, intel.AddArgs),
    "intel.remove": Act(intel.remove, Need.ADMINISTER, intel.NameArgs),
    "hunt.list": Act(hunting.list_hunts, Need.READ, NoArgs),
    "hunt.show": Act(hunting.show, Need.READ, hunting.IdArgs),
    "hunt.matches": Act(hunting.matches, Need.READ, hunting.MatchesArgs),
    "hunt.start": Act(hunting.start, Need.WORK, hunting.StartArgs),
    "hunt.resume": Act(hunting.resume, Need.WORK, hunting.IdArgs),
    "hunt.stop": Act(hunting.stop, Need.WORK, hunting.IdArgs),
    "hunt.remove": Act(hunting.remove, Need.WORK, hunting.IdArgs),
    "hunt.alerts": Act(hunting.alerts, Need.WORK, hunting.IdArgs),
    "stop": Act(overview.stop, Need.ADMINISTER, NoArgs),
}


def role_in(services: Services, user: str) -> Role | None:
    """What this OS user is in this home."""
    return role_of(user, owner=services.owner, roles=services.config.roles)


def perform(
    services: Services, user: str, name: str, args: Mapping[str, Value], file: int | None = None, *, lang: str = ""
) -> Value:
    """One act for one user, answered in ``lang``, else the site's language.

    Raises the ``ShouwangError`` of whatever stands in the way.
    """
    role = role_in(services, user)
    act = ACTS.get(name)
    if act is None:
        require(user, role, Need.READ, name)
        raise UsageError(
            Words(f"没有操作 {name!r}。", f"There is no act {name!r}."),
            hint=Words("全部操作见 docs/reference/socket.md。", "docs/reference/socket.md lists them."),
        )
    try:
        allowed = require(user, role, act.need, name)
    except AccessError:
        if role is not None:
            _note_refusal(services, user, role, name)
        raise
    context = Context(services, user, allowed, lang or services.config.site.language, file)
    return act.run(context, _read(act, name, args))


def _read(act: Act, name: str, args: Mapping[str, Value]) -> Args:
    try:
        return act.args.model_validate(dict(args))
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "args"
        what = mistake(first, "argument", act.args)
        raise UsageError(
            Words(f"{name}: {place}: {what.zh}。", f"{name}: {place}: {what.en}."), hint="docs/reference/socket.md"
        ) from wrong


def _note_refusal(services: Services, user: str, role: Role, name: str) -> None:
    detail: Mapping[str, Value] = {"act": name}
    with services.state.acting_as(role.value).act(
        actor=user, act="access.refused", target="", at_us=services.clock.now_us(), detail=detail
    ):
        pass
