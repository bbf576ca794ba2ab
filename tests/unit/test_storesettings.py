"""Another store in the settings, and nothing else."""

from __future__ import annotations

import tomllib

import pytest

from shouwang.errors import UsageError
from shouwang.firstconfig import first_config
from shouwang.storesettings import with_store

THERE = {"url": "https://es1:9200", "ca": "/etc/ca.crt", "credentials": "/home/x/elastic.toml"}


def test_the_first_settings_name_another_store_and_say_the_rest_as_before() -> None:
    text = first_config(name="滨河社区")
    changed = with_store(text, THERE)
    assert tomllib.loads(changed)["store"] == {**tomllib.loads(text)["store"], **THERE}
    assert [a for a, b in zip(text.splitlines(), changed.splitlines(), strict=True) if a != b] == [
        'url = ""',
        'ca = ""',
        'credentials = ""',
    ]
    assert with_store(changed, {"url": "", "ca": "", "credentials": ""}) == text


@pytest.mark.parametrize("text", ["[site]\nname = 'x'", "[store] # here\nkeep_days = 200\n[watch]\nurl = 'no'\n"])
def test_settings_that_had_no_such_line_get_one(text: str) -> None:
    found = tomllib.loads(with_store(text, THERE))
    assert {name: found["store"][name] for name in THERE} == THERE
    assert {name: each for name, each in found.items() if name != "store"} == {
        name: each for name, each in tomllib.loads(text).items() if name != "store"
    }


@pytest.mark.parametrize("text", ["store = { url = '' }\n", "[store]\nurl = '''\n'''\n"])
def test_settings_in_another_form_are_left_alone_and_it_is_said_what_to_write(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        with_store(text, THERE)
    assert "https://es1:9200" in refused.value.hint.en
