from __future__ import annotations

from tui.filters import Unreadable, alerts, incidents


def test_levels_states_incidents_and_ages_are_read_in_both_languages() -> None:
    assert alerts("级别>=H 24h") == {"state": "open", "severity": "high", "since": "24h"}
    assert alerts("危 closed") == {"state": "closed", "severity": "critical"}
    assert alerts("inc-20261124-0001") == {"incident": "INC-20261124-0001"}
    assert alerts("all") == {}
    assert alerts("") == {"state": "open"}
    assert incidents("待认领") == {"state": "open"}
    assert incidents("全部") == {}


def test_a_word_that_means_nothing_is_named() -> None:
    assert alerts("high foo") == Unreadable("foo")
    assert incidents("critical") == Unreadable("critical")
