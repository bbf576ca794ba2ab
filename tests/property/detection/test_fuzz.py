"""Whatever a rule file or an event says: a result, or a refusal with line and reason, and with bounded work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sigma.processing.transformations import transformations

from detection.engine import Engine
from detection.naive import holds
from detection.rules import load
from detection.ruleset import RuleSet
from detection.sigma.modifiers import KNOWN
from shouwang.model import Logsource, Value
from tests.effort import calls, ends
from tests.property.detection.examples import tried
from tests.unit.detection.sample import event, load_text, rule_text, shaped

NASTY = st.sampled_from(
    [
        *(
            "",
            "*",
            "?",
            "\\",
            "%x%",
            "(",
            "[",
            "a{99999}",
            "(?i)x",
            "\x00",
            "\ud800",
            "\u212a",
            "\u0130",
            "-",
            "10.0.0.0/8",
        ),
        *("true", "null", "1e999", "0x1f", "2026-11-24", "9" * 400, "*" * 50, "a" * 3000, "$", "^", "\\*", "(?P<a>b)"),
    ]
)
SCALARS: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**80), 2**80), st.floats(), st.text(max_size=5), NASTY
)
ANYTHING: st.SearchStrategy[Value] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)
FIELDS = st.sampled_from(["f", "g", "", "winlog.event_data.X", "Image", "@timestamp", "f|g"])
KEYS = st.builds(
    lambda field, mods: "|".join([field, *mods]), FIELDS, st.lists(st.sampled_from(sorted(KNOWN)), max_size=3)
)
ITEMS = st.dictionaries(KEYS, st.one_of(SCALARS, st.lists(SCALARS, max_size=3), ANYTHING), max_size=3)
SEARCHES = st.one_of(ITEMS, st.lists(st.one_of(ITEMS, SCALARS), max_size=3), ANYTHING)
CONDITIONS = st.one_of(
    st.sampled_from(["s", "not s", "s and t", "1 of s*", "all of them", "s or not t"]),
    st.text("st() |andortof1*", max_size=12),
    ANYTHING,
)
DETECTIONS = st.one_of(
    st.fixed_dictionaries({"s": SEARCHES, "condition": CONDITIONS}, optional={"t": SEARCHES, "timeframe": SCALARS}),
    ANYTHING,
)
HEADS = dict.fromkeys(("id", "name", "level", "status", "tags", "taxonomy", "references", "related", "date"), ANYTHING)
DOCUMENTS = st.one_of(
    st.fixed_dictionaries(
        {"title": st.just("x"), "logsource": st.just({"product": "windows"}), "detection": DETECTIONS}
    ),
    st.fixed_dictionaries({"title": SCALARS, "logsource": ANYTHING, "detection": DETECTIONS}, optional=HEADS),
    st.fixed_dictionaries(
        {"title": st.just("x"), "logsource": st.just({"product": "windows"}), "filter": ANYTHING}, optional=HEADS
    ),
    st.fixed_dictionaries({"title": st.just("x"), "correlation": ANYTHING}, optional=HEADS),
)
RECORDS = st.dictionaries(st.one_of(FIELDS, st.text(max_size=3)), ANYTHING, max_size=4)
WINDOWS = shaped(Logsource("windows"), Logsource("windows", "process_creation"))


def check(ruleset: RuleSet, record: dict[str, Value]) -> None:
    for refusal in ruleset.refused:
        assert refusal.line >= 1
        assert refusal.reason
    seen = event(record, raw=b"{}", shape=WINDOWS)
    for rule in ruleset.rules:
        assert holds(rule.condition, seen) in {True, False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@tried(300)
@given(document=DOCUMENTS, record=RECORDS)
def test_any_document_is_rules_or_a_refusal_and_any_event_an_answer(
    folder: Path, document: dict[str, object], record: dict[str, Value]
) -> None:
    text = yaml.safe_dump(document, allow_unicode=False)
    ruleset = load_text(folder, text)
    assert len(ruleset.rules) + len(ruleset.correlations) + len(ruleset.refused) + ruleset.filters >= 1
    check(ruleset, record)


@tried(200)
@given(document=DOCUMENTS, records=st.lists(RECORDS, max_size=3))
def test_the_engine_says_of_any_rule_and_event_what_the_plain_reading_says(
    folder: Path, document: dict[str, object], records: list[dict[str, Value]]
) -> None:
    ruleset = load_text(folder, yaml.safe_dump(document, allow_unicode=False))
    engine = Engine(ruleset, ())
    meant = [rule for rule in ruleset.rules if any(rule.logsource.covers(each) for each in WINDOWS.logsources)]
    for record in [*records, *records]:
        seen = event(record, raw=b"{}", shape=WINDOWS)
        assert engine.fired(seen) == [rule for rule in meant if holds(rule.condition, seen)]
    assert not engine.faults


GOOD = rule_text(
    "s: {Image|endswith: ['a.exe', 'b?c'], f|re: 'x+', g|cidr: 10.0.0.0/8}\nt: [one, two]\ncondition: s or t"
)


@tried(200)
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, len(GOOD)),
            st.sampled_from(
                [*"\n :-[]{}'\"&*!|>%@\t#,?\\", "\ufeff", "", "---\n", "&a", "*a", "!!python/name:os.system", "\u0000"]
            ),
        ),
        max_size=4,
    ),
    record=RECORDS,
)
def test_a_file_damaged_anywhere_is_rules_or_a_refusal(
    folder: Path, edits: list[tuple[int, str]], record: dict[str, Value]
) -> None:
    text = GOOD.replace("{product: linux}", "{product: windows}")
    for at, piece in edits:
        text = text[:at] + piece + text[at + (piece == "") :]
    check(load_text(folder, text), record)


@tried(100)
@given(data=st.binary(max_size=60))
def test_any_bytes_are_no_crash(folder: Path, data: bytes) -> None:
    file = folder / "bytes.yml"
    file.write_bytes(data)
    check(load([file]), {})


BOMBS = [
    r"(a+)+$",
    r"(a|aa)+$",
    r"(?=x)(a+)+$",
    r"(a+)\1+b",
    r"((a{1,99}){1,99}){1,99}",
    r"(.*)*(.*)*\1$",
    "a" + "?" * 5000,
]


@pytest.mark.parametrize("pattern", BOMBS)
def test_a_regex_bomb_is_refused_or_bounded(folder: Path, pattern: str) -> None:
    def tried() -> None:
        ruleset = load_text(folder, rule_text(f"s: {{f|re: '{pattern}'}}\ncondition: s"))
        assert len(ruleset.rules) + len(ruleset.refused) == 1
        engine = Engine(ruleset, ())
        for end in ("", "!", "b"):
            engine.fired(event({"f": "xa" + "a" * 40_000 + end}, shape=shaped(Logsource("linux"))))

    ends(tried)


@pytest.mark.parametrize(
    "body",
    [
        lambda n: "s: {f: " + "[" * n + "]" * n + "}\ncondition: s",
        lambda n: "s: {f: a}\ncondition: " + "(" * n + "s" + ")" * n,
        lambda n: "s: {f: a}\ncondition: " + "not " * 4 * n + "s",
        lambda n: "s: {f: a}\ncondition: " + " or ".join(["s"] * 4 * n),
        lambda n: "s: {f|contains: '" + "*a" * n + "'}\ncondition: s",
        lambda n: "s: {f|windash|base64offset: '" + " -a" * (n // 100) + "'}\ncondition: s",
    ],
)
def test_a_rule_twice_as_large_or_deep_takes_twice_the_work_at_most(folder: Path, body: Callable[[int], str]) -> None:
    def work(size: int) -> int:
        def tried() -> None:
            ruleset = load_text(folder, rule_text(body(size)))
            check(ruleset, {"f": "a" * size})
            assert len(ruleset.rules) + len(ruleset.refused) == 1

        return calls(tried)

    work(100)  # what is made once
    ends(lambda: work(4800))
    assert work(4800) <= 2.2 * work(2400) + 2000


STEPS = st.lists(
    st.fixed_dictionaries(
        {"type": st.one_of(st.sampled_from(sorted(transformations)), SCALARS)},
        optional={
            key: st.one_of(ANYTHING, st.just({"f": "g"}), st.just({"f": ["g", "h"]}), st.just("(?P<a>.)"), st.just("f"))
            for key in (
                *("mapping", "prefix", "suffix", "conditions", "regex", "replacement", "value", "method", "key", "val"),
                *("items", "target_type", "include", "message", "valid_hash_algos", "field_prefix", "rule_conditions"),
                *("field_name_conditions", "detection_item_conditions", "product", "category", "template"),
            )
        },
    ),
    max_size=2,
)


@tried(150)
@given(steps=st.one_of(STEPS, ANYTHING), record=RECORDS)
def test_any_pipeline_is_applied_or_refused(folder: Path, steps: object, record: dict[str, Value]) -> None:
    pipeline, rules = folder / "p.yml", folder / "r.yml"
    pipeline.write_text(yaml.safe_dump({"transformations": steps}), encoding="utf-8")
    rules.write_text(GOOD + "---\n" + GOOD.replace("[one, two]", "{g|expand: '%x%', f|fieldref: g}"), encoding="utf-8")
    ruleset = load([rules], pipelines=[pipeline])
    assert len(ruleset.rules) + len(ruleset.refused) >= 2
    check(ruleset, record)
