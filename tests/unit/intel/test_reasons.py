"""What is left out of a set is told to readers of both languages."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from detection import intel
from detection.intel.indicator import HASHES, NoIndicator, canonical
from detection.intel.reasons import REASONS, place, said
from tests.unit.intel.making import read
from tests.unit.intel.test_formats import ATTRIBUTES, bundle, indicator

CHINESE = re.compile(r"[\u4e00-\u9fff]")
FOLDER = Path(str(intel.__file__)).parent


def written(name: str, argument: int) -> set[str]:
    """The reasons that the source gives, without what is filled in."""
    found = set()
    for path in FOLDER.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != name:
                continue
            for part in ast.walk(call.args[argument]):
                if isinstance(part, ast.JoinedStr):
                    head = part.values[0]
                    assert isinstance(head, ast.Constant), path
                    found.add(str(head.value))
                    break
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    found.add(part.value)
    return found


def test_every_reason_for_which_something_is_left_out_is_said_in_chinese_and_english() -> None:
    given = written("NoIndicator", 0) | {each for each in written("LeftOut", 1) if each}
    assert len(given) > 20
    assert {each for each in given if each.removesuffix(": ") not in REASONS} == set()
    for words in REASONS.values():
        assert CHINESE.search(words.zh), words
        assert not CHINESE.search(words.en), words


@pytest.mark.parametrize("kind", sorted(HASHES))
def test_what_is_no_hash_is_said_in_chinese_too(kind: str) -> None:
    with pytest.raises(NoIndicator) as refused:
        canonical(next(each for each in HASHES if each == kind), "z")
    assert CHINESE.search(said(str(refused.value)).zh)


def test_what_is_filled_in_follows_in_both_languages() -> None:
    assert said("type not known: 'a: b'").zh == "未知类型：'a: b'"
    assert said("type not known: 'a: b'").en == "type not known: 'a: b'"


def test_a_reason_of_an_older_file_stands_as_it_is() -> None:
    for old in ("type 'asn' is not known", "a pattern with AND", "strange: thing", ""):
        assert (said(old).zh, said(old).en) == (old, old)


@pytest.mark.parametrize(
    ("where", "zh"),
    [
        ("line 12", "第 12 行"),
        ("object 3", "第 3 个对象"),
        ("attribute 4", "第 4 个属性"),
        ("indicator--1", "indicator--1"),
        ("line 12; DROP", "line 12; DROP"),
    ],
)
def test_a_place_is_said_in_both_languages_and_an_id_as_it_is(where: str, zh: str) -> None:
    assert (place(where).zh, place(where).en) == (zh, where)


def test_what_each_form_leaves_out_is_said_in_chinese() -> None:
    _, of_csv = read("csv", "type,value,confidence,expires\nasn,AS1,,\nip,203.0.113.9,loud,\nip,203.0.113.9,,soon\n")
    _, of_stix = read("stix", bundle(indicator("[a:b = 'x'] AND [c:d = 'y']"), indicator("[process:name = 'x']")))
    _, of_misp = read("misp", json.dumps({"Attribute": ATTRIBUTES}))
    left = [*of_csv, *of_stix, *of_misp]
    assert len(left) == 3 + 2 + 4
    for each in left:
        assert CHINESE.search(said(each.reason).zh), each
        assert not CHINESE.search(said(each.reason).en), each
