"""Each modifier of Sigma 2.1 against its definition, written a second time."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from detection.naive import holds
from detection.sigma.faults import RuleFault
from detection.sigma.modifiers import KNOWN, predicates, read_key
from detection.sigma.tree import Atom
from shouwang.model import Value
from tests.property.detection import reference
from tests.property.detection.examples import tried
from tests.unit.detection.sample import event, item

WRITTEN = st.text(alphabet="aAbB*?\\/- \n.éÉ中", max_size=7)
SEEN = st.text(alphabet="aAbB*?\\/- \n.éÉ中", max_size=9)
PLAIN = st.text(alphabet="aAbB-/ \u2013\u2015x", min_size=1, max_size=8)
ANY_SCRIPT = st.text(alphabet="ab 中文é\U0001f600", min_size=2, max_size=6)
NUMBERS = st.one_of(st.integers(-1000, 1000), st.integers(-(2**70), 2**70), st.decimals(-99, 99, places=2).map(float))
COMPARISONS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "lt": Fraction.__lt__,
    "lte": Fraction.__le__,
    "gt": Fraction.__gt__,
    "gte": Fraction.__ge__,
}
PARTS: dict[str, Callable[[datetime], int]] = {
    "minute": lambda t: t.minute,
    "hour": lambda t: t.hour,
    "day": lambda t: t.day,
    "week": lambda t: int(t.strftime("%V")),
    "month": lambda t: t.month,
    "year": lambda t: t.year,
}


@tried(150)
@given(WRITTEN, SEEN)
def test_no_modifier(written: str, seen: str) -> None:
    assume(written not in {"*", "**", "***"})
    assert item("f", written, {"f": seen}) is reference.value(written, seen)


@tried(150)
@given(WRITTEN, SEEN)
def test_contains(written: str, seen: str) -> None:
    assert item("f|contains", written, {"f": seen}) is reference.value(written, seen, before=True, after=True)


@tried(100)
@given(WRITTEN, SEEN)
def test_startswith(written: str, seen: str) -> None:
    assert item("f|startswith", written, {"f": seen}) is reference.value(written, seen, after=True)


@tried(100)
@given(WRITTEN, SEEN)
def test_endswith(written: str, seen: str) -> None:
    assert item("f|endswith", written, {"f": seen}) is reference.value(written, seen, before=True)


@tried(100)
@given(WRITTEN, SEEN, st.sampled_from([("", False, False), ("|contains", True, True), ("|endswith", True, False)]))
def test_cased(written: str, seen: str, position: tuple[str, bool, bool]) -> None:
    key, before, after = position
    expected = reference.value(written, seen, before=before, after=after, cased=True)
    assume(key or written.strip("*"))
    assert item(f"f|cased{key}", written, {"f": seen}) is expected


@tried(80)
@given(st.lists(WRITTEN, min_size=1, max_size=3), st.lists(SEEN, min_size=1, max_size=3))
def test_all(written: list[str], seen: list[str]) -> None:
    """Different elements of a list may serve different values."""
    doc: dict[str, Value] = {"f": list(seen)}
    each = [any(reference.value(w, s, before=True, after=True) for s in seen) for w in written]
    assert item("f|contains|all", list(written), doc) is all(each)
    assert item("f|contains", list(written), doc) is any(each)


@tried(80)
@given(
    st.lists(WRITTEN, min_size=1, max_size=3),
    st.one_of(SEEN, st.none(), st.integers(-3, 3), st.lists(SEEN, max_size=2)),
    st.sampled_from(["", "|contains", "|startswith", "|cased", "|contains|all", "|windash"]),
    st.booleans(),
)
def test_neq(written: list[str], seen: Value, key: str, present: bool) -> None:
    doc: dict[str, Value] = {"f": seen} if present else {}
    assert item(f"f{key}|neq", list(written), doc) is not item(f"f{key}", list(written), doc)


@tried(40)
@given(st.dictionaries(st.sampled_from("fgh"), st.one_of(st.none(), SEEN, st.lists(SEEN, max_size=1))), st.booleans())
def test_exists(doc: dict[str, Value], wanted: bool) -> None:
    assert item("f|exists", wanted, doc) is (("f" in doc) is wanted)


@tried(150)
@given(PLAIN, PLAIN, st.sampled_from(["", "|contains", "|startswith", "|endswith"]))
def test_windash(written: str, seen: str, position: str) -> None:
    before = position in {"|contains", "|endswith"}
    after = position in {"|contains", "|startswith"}
    expected = any(
        reference.value(spelling, seen, before=before, after=after) for spelling in reference.dashes(written)
    )
    assert item(f"f|windash{position}", written, {"f": seen}) is expected


@tried(60)
@given(PLAIN)
def test_windash_takes_every_spelling(written: str) -> None:
    for spelling in reference.dashes(written):
        assert item("f|windash", written, {"f": spelling})


REGEXES = st.sampled_from(
    ["a", "A", "a.b", "^a", "b$", "a+b*", "(a|b)c?", "[a-c]{2,3}", "[^a]", "^$", "a|^b", r"\.", ""]
)


@tried(200)
@given(REGEXES, st.text(alphabet="aAbBc.\n", max_size=8), st.sets(st.sampled_from("ims")))
def test_re(pattern: str, seen: str, flags: set[str]) -> None:
    on = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
    meant = pattern if "m" in flags else pattern.replace("$", r"\Z")
    expected = re.search(meant, seen, sum((on[flag] for flag in flags), re.NOFLAG)) is not None
    assert item("|".join(["f", "re", *sorted(flags)]), pattern, {"f": seen}) is expected


def test_re_i() -> None:
    assert item("f|re|i", "ABC", {"f": "xabcx"})
    assert not item("f|re", "ABC", {"f": "xabcx"})


def test_re_m() -> None:
    assert item("f|re|m", "^b$", {"f": "a\nb\nc"})
    assert not item("f|re", "^b$", {"f": "a\nb\nc"})


def test_re_s() -> None:
    assert item("f|re|s", "a.b", {"f": "a\nb"})
    assert not item("f|re", "a.b", {"f": "a\nb"})


@tried(60)
@given(ANY_SCRIPT, st.binary(max_size=4))
def test_base64(text: str, noise: bytes) -> None:
    whole = b64encode(text.encode()).decode()
    assert item("f|base64", text, {"f": whole})
    assert item("f|base64|contains", text, {"f": "x " + whole + " y"})
    other = b64encode(noise).decode()
    assert item("f|base64", text, {"f": other}) is (other.lower() == whole.lower())


@tried(150)
@given(ANY_SCRIPT, st.binary(max_size=5), st.binary(max_size=5))
def test_base64offset(text: str, before: bytes, after: bytes) -> None:
    seen = b64encode(before + text.encode() + after).decode()
    assert item("f|base64offset|contains", text, {"f": seen})
    noise = b64encode(before + after).decode()
    expected = any(part.lower() in noise.lower() for part in reference.fixed_parts(text.encode()))
    assert item("f|base64offset|contains", text, {"f": noise}) is expected


@pytest.mark.parametrize(
    ("modifier", "codec", "mark"),
    [
        ("utf16le", "utf-16-le", b""),
        ("wide", "utf-16-le", b""),
        ("utf16be", "utf-16-be", b""),
        ("utf16", "utf-16-le", b"\xff\xfe"),
    ],
)
@tried(40)
@given(text=ANY_SCRIPT, before=st.text("ab", max_size=3))
def test_utf16(modifier: str, codec: str, mark: bytes, text: str, before: str) -> None:
    data = mark + text.encode(codec)
    assert item(f"f|{modifier}|base64", text, {"f": b64encode(data).decode()})
    around = before.encode() + data + b"end"
    assert item(f"f|{modifier}|base64offset|contains", text, {"f": b64encode(around).decode()})


@tried(150)
@given(st.sampled_from(sorted(COMPARISONS)), NUMBERS, NUMBERS, st.booleans())
def test_lt_lte_gt_gte(op: str, bound: float, seen: float, as_text: bool) -> None:
    expected = COMPARISONS[op](Fraction(seen), Fraction(bound))
    found: Value = (str(seen) if "e" not in str(seen) else seen) if as_text else seen
    assert item(f"f|{op}", bound, {"f": found}) is expected


@pytest.mark.parametrize("op", sorted(COMPARISONS))
@pytest.mark.parametrize("seen", [None, True, "", "five", "5 ", "0x5", [], {"a": 5}, "１"])
def test_what_is_no_number_is_neither_less_nor_more(op: str, seen: Value) -> None:
    assert not item(f"f|{op}", 5, {"f": seen})


@pytest.mark.parametrize("part", sorted(PARTS))
@tried(40)
@given(
    moment=st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001  # as a log writes it
    op=st.sampled_from(["", *COMPARISONS]),
    shift=st.integers(-2, 2),
    form=st.sampled_from(["{:%Y-%m-%d %H:%M:%S}", "{:%Y-%m-%dT%H:%M:%S.%f}Z", "{:%Y-%m-%dT%H:%M}+08:00"]),
)
def test_time_parts(part: str, moment: datetime, op: str, shift: int, form: str) -> None:
    actual = PARTS[part](moment)
    bound = actual + shift
    expected = COMPARISONS[op](Fraction(actual), Fraction(bound)) if op else actual == bound
    assert item("|".join(filter(None, ["f", part, op])), bound, {"f": form.format(moment)}) is expected


@tried(40)
@given(st.integers(10**9, 4 * 10**9), st.sampled_from([1, 10**3, 10**6, 10**9]))
def test_counts_since_1970_have_parts_in_utc(seconds: int, unit: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    for part, of in PARTS.items():
        assert item(f"f|{part}", of(moment), {"f": seconds * unit})


@tried(120)
@given(st.integers(0, 2**32 - 1), st.integers(0, 32), st.integers(0, 2**32 - 1), st.integers(0, 31))
def test_cidr(base: int, length: int, other: int, flipped: int) -> None:
    mask = (2**32 - 1) >> (32 - length) << (32 - length) if length else 0
    network = f"{dotted(base & mask)}/{length}"
    for seen in (other, base, base ^ (1 << flipped)):
        expected = seen & mask == base & mask
        assert item("f|cidr", network, {"f": dotted(seen)}) is expected
        assert item("f|cidr", network, {"f": f"::ffff:{dotted(seen)}"}) is expected
        assert reference.address(dotted(seen)) == seen


@tried(80)
@given(st.integers(0, 2**128 - 1), st.integers(1, 128), st.integers(0, 127))
def test_cidr_of_ipv6(base: int, length: int, flipped: int) -> None:
    mask = (2**128 - 1) >> (128 - length) << (128 - length)
    network = f"{colons(base & mask)}/{length}"
    seen = base ^ (1 << flipped)
    assert item("f|cidr", network, {"f": colons(seen)}) is (seen & mask == base & mask)
    assert not item("f|cidr", network, {"f": "10.0.0.1"})


def dotted(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def colons(number: int) -> str:
    return ":".join(f"{number >> shift & 0xFFFF:X}" for shift in range(112, -16, -16))


@tried(60)
@given(st.lists(WRITTEN, max_size=3), st.lists(WRITTEN, min_size=1, max_size=3), SEEN)
def test_expand(first: list[str], second: list[str], seen: str) -> None:
    given_values = {"x": first, "y": second}
    key = read_key("f|expand|contains")
    if not first:
        assert predicates(key, "%x%", given_values) == ()
        return
    tests = predicates(key, "%x%.%y%", given_values)
    fired = any(holds(Atom("f", test), event({"f": seen})) for test in tests)
    texts = [f"{a}.{b}" for a, b in product(first, second)]
    assert fired is any(reference.value(text, seen, before=True, after=True) for text in texts)


def test_expand_without_a_value_is_refused() -> None:
    with pytest.raises(RuleFault, match="%x% has no values"):
        predicates(read_key("f|expand"), "%x%", {})


RELATIONS: dict[str, Callable[[str, str], bool]] = {
    "": str.__eq__,
    "|startswith": str.startswith,
    "|endswith": str.endswith,
    "|contains": str.__contains__,
}


@tried(120)
@given(
    st.sampled_from(sorted(RELATIONS)),
    st.lists(st.text("aAbé", max_size=4), max_size=2),
    st.lists(st.text("aAbé", max_size=4), max_size=2),
    st.booleans(),
)
def test_fieldref(how: str, mine: list[str], theirs: list[str], cased: bool) -> None:
    doc: dict[str, Value] = {"f": list(mine), "g": list(theirs)}
    fold = str if cased else str.lower
    expected = any(RELATIONS[how](fold(a), fold(b)) for a in mine for b in theirs)
    key = f"f|fieldref{how}" + "|cased" * cased
    assert item(key, "g", doc) is expected
    assert item(f"{key}|neq", "g", doc) is not expected


def test_every_modifier_has_its_definition_here() -> None:
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    together = {"utf16le": "utf16", "utf16be": "utf16", "i": "re_i", "m": "re_m", "s": "re_s"}
    together |= dict.fromkeys(COMPARISONS, "lt_lte_gt_gte") | dict.fromkeys(PARTS, "time_parts")
    assert {together.get(modifier, modifier) for modifier in KNOWN} <= tested
