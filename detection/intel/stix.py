"""Indicators of a STIX 2.1 bundle. Read object by object: a bundle may be larger than the memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

import ijson

from detection.intel.indicator import Indicator, Kind, NoIndicator, canonical, refang
from detection.intel.leftout import LeftOut, Unreadable, no_json
from detection.intel.times import time_us

_PATHS: Final[Mapping[str, Kind]] = {
    "ipv4-addr:value": Kind.IP,
    "ipv6-addr:value": Kind.IP,
    "domain-name:value": Kind.DOMAIN,
    "url:value": Kind.URL,
    "email-addr:value": Kind.EMAIL,
    "email-message:from_ref.value": Kind.EMAIL,
    "email-message:sender_ref.value": Kind.EMAIL,
    "network-traffic:dst_ref.value": Kind.IP,
    "network-traffic:src_ref.value": Kind.IP,
    "file:hashes.md5": Kind.MD5,
    "file:hashes.sha-1": Kind.SHA1,
    "file:hashes.sha1": Kind.SHA1,
    "file:hashes.sha-256": Kind.SHA256,
    "file:hashes.sha256": Kind.SHA256,
    "file:hashes.sha-512": Kind.SHA512,
    "file:hashes.sha512": Kind.SHA512,
}
_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<mark><=|>=|!=|[\[\]()=,<>])
    | (?P<path>[A-Za-z0-9_-]+:[A-Za-z0-9_.'\[\]*-]+)
    | (?P<word>[A-Za-z]+)
    | (?P<other>\S+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_LONGEST_PATTERN: Final = 262_144


def read(file: BinaryIO) -> Iterator[Indicator | LeftOut]:
    """Only ``indicator`` objects: what was merely observed says nothing about being bad. Raises ``Unreadable``."""
    try:
        for number, item in enumerate(ijson.items(file, "objects.item", use_float=True), 1):
            if isinstance(item, dict) and item.get("type") == "indicator":
                yield from _indicator(item, str(item.get("id") or f"object {number}")[:100])
    except ijson.JSONError as wrong:
        raise Unreadable(no_json(wrong)) from None


def _indicator(item: Mapping[str, object], where: str) -> Iterator[Indicator | LeftOut]:
    if item.get("revoked") is True:
        yield LeftOut(where, "revoked")
        return
    if item.get("pattern_type", "stix") != "stix":
        yield LeftOut(where, f"pattern in another language: {str(item.get('pattern_type'))[:20]!r}")
        return
    try:
        pairs = comparisons(str(item.get("pattern") or ""))
        said = item.get("confidence")
        confidence = said if isinstance(said, int) and 0 <= said <= 100 else None
        start_us = time_us(str(item.get("valid_from") or ""))
        end_us = time_us(str(item.get("valid_until") or ""))
    except NoIndicator as refused:
        yield LeftOut(where, str(refused))
        return
    source, note = str(item.get("created_by_ref") or "")[:200], str(item.get("name") or "")[:500]
    for path, text in pairs:
        try:
            kind, value = _canonical(path, text)
            yield Indicator(kind, value, source, confidence, start_us, end_us, note)
        except NoIndicator as refused:
            yield LeftOut(where, str(refused))


def _canonical(path: str, text: str) -> tuple[Kind, str]:
    kind = _PATHS.get(path)
    if kind is None:
        raise NoIndicator(f"the pattern asks for: {path[:60]}")
    if kind is Kind.IP and path.startswith("network-traffic:") and any(c.isalpha() for c in text) and ":" not in text:
        kind = Kind.DOMAIN
    return canonical(kind, refang(text))


def comparisons(pattern: str) -> list[tuple[str, str]]:
    """(path in lower case without quotes, value) of a pattern that means *any of these*; both sides of an OR.

    AND, NOT, FOLLOWEDBY, qualifiers and other operators narrow what is meant, so half of it would be too much:
    raises ``NoIndicator``.
    """
    if len(pattern) > _LONGEST_PATTERN:
        raise NoIndicator("a pattern that is too long")
    tokens = [(found.lastgroup or "", found[found.lastgroup or 0]) for found in _TOKEN.finditer(pattern)]
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(tokens):
        name, text = tokens[at]
        if name == "path":
            values, at = _values(tokens, at + 1)
            found += [(text.lower().replace("'", ""), value) for value in values]
        elif (name, text.upper()) == ("word", "OR") or text in {"[", "]", "(", ")"}:
            at += 1
        else:
            raise NoIndicator(
                f"a pattern with: {text[:20]}" if name in {"word", "mark"} else "a pattern that cannot be read"
            )
    if not found:
        raise NoIndicator("no pattern")
    return found


def _values(tokens: list[tuple[str, str]], at: int) -> tuple[list[str], int]:
    """What stands behind a path: ``= 'x'``, ``ISSUBSET 'x'``, ``IN ('x', 'y')``; and where it ends."""
    name, operator = tokens[at] if at < len(tokens) else ("", "")
    if operator == "=" or operator.upper() == "ISSUBSET":
        if at + 1 < len(tokens) and tokens[at + 1][0] == "text":
            return [_text(tokens[at + 1][1])], at + 2
    elif operator.upper() == "IN" and at + 1 < len(tokens) and tokens[at + 1][1] == "(":
        values: list[str] = []
        at += 2
        while at < len(tokens) and (tokens[at][0] == "text" or tokens[at][1] == ","):
            values += [_text(tokens[at][1])] if tokens[at][0] == "text" else []
            at += 1
        if at < len(tokens) and tokens[at][1] == ")":
            return values, at + 1
    known = operator.upper() in {"=", "ISSUBSET", "IN"} or name not in {"word", "mark"}
    raise NoIndicator("a pattern that cannot be read" if known else f"a pattern with: {operator[:20]}")


def _text(literal: str) -> str:
    return re.sub(r"\\(.)", r"\1", literal[1:-1], flags=re.DOTALL)
