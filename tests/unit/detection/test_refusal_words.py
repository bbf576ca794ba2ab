"""Why a rule is refused is said in Chinese and in English, also where pySigma refused it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from sigma import exceptions

from detection.rules import load
from detection.sigma.pysigmawords import told

HEAD = "title: T\nlogsource: {product: linux}\n"
DETECTION = "detection: {s: {a: b}, condition: s}\n"
_CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("text", "key", "original"),
    [
        (HEAD + DETECTION + "level: grave\n", "level", "'grave' is not a valid Sigma rule level"),
        (HEAD + DETECTION + "status: old\n", "status", "not a valid Sigma rule status"),
        (HEAD + DETECTION + "id: seven\n", "uuidgen", "must be an UUID"),
        (HEAD + DETECTION + "tags: [alone]\n", "attack.t1110", "start with namespace"),
        (HEAD + DETECTION + "date: soon\n", "YYYY-MM-DD", "is invalid"),
        (HEAD + DETECTION + "falsepositives: none\n", "falsepositives", "must be a list"),
        (DETECTION + "logsource: {product: linux}\n", "title", "must have a title"),
        ("title: T\nlogsource: {product: 7}\n" + DETECTION, "logsource", "must be string"),
        ("title: T\ncorrelation: {type: event_count, rules: x, timespan: 5q, condition: {gte: 1}}", "5m", ""),
        (HEAD + "detection: {s: {a|whatever: b}, condition: s}\n", "whatever", ""),
        (HEAD + "detection: {s: {a: b}, condition: s and t}\n", "'t'", ""),
        ("title: [", "YAML", ""),
        ("- a", "logsource", ""),
    ],
)
def test_a_refusal_says_the_key_or_what_to_write_in_both_languages(
    tmp_path: Path, text: str, key: str, original: str
) -> None:
    (tmp_path / "x.yml").write_text(HEAD.replace("T", "X") + "name: x\n" + DETECTION, encoding="utf-8")
    (tmp_path / "a.yml").write_text(text, encoding="utf-8")
    [refusal] = load([tmp_path]).refused
    zh, en = refusal.reason.zh, refusal.reason.en
    assert _CHINESE.search(zh)
    assert not _CHINESE.search(en)
    assert key in zh
    assert key in en
    assert original in zh
    assert original in en
    assert refusal.whole().zh.startswith(f"{refusal.path}:{refusal.line}: {zh}")


def test_no_kind_of_error_of_pysigma_is_told_in_english_alone() -> None:
    kinds = [
        kind for _, kind in inspect.getmembers(exceptions, inspect.isclass) if issubclass(kind, exceptions.SigmaError)
    ]
    plain = [kind for kind in kinds if next(iter(inspect.signature(kind).parameters)) == "args"]
    assert len(plain) > 30
    for kind in plain:
        if kind is not exceptions.SigmaTransformationError:  # what the pipeline's author wrote
            said = told(kind("its own text"))
            assert _CHINESE.search(said.zh), kind
            assert "its own text" in said.zh
            assert "its own text" in said.en
