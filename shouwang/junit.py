"""Test results as JUnit XML, the form that Jenkins, GitLab, GitHub's reporters and others read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Case:
    suite: str
    name: str
    took_s: float = 0.0
    file: str = ""
    line: int = 0
    failure: str = ""
    """Empty: it passed."""
    is_error: bool = False
    """The failure is the test's own."""


def junit_xml(cases: Iterable[Case], *, name: str) -> str:
    """Characters that XML has not are shown escaped."""
    suites: dict[str, list[Case]] = {}
    for case in cases:
        suites.setdefault(case.suite, []).append(case)
    every = [case for found in suites.values() for case in found]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites name={_quoted(name)} {_counts(every)}>"]
    for suite, found in suites.items():
        lines.append(f"  <testsuite name={_quoted(suite)} {_counts(found)}>")
        for case in found:
            lines += _case(case)
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _case(case: Case) -> list[str]:
    place = f' file={_quoted(case.file)} line="{case.line}"' if case.file else ""
    head = f'    <testcase classname={_quoted(case.suite)} name={_quoted(case.name)} time="{case.took_s:.3f}"{place}'
    if not case.failure:
        return [head + "/>"]
    kind = "error" if case.is_error else "failure"
    where = f"{case.file}:{case.line}: " if case.file else ""
    text = escape(_safe(where + case.failure))
    return [head + ">", f"      <{kind} message={_quoted(case.failure)}>{text}</{kind}>", "    </testcase>"]


def _counts(cases: list[Case]) -> str:
    errors = sum(bool(case.failure) and case.is_error for case in cases)
    failures = sum(bool(case.failure) and not case.is_error for case in cases)
    took_s = sum(case.took_s for case in cases)
    return f'tests="{len(cases)}" failures="{failures}" errors="{errors}" skipped="0" time="{took_s:.3f}"'


def _quoted(text: str) -> str:
    return quoteattr(_safe(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _safe(text: str) -> str:
    return _NO_XML.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
