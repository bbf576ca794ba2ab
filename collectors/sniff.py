"""Which parser reads a file, by its first bytes; the name helps only where the bytes do not tell. Pure."""

from __future__ import annotations

import re
from typing import Final

import orjson

EVTX_MAGIC: Final = b"ElfFile\0"
UTF16_MARKS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
UTF8_MARK: Final = b"\xef\xbb\xbf"

_MONTH: Final = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_LINES: Final[tuple[tuple[str, re.Pattern[bytes]], ...]] = (
    ("auditd", re.compile(rb"(?:node=\S+ )?type=\S+ msg=audit\(\d")),
    ("access", re.compile(rb'[^"]*\[\d\d/' + _MONTH + rb'/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "')),
    ("httpd_error", re.compile(rb"\[\w{3} " + _MONTH + rb" {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)? \d{4}\] \[")),
    ("httpd_error", re.compile(rb"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\] \d+#\d+:")),
    (
        "postgresql",
        re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \S{1,6} \[\d+\](?::| ).{0,200}?[A-Z]{3,9}:  "),
    ),
    ("mysql", re.compile(rb"\d{4}-\d\d-\d\d[T ] ?\d{1,2}:\d\d:\d\d\S* \d+ \[\w+\] ")),
    ("mysql", re.compile(rb"\d{8} \d\d:\d\d:\d\d,[^,]*,.*,\d+,\d+,[A-Z_]+,")),
    ("mysql", re.compile(rb"(?:\d\S+ *\d{0,2}:?\S*)?\t+ *\d+ (?:Query|Connect|Quit|Init DB|Execute)\t")),
    ("syslog", re.compile(rb"<\d{1,3}>")),
    ("syslog", re.compile(rb"[\w.:*/ \[\]-]{0,120}%[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+)*-[0-7]-[A-Z0-9_]+ ?:")),
    ("syslog", re.compile(rb"[*%]?" + _MONTH + rb" {1,2}\d{1,2} (?:\d{4} )?\d\d:\d\d:\d\d")),
    ("syslog", re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S* \S+ [^\s:\[]+(?:\[\d+\])?: ")),
)
_XML: Final = re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?<Events?[\s>]")
_NAMES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("auditd", re.compile(r"audit\.log")),
    ("access", re.compile(r"access[._-]?log|access\.")),
    ("postgresql", re.compile(r"postgresql.*\.log")),
    ("mysql", re.compile(r"mysql|mariadb|server_audit")),
    ("syslog", re.compile(r"auth\.log|secure|messages|syslog|kern\.log|cron")),
    ("json", re.compile(r"\.(?:json|jsonl|ndjson)\b")),
)
_LOOKED_AT: Final = 25


def encoding_of(head: bytes) -> str:
    """``utf-16-le``, ``utf-16-be`` or empty: by the mark, or by the zero bytes of Latin text."""
    if (marked := UTF16_MARKS.get(head[:2])) is not None:
        return marked
    sample = head[:512]
    if len(sample) >= 8:
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        if odd > len(sample) // 4 and even == 0:
            return "utf-16-le"
        if even > len(sample) // 4 and odd == 0:
            return "utf-16-be"
    return ""


def sniff(head: bytes, name: str) -> str:
    """A name in ``PARSERS``; ``head`` is the uncompressed beginning, some KiB of it, ``name`` the file's."""
    return by_content(head) or by_name(name)


def by_name(name: str) -> str:
    return next((parser for parser, pattern in _NAMES if pattern.search(name.lower())), "text")


def by_content(head: bytes) -> str:
    """Empty when the bytes do not tell."""
    if head.startswith(EVTX_MAGIC):
        return "evtx"
    if encoding := encoding_of(head):
        head = head[: len(head) // 2 * 2].decode(encoding, "replace").encode()
    head = head.removeprefix(UTF8_MARK)
    body = head.lstrip()
    if body[:1] in {b"{", b"["} and _looks_like_json(body):
        return "journald" if _is_journal(body) else "json"
    if _XML.match(head):
        return "xml"
    votes: dict[str, int] = {}
    lines = [line for line in head.splitlines()[:_LOOKED_AT] if line.strip()]
    for line in lines:
        for parser, pattern in _LINES:
            if pattern.match(line):
                votes[parser] = votes.get(parser, 0) + 1
                break
        else:
            if line.lstrip().startswith(b"{"):
                votes["json"] = votes.get("json", 0) + 1
    if votes:
        best = max(votes, key=lambda parser: votes[parser])
        if votes[best] * 3 >= len(lines):
            return best
    return ""


def _looks_like_json(body: bytes) -> bool:
    """``[Sun Dec 04 ...`` is no array: after the bracket a value must come."""
    rest = body[1:].lstrip()
    return not rest or rest[:1] in (b'"', b"}") or (body[:1] == b"[" and rest[:1] in (b"{", b"[", b"]"))


def _is_journal(body: bytes) -> bool:
    line = body.lstrip(b"[ \r\n\t").partition(b"\n")[0]
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return b'"__REALTIME_TIMESTAMP"' in body[:4096]
    return isinstance(entry, dict) and ("__REALTIME_TIMESTAMP" in entry or "__CURSOR" in entry)
