"""An incident found in imported records says so, and when they were; its clock runs from when it was found (发现)."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from incidents.deadlines import clock as legal_clock
from incidents.plans import load as plans
from shouwang.api.table import perform
from shouwang.eventid import give_ids
from shouwang.eventstore.base import Batch
from shouwang.flows.replaying import chunk
from shouwang.model import Incident, Value
from shouwang.scenario import Arrival
from shouwang.wiring import Services
from tests.unit.state.conftest import NOON_US

LINE = "Dec 10 06:55:{:02d} gate-01 sshd[24200]: Failed password for root from 203.0.113.9 port 38926 ssh2"


def imported(services: Services, path: Path) -> Incident:
    with path.open("rb") as file:
        services.new_importer(lambda _: None).run(file, str(path), "auto", NOON_US)
    return the_incident(services)


def the_incident(services: Services) -> Incident:
    while services.alerting.step().matches:
        pass
    _, (incident,) = services.state.incidents.list()
    return incident


def old_log(tmp_path: Path) -> Path:
    path = tmp_path / "auth.log"
    path.write_text("".join(LINE.format(n) + "\n" for n in range(20)), encoding="utf-8")
    return path


def shown(services: Services, incident: Incident, lang: str = "zh") -> dict[str, Value]:
    said = perform(services, services.owner, "incidents.show", {"id": incident.id}, lang=lang)
    assert isinstance(said, dict)
    return said


def paper(services: Services, incident: Incident, form: str, lang: str) -> str:
    said = perform(services, services.owner, "incidents.report", {"id": incident.id, "format": form, "lang": lang})
    assert isinstance(said, dict)
    return str(said["content"])


def test_the_clock_of_an_imported_incident_runs_from_when_it_was_found(services: Services, tmp_path: Path) -> None:
    incident = imported(services, old_log(tmp_path))
    assert incident.found_at_us == NOON_US
    said = shown(services, incident)
    assert (said["imported"], str(said["first"])[:19], str(said["last"])[:19]) == (
        True,
        "2024-12-10T06:55:00",
        "2024-12-10T06:55:19",
    )
    assert isinstance(said["clock"], dict)
    limit_s = legal_clock("other", NOON_US, NOON_US, plans().measures).limit_minutes * 60
    assert said["clock"]["remaining_s"] == limit_s


def test_a_real_log_of_last_year_is_not_overdue_when_it_is_imported(services: Services, shared: Path) -> None:
    incident = imported(services, shared / "samples" / "OpenSSH_2k.log")
    said = shown(services, incident)
    assert incident.id.startswith("INC-20251125-")
    assert (said["imported"], str(said["first"])[:10], str(said["last"])[:16]) == (
        True,
        "2024-12-10",
        "2024-12-10T11:04",
    )
    assert isinstance(said["clock"], dict)
    assert datetime.fromisoformat(str(said["clock"]["latest"])) > datetime.fromisoformat(str(said["found_at"]))


def test_records_that_an_alert_still_takes_in_widen_the_time_told(services: Services, tmp_path: Path) -> None:
    incident = imported(services, old_log(tmp_path))
    later = tmp_path / "later.log"
    later.write_text(LINE.format(45) + "\n", encoding="utf-8")
    wider = imported(services, later)
    assert (wider.id, wider.first_us, wider.last_us - incident.last_us) == (incident.id, incident.first_us, 26_000_000)
    assert wider.found_at_us == incident.found_at_us


def test_what_is_watched_is_not_called_imported(services: Services) -> None:
    lines = [Arrival(NOON_US + n, "syslog", "auth.log", LINE.format(n).encode()) for n in range(20)]
    events = list(chunk(lines, now_us=NOON_US, zone=services.config.site.zone).events)
    for event, event_id in zip(events, give_ids(event.received_us for event in events), strict=True):
        event.id = event_id
    services.events.put(Batch(events, services.new_engine().match(events), {}, NOON_US), {})
    incident = the_incident(services)
    assert incident.imported is False
    assert "导入" not in paper(services, incident, "md", "zh")
    assert "imported" not in paper(services, incident, "md", "en")


@pytest.mark.parametrize(
    ("lang", "mark", "sentence"),
    [
        ("zh", "导入记录", "时限自发现时间 2025-11-25 12:00:00 +08:00 起算，不自发生时间起算"),
        (
            "en",
            "imported records",
            "runs from when it was found, 2025-11-25 12:00:00 +08:00, not",
        ),
    ],
)
def test_the_paper_says_when_it_happened_and_from_when_the_time_runs(
    services: Services, tmp_path: Path, lang: str, mark: str, sentence: str
) -> None:
    incident = imported(services, old_log(tmp_path))
    text = paper(services, incident, "html", lang)
    assert mark in text
    assert "2024-12-10 06:55:00 - 06:55:19" in text
    assert sentence in text
    said = json.loads(paper(services, incident, "json", lang))
    assert (said["imported"], said["first"][:10]) == (True, "2024-12-10")
