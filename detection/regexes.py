"""Regular expressions of rules, bounded: RE2 first, which is linear; else ``regex`` with a time limit. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import re2
import regex

from detection.sigma.faults import RuleFault
from detection.sigma.predicates import Regex
from shouwang.words import Words

Searcher = Callable[[str], bool]

LIMIT_S = 0.05
"""One search by the engine that can backtrack. What takes longer raises TimeoutError."""
PATIENCE = 20
"""Searches of one pattern that ran out of time, until it gets less: hostile lines must not stop the house."""
IMPATIENT_S = 0.002
_RE2_BYTES = 16 << 20
_OUTSIDE_CLASS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(\$)", re.DOTALL)


@lru_cache(maxsize=4096)
def searcher(wanted: Regex) -> Searcher:
    """Raises ``RuleFault`` when neither engine can read the pattern."""
    try:
        _re2(wanted.pattern)  # by itself: "a)(b" must not close the group that it will stand in
        return _re2(_linear(wanted))
    except re2.error:
        return _backtracking(wanted)


def any_of(wanted: Sequence[Regex]) -> Searcher | None:
    """All in one search; ``None`` when RE2 cannot read one of them, or not all together."""
    try:
        for each in wanted:
            _re2(each.pattern)
        return _re2("|".join(_linear(each) for each in wanted))
    except re2.error:
        return None


def _linear(wanted: Regex) -> str:
    """The pattern with its flags, for RE2, closed in itself."""
    flags = (("i", wanted.ignorecase), ("m", wanted.multiline), ("s", wanted.dotall))
    on = "".join(letter for letter, given in flags if given)
    return (r"\A" if wanted.start else "") + f"(?{on}:{wanted.pattern})" + (r"\z" if wanted.end else "")


def _re2(pattern: str) -> Searcher:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _RE2_BYTES
    options.never_capture = True
    search = re2.compile(pattern, options).search

    def found(text: str) -> bool:
        try:
            encoded = text.encode()
        except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 cannot say
            encoded = text.encode("utf-8", "replace")
        return search(encoded) is not None  # given text, it would count letters that nobody asks for

    return found


def _backtracking(wanted: Regex) -> Searcher:
    """``$`` as in RE2: without ``m`` the very end, not before a last line break."""
    tied = wanted.start or wanted.end
    pattern = f"(?:{wanted.pattern})" if tied else wanted.pattern
    pattern = (r"\A" if wanted.start else "") + pattern + (r"\Z" if wanted.end else "")
    flags = regex.VERSION0
    if wanted.ignorecase:
        flags |= regex.IGNORECASE
    if wanted.multiline:
        flags |= regex.MULTILINE
    else:
        pattern = _OUTSIDE_CLASS.sub(lambda m: r"\Z" if m[1] else m[0], pattern)
    if wanted.dotall:
        flags |= regex.DOTALL
    try:
        regex.compile(wanted.pattern, flags)
        compiled = regex.compile(pattern, flags)
    except (regex.error, RecursionError, OverflowError) as error:
        raise RuleFault(
            Words(
                f"{wanted.pattern!r} 不是正则表达式：{error}", f"{wanted.pattern!r} is no regular expression: {error}"
            )
        ) from None

    late = 0

    def found(text: str) -> bool:
        nonlocal late
        try:
            return compiled.search(text, timeout=LIMIT_S if late < PATIENCE else IMPATIENT_S) is not None
        except TimeoutError:
            late += 1
            raise

    return found
