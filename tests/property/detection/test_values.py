"""Plain values: text, numbers, booleans, null, lists, and what a field may hold, against their definitions."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from detection.naive import holds
from shouwang.model import Value
from tests.property.detection import reference
from tests.property.detection.examples import tried
from tests.unit.detection.sample import detection, event, fires, item, text_event

TEXTS = st.text(alphabet="aA1.-tTrRuUeE é", max_size=6)
SCALARS: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 12), st.sampled_from(["1", "01", "1.0", "-3", "12", "true", ""]), TEXTS
)
VALUES: st.SearchStrategy[Value] = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
DOCS = st.dictionaries(st.sampled_from("fgh"), VALUES)


def elements(value: Value) -> list[Value]:
    if not isinstance(value, list):
        return [value]
    return [each for inner in value for each in elements(inner)]


def as_text(value: Value) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


@tried(150)
@given(TEXTS, VALUES)
def test_text_equals_text_without_case_and_the_digits_of_a_number(written: str, seen: Value) -> None:
    texts = [as_text(each) for each in elements(seen)]
    expected = any(text is not None and text.lower() == written.lower() for text in texts)
    assert item("f", written, {"f": seen}) is expected


@tried(150)
@given(st.integers(-3, 12), VALUES)
def test_a_number_equals_a_number_and_text_that_is_nothing_but_one(written: int, seen: Value) -> None:
    def same(each: Value) -> bool:
        if isinstance(each, bool) or not isinstance(each, int | float | str):
            return False
        try:
            return Fraction(str(each)) == written and str(each).strip() == str(each) and "e" not in str(each).lower()
        except (ValueError, ZeroDivisionError):
            return False

    plain = [each for each in elements(seen) if not str(each).startswith(".") and not str(each).endswith(".")]
    assert item("f", written, {"f": list(plain)}) is any(same(each) for each in plain)


@tried(80)
@given(st.booleans(), VALUES)
def test_a_boolean_equals_the_boolean_and_its_word(written: bool, seen: Value) -> None:
    word = "true" if written else "false"
    expected = any(each is written or (isinstance(each, str) and each.lower() == word) for each in elements(seen))
    assert item("f", written, {"f": seen}) is expected


@tried(100)
@given(DOCS)
def test_null_is_missing_or_null_or_a_list_without_a_value_or_with_a_null(doc: dict[str, Value]) -> None:
    expected = "f" not in doc or elements(doc["f"]) == [] or None in elements(doc["f"])
    assert item("f", None, doc) is expected


@tried(100)
@given(DOCS)
def test_empty_is_the_empty_text_only(doc: dict[str, Value]) -> None:
    assert item("f", "", doc) is ("f" in doc and any(each == "" for each in elements(doc["f"])))


@tried(60)
@given(DOCS)
def test_a_star_alone_is_any_value_but_null(doc: dict[str, Value]) -> None:
    assert item("f", "*", doc) is ("f" in doc and any(each is not None for each in elements(doc["f"])))


@tried(100)
@given(st.lists(TEXTS, min_size=1, max_size=4), VALUES)
def test_a_list_of_values_is_any_of_them_and_a_map_all_its_keys(written: list[str], seen: Value) -> None:
    doc: dict[str, Value] = {"f": seen, "g": seen}
    assert item("f", list(written), doc) is any(item("f", each, doc) for each in written)
    both = holds(detection(f"s: {{f: {written[0]!r}, g: {written[-1]!r}}}\ncondition: s"), event(doc))
    assert both is (item("f", written[0], doc) and item("g", written[-1], doc))


@tried(100)
@given(TEXTS, st.lists(SCALARS, max_size=4))
def test_a_list_in_the_event_matches_when_one_element_does(written: str, seen: list[Value]) -> None:
    assert item("f|contains", written, {"f": list(seen)}) is any(
        item("f|contains", written, {"f": each}) for each in seen
    )


def test_a_list_of_maps_is_any_of_them() -> None:
    text = "s:\n  - {f: a, g: b}\n  - {f|contains: c}\ncondition: s"
    assert fires(text, {"f": "a", "g": "b"})
    assert fires(text, {"f": "xcx"})
    assert not fires(text, {"f": "a", "g": "x"})


def test_a_list_of_conditions_is_any_of_them() -> None:
    text = "s: {f: a}\nt: {g: b}\ncondition:\n  - s and not t\n  - t and not s"
    assert fires(text, {"f": "a"})
    assert fires(text, {"g": "b"})
    assert not fires(text, {"f": "a", "g": "b"})


# ------------------------------------------------------------------------------------------- keywords

WORDS = st.lists(st.sampled_from(["one", "Two", "3", "fo*r", "中文", "a b"]), min_size=1, max_size=4)
LINES = st.lists(st.sampled_from(["ONE", "two", "3", "foxr", "中文", "a b", "a  b", "x"]), max_size=5).map(" ".join)


@tried(100)
@given(WORDS, LINES)
def test_keywords_in_a_list_are_or(words: list[str], line: str) -> None:
    expected = any(reference.value(word, line, before=True, after=True) for word in words)
    assert holds(detection(f"k: {words!r}\ncondition: k"), text_event(line)) is expected


@tried(100)
@given(WORDS, LINES)
def test_keywords_under_all_are_and(words: list[str], line: str) -> None:
    expected = all(reference.value(word, line, before=True, after=True) for word in words)
    assert holds(detection(f"k: {{'|all': {words!r}}}\ncondition: k"), text_event(line)) is expected


def test_a_list_of_maps_of_keywords_is_or() -> None:
    text = "k:\n  - '|all': [one, two]\n  - '|all': [three]\n  - four\ncondition: k"
    for line, expected in [("two one", True), ("one", False), ("three", True), ("four", True), ("", False)]:
        assert holds(detection(text), text_event(line)) is expected


def test_keywords_may_be_regular_expressions() -> None:
    assert holds(detection("k: {'|re': ['a.c', '^x$']}\ncondition: k"), text_event("b abc"))
    assert not holds(detection("k: {'|re': ['A.C', '^x$']}\ncondition: k"), text_event("b abc"))
    assert holds(detection("k: {'|re|i': ['A.C']}\ncondition: k"), text_event("b abc"))
    assert not holds(detection("k: {'|all|re': ['a', 'z']}\ncondition: k"), text_event("b abc"))
