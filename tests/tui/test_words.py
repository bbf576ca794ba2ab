from __future__ import annotations

import string

from tui.commands import BY_NAME, COMMANDS, SCREENS, all_keys, find, on_screen
from tui.messages import load

ACTS = ("claim", "triage", "grade", "close", "report")


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_say_the_same_things() -> None:
    zh, en = load("zh").table, load("en").table
    assert zh.keys() == en.keys()
    assert [key for key in zh if placeholders(zh[key]) != placeholders(en[key])] == []


def test_a_language_with_a_region_is_that_language_and_an_unknown_one_is_chinese() -> None:
    assert load("zh-CN").language == "zh"
    assert load("en_US").language == "en"
    assert load("fr").language == "zh"


def test_every_command_has_a_name_initials_and_an_explanation() -> None:
    words = load("zh").table
    wanted = [f"{kind}.{command.name}" for command in COMMANDS for kind in ("commands", "pinyin", "explain")]
    assert [key for key in wanted if key not in words] == []


def test_no_key_means_two_things_on_one_screen() -> None:
    for screen in SCREENS:
        keys = [key for command in on_screen(screen) for key in all_keys(command)]
        assert len(keys) == len(set(keys)), screen


def test_no_command_needs_a_letter() -> None:
    for command in COMMANDS:
        typed = [key for key in command.keys if len(key) == 1 and key.isalpha()]
        assert len(typed) < len(command.keys) or command.menu, command.name


def test_keys_answer_in_full_width_too() -> None:
    keys = {key for command in COMMANDS for key in all_keys(command)}
    assert {"ａ", "ｔ", "１", "fullwidth_solidus", "fullwidth_question_mark", "fullwidth_colon"} <= keys


def test_a_command_is_found_by_chinese_name_by_initials_and_in_english() -> None:
    for typed in ("认领", "rl", "claim", "Claim", "clm"):
        assert find(COMMANDS, typed)[0].name == "claim", typed
    assert find(COMMANDS, "xyzzy") == ()
    assert find(COMMANDS, "") == COMMANDS


def test_each_act_has_a_function_key_of_its_own_which_is_the_one_shown() -> None:
    function_keys = {name: next(key for key in BY_NAME[name].keys if key[1:].isdecimal()) for name in ACTS}
    assert function_keys == {"claim": "f4", "triage": "f5", "grade": "f6", "close": "f8", "report": "f9"}
    assert all(BY_NAME[name].keys[0] == key for name, key in function_keys.items())
    for screen in SCREENS:
        named = [key for command in on_screen(screen) for key in command.keys if key.startswith("f") and len(key) > 1]
        assert sorted(named) == sorted(set(named)), screen
