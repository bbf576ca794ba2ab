"""Indicators as CSV, or one a line.

With a header, which may stand in a comment, its names decide (see ``_COLUMNS``). Without one the first cell is the
value and the second a note.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, Final

from detection.intel.indicator import HASHES, Indicator, Kind, NoIndicator, canonical, guessed
from detection.intel.leftout import LeftOut, Unreadable
from detection.intel.times import time_us
from shouwang.words import Words

_LONGEST_LINE: Final = 65_536
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "value": ("indicator", "value", "ioc", "ioc_value", "observable", "指标", "值"),
    "kind": ("type", "kind", "ioc_type", "indicator_type", "类型"),
    "source": ("source", "provider", "feed", "reporter", "来源"),
    "confidence": ("confidence", "confidence_level", "score", "置信度"),
    "from": ("valid_from", "first_seen", "first_seen_utc", "起始"),
    "until": ("valid_until", "expires", "expiry", "expiration", "有效期", "到期"),
    "note": ("description", "comment", "note", "threat", "malware", "reference", "说明", "备注"),
}
_KINDS: Final[Mapping[str, Kind]] = {
    **{kind.value: kind for kind in Kind},
    **dict.fromkeys(("ipv4", "ipv6", "ip-src", "ip-dst", "ipv4-addr", "ipv6-addr", "address", "ip地址"), Kind.IP),
    **dict.fromkeys(("cidr", "subnet", "netblock", "网段"), Kind.NETWORK),
    **dict.fromkeys(("domain-name", "hostname", "fqdn", "host", "域名"), Kind.DOMAIN),
    **dict.fromkeys(("uri", "网址"), Kind.URL),
    **dict.fromkeys(("e-mail", "email-addr", "email-src", "email-dst", "mail", "邮箱"), Kind.EMAIL),
    **{f"{name}-{kind.value}": kind for kind in HASHES for name in ("hash", "filehash")},
    "sha-1": Kind.SHA1,
    "sha-256": Kind.SHA256,
    "sha-512": Kind.SHA512,
}  # fmt: skip
_WORDS_OF_CONFIDENCE: Final = {"low": 30, "medium": 60, "high": 85, "低": 30, "中": 60, "高": 85}


def read(file: BinaryIO) -> Iterator[Indicator | LeftOut]:
    """Raises ``Unreadable``."""
    if file.read(3) != b"\xef\xbb\xbf":
        file.seek(0)
    lines = _lines(file)
    table = csv.reader((text for _, text in lines), delimiter=_delimiter(file), strict=False)
    columns: dict[str, int] | None = None
    first = True
    while True:
        try:
            row = next(table, None)
        except csv.Error as wrong:
            yield LeftOut(f"line {table.line_num}", f"not CSV: {wrong}")
            continue
        if row is None:
            return
        if not any(cell.strip() for cell in row):
            continue
        if first and (header := _header(row)) is not None:
            columns = header
            continue
        if row[0].lstrip().startswith("#"):
            continue
        first = False
        yield _row(row, columns, f"line {table.line_num}")


def _lines(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Each with its number, decoded."""
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            raise Unreadable(
                Words(f"第 {number} 行超过 {_LONGEST_LINE} 字节", f"line {number} is longer than {_LONGEST_LINE} bytes")
            )
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = line.decode("gb18030", "replace")
        yield number, text.replace("\0", "\ufffd")


def _delimiter(file: BinaryIO) -> str:
    """Of the three, the one that the first line of data has most of."""
    start = file.tell()
    best = ","
    while line := file.readline(_LONGEST_LINE):
        if line.strip() and not line.lstrip().startswith(b"#"):
            best = max((",", ";", "\t"), key=lambda each: line.count(each.encode()))
            break
    file.seek(start)
    return best


def _header(row: Sequence[str]) -> dict[str, int] | None:
    """Column -> its place; ``None`` when the first row is data."""
    names = [cell.strip().lstrip("#").strip().strip('"').lower().replace(" ", "_") for cell in row]
    found = {
        column: places[0]
        for column, known in _COLUMNS.items()
        if (places := [names.index(name) for name in known if name in names])
    }
    return found if "value" in found else None


def _row(row: Sequence[str], columns: Mapping[str, int] | None, where: str) -> Indicator | LeftOut:
    def cell(column: str) -> str:
        at = {"value": 0, "note": 1}.get(column) if columns is None else columns.get(column)
        return row[at].strip() if at is not None and at < len(row) else ""

    try:
        kind, value = _value(cell("value"), cell("kind"))
        return Indicator(
            kind=kind,
            value=value,
            source=cell("source")[:200],
            confidence=_confidence(cell("confidence")),
            valid_from_us=time_us(cell("from")),
            valid_until_us=time_us(cell("until")),
            note=cell("note")[:500],
        )
    except NoIndicator as refused:
        return LeftOut(where, str(refused))


def _value(text: str, named: str) -> tuple[Kind, str]:
    if not named:
        return guessed(text)
    kind = _KINDS.get(named.lower())
    if kind is not None:
        return canonical(kind, text)
    if named.lower() in {"hash", "file", "ip:port"}:
        return guessed(text.rsplit(":", 1)[0] if named.lower() == "ip:port" else text)
    raise NoIndicator(f"type not known: {named[:40]!r}")


def _confidence(text: str) -> int | None:
    if not text:
        return None
    if (word := _WORDS_OF_CONFIDENCE.get(text.lower())) is not None:
        return word
    try:
        number = float(text.rstrip("%"))
    except ValueError:
        raise NoIndicator("confidence is neither 0 to 100 nor low, medium, high") from None
    if not 0 <= number <= 100:
        raise NoIndicator("confidence is neither 0 to 100 nor low, medium, high")
    return round(number)
