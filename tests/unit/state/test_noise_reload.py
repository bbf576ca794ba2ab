"""What quiets alerts is taken over by ``rules reload``; what is written wrongly leaves all as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from shouwang.api.table import perform
from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.errors import UsageError
from shouwang.home import Home
from shouwang.model import Value
from shouwang.wiring import Services, build

TABLE = """
[[inhibit]]
name = "loud"
source = { severity = ["high"] }
target = { severity = ["low"] }
equal = ["host.name"]
"""


def reload(services: Services, lang: str = "en") -> dict[str, Value]:
    answer = perform(services, "adm", "rules.reload", {}, lang=lang)
    assert isinstance(answer, dict)
    return answer


def change(home: Home, old: str, new: str) -> None:
    text = home.config.read_text(encoding="utf-8")
    assert old in text
    home.config.write_text(text.replace(old, new), encoding="utf-8")


def write(home: Home, more: str) -> None:
    with home.config.open("a", encoding="utf-8") as file:
        file.write(more)


def test_inhibitions_and_the_limits_of_silences_take_effect_without_a_restart(home: Home, clock: ManualClock) -> None:
    with build(home, load(home.config), clock) as services:
        long: dict[str, Value] = {
            "match": ["source.ip=10.20.3.7", "severity=high"],
            "reason": "own scanner",
            "until": "20d",
        }
        with pytest.raises(UsageError, match="7 days"):
            perform(services, "ana", "silences.add", long, lang="en")
        write(home, TABLE)
        change(home, "analyst_days = 7", "analyst_days = 30")
        answer = reload(services)
        assert (answer["inhibits"], answer["waiting"]) == (1, [])
        perform(services, "ana", "silences.add", long)


def test_what_only_a_restart_takes_over_is_named(home: Home, clock: ManualClock) -> None:
    with build(home, load(home.config), clock) as services:
        change(home, 'lateness = "1h"', 'lateness = "2h"')
        assert reload(services)["waiting"] == ["detection"]
        assert reload(services)["waiting"] == ["detection"]


@pytest.mark.parametrize(
    ("bad", "zh", "en"),
    [
        ('[[inhibit]]\nname = "x"\nequal = ["colour"]\nmembers = true\n', "不可用", "cannot stand in equal"),
        ('[[inhibit]]\nname = "x"\nequal = ["host.name"]\n', "都须写明", "must say something"),
        ('[[inhibit]]\nname = "x"\nequal = ["host.name"]\nwithin = "soon"\n', "within", "within"),
    ],
)
def test_a_bad_table_is_refused_with_its_line_and_the_old_one_stays(
    home: Home, clock: ManualClock, bad: str, zh: str, en: str
) -> None:
    write(home, TABLE)
    with build(home, load(home.config), clock) as services:
        line = home.config.read_text(encoding="utf-8").count("\n") + 1
        write(home, bad)
        for lang, words in (("zh", zh), ("en", en)):
            with pytest.raises(UsageError) as refused:
                reload(services, lang)
            said = refused.value.message.of(lang)
            assert words in said
            place, number = said.split(": ")[0].rsplit(":", 1)
            assert (Path(place), int(number) >= line) == (home.config, True)
        assert services.inforce.edition.number == 1
        assert len(services.keeper.settings.inhibit) == 1
