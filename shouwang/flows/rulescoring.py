"""Alerts and what became of their incidents -> a score for each rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from detection.authoring.scoring import LEAST_JUDGED, RETIRE_FROM, TUNE_FROM, Score, ordered
from detection.ruleset import RuleSet
from shouwang.model import Alert, Disposition, Incident, Value
from shouwang.statestore.store import StateStore, Tables
from shouwang.words import Words

Json = dict[str, Value]
PAGE: Final = 1000
_MINUTE_US: Final = 60_000_000


def scored(
    state: StateStore, ruleset: RuleSet, titles: Mapping[str, Words], stretch: tuple[int, int], lang: str
) -> Json:
    """Of the alerts whose last event lies in the time; and how many loaded rules had none."""
    scores: dict[str, Score] = {}
    from_us, to_us = stretch
    with state.reading() as tables:
        incidents = _Incidents(tables)
        for alert in _alerts(tables, from_us, to_us):
            score = scores.get(alert.rule_id)
            if score is None:
                title = titles.get(alert.rule_id, alert.title).of(lang)
                score = scores[alert.rule_id] = Score(alert.rule_id, title, alert.severity.name.lower())
            _count(score, alert, incidents)
    silenced = {rule for each in ruleset.correlations if not each.generate for rule in each.rules}
    quiet = [rule for rule in ruleset.rules if rule.id not in scores and rule.id not in silenced]
    return {
        "thresholds": {"least_judged": LEAST_JUDGED, "tune_from": TUNE_FROM, "retire_from": RETIRE_FROM},
        "rules": [_json(each) for each in ordered(list(scores.values()))],
        "quiet": len(quiet),
    }


class _Incidents:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._known: dict[str, tuple[Incident | None, float | None]] = {}
        self._claimed: set[tuple[str, str]] = set()

    def of(self, alert: Alert) -> tuple[Incident | None, float | None]:
        """And the minutes until it was claimed, once for each rule."""
        id = alert.incident_id
        if not id:
            return None, None
        if id not in self._known:
            incident = self._tables.incidents.get(id)
            self._known[id] = (incident, None if incident is None else self._minutes(incident))
        incident, minutes = self._known[id]
        first = (alert.rule_id, id) not in self._claimed
        self._claimed.add((alert.rule_id, id))
        return incident, minutes if first else None

    def _minutes(self, incident: Incident) -> float | None:
        _, entries = self._tables.trail.list(target=incident.id, limit=500)
        claims = [entry.at_us for entry in entries if entry.act == "incidents.claim"]
        return (min(claims) - incident.found_at_us) / _MINUTE_US if claims else None


def _alerts(tables: Tables, from_us: int, to_us: int) -> Iterator[Alert]:
    offset = 0
    while True:
        total, page = tables.alerts.list(since_us=from_us, limit=PAGE, offset=offset)
        yield from (alert for alert in page if alert.last_us < to_us)
        offset += PAGE
        if offset >= total:
            return


def _count(score: Score, alert: Alert, incidents: _Incidents) -> None:
    if alert.suppression is not None:
        score.held += 1
        return
    score.fired += 1
    score.events += alert.count
    incident, minutes = incidents.of(alert)
    if minutes is not None:
        score.claim_minutes.append(minutes)
    match None if incident is None else incident.disposition:
        case Disposition.TRUE:
            score.true += 1
        case Disposition.FALSE_POSITIVE:
            score.false_positive += 1
        case Disposition.DUPLICATE:
            score.duplicate += 1
        case Disposition.AUTHORISED:
            score.authorised += 1
        case None:
            score.open += 1


def _json(score: Score) -> Json:
    shares = (score.false_share, score.authorised_share, score.median_claim_minutes)
    false, authorised, claim = (None if each is None else round(each, 3) for each in shares)
    return {
        "id": score.rule_id,
        "title": score.title,
        "level": score.level,
        "fired": score.fired,
        "events": score.events,
        "held": score.held,
        "true": score.true,
        "false_positive": score.false_positive,
        "duplicate": score.duplicate,
        "authorised": score.authorised,
        "open": score.open,
        "judged": score.judged,
        "false_share": false,
        "authorised_share": authorised,
        "median_claim_minutes": claim,
        "verdict": score.verdict,
    }
