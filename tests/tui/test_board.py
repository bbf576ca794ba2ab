"""What the overview puts first."""

from __future__ import annotations

from datetime import datetime, timedelta

from shouwang.model import Value
from tests.tui.samples import NOON, Samples
from tui import board, details, health, tables, wire
from tui.doc import Doc
from tui.messages import load
from tui.present import plain
from tui.session import Snapshot


def an_alert(name: str, *, happened: datetime, received: datetime) -> wire.AlertRow:
    at = {"first": happened.isoformat(), "last": happened.isoformat(), "received": received.isoformat()}
    told = Samples(lambda: NOON, drill=False).alert(1, "zh") | at | {"id": name, "incident": f"INC-{name}"}
    return wire.alert(Doc(told))


def test_what_happens_now_stands_before_old_records_that_were_imported() -> None:
    now = NOON
    old = [
        an_alert(f"A-{n}", happened=now - timedelta(days=2866), received=now - timedelta(minutes=10)) for n in range(9)
    ]
    live = an_alert("A-20", happened=now - timedelta(minutes=1), received=now - timedelta(minutes=1))
    longer = an_alert("A-21", happened=now - timedelta(hours=3), received=now - timedelta(hours=3))
    shot = Snapshot(health.status({}), (), (*old, live, longer), ())
    ranked = board.needs(shot, now, load("zh"))
    assert [need.item for need in ranked][:3] == ["A-21", "A-20", "A-0"]
    assert plain(ranked[2].wait) == "10分"


def test_a_count_that_may_be_too_small_is_marked_in_the_list_and_in_the_details() -> None:
    told = Samples(lambda: NOON, drill=False).alert(1, "en") | {"count": 1410}
    for at_least, short, long in ((True, "≥1410", "≥1,410"), (False, "1410", "1,410")):
        row, words = wire.alert(Doc(told | {"at_least": at_least})), load("en")
        assert short in [plain(cell) for cell in tables.alert_row(row, "", NOON, words).cells]
        lines = details.alert_lines(wire.AlertDetail(row, (), None), None, NOON, words, 80)
        assert long in "\n".join(plain(line) for line in lines).split()


def test_the_store_says_when_the_disk_is_full_what_is_sealed_and_how_many_days_are_held() -> None:
    told: dict[str, Value] = {
        "bytes": 1 << 30,
        "oldest_day": "2026-05-20",
        "full_on": "2026-12-09",
        "sealed_until": "2026-11-24T11:00:00.000000+08:00",
        "holds": 2,
    }
    shot = health.status({"store": told})
    (line,) = (
        plain(line) for line in board.host_lines(shot, load("en"), 120, ascii_only=True) if "oldest" in plain(line)
    )
    assert "oldest 2026-05-20   disk full 2026-12-09   sealed to 11-24 11:00   legal holds 2" in line
