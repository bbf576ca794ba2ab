"""Lines -> records, for logs whose records have several lines. Holds one record. Pure."""

from __future__ import annotations

from typing import Protocol

import re2

from collectors.parsers.flags import TRUNCATED
from collectors.sources.lines import CAP_BYTES, Line
from shouwang.errors import UsageError
from shouwang.words import Words


class StartPattern(Protocol):
    def search(self, text: bytes) -> object | None: ...


def start_pattern(text: str, encoding: str = "utf-8") -> StartPattern:
    """RE2, on bytes. Raises ``UsageError``."""
    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    try:
        pattern: StartPattern = re2.compile(text.encode(encoding), options)
    except re2.error as wrong:
        why = wrong.args[0].decode("utf-8", "replace") if isinstance(wrong.args[0], bytes) else str(wrong)
        raise UsageError(
            Words(
                f"{text!r} 不是可用的正则表达式：{why}。", f"{text!r} is no regular expression that can be used: {why}."
            ),
            hint=Words("语法为 RE2：没有环视和反向引用。", "It is RE2: no look-around, no references."),
        ) from wrong
    return pattern


class RecordJoiner:
    """A line that matches the pattern starts a record; what follows belongs to it. No pattern: each line is one."""

    def __init__(self, pattern: StartPattern | None) -> None:
        self._pattern = pattern
        self._lines: list[bytes] = []
        self._size = 0
        self._kept = 0
        self._flags: tuple[str, ...] = ()
        self._end = 0

    @property
    def holds(self) -> bool:
        return bool(self._lines)

    def add(self, lines: list[Line]) -> list[Line]:
        """The records that these lines finished."""
        if self._pattern is None:
            return lines
        records: list[Line] = []
        for line in lines:
            if self._lines and self._pattern.search(line.raw):
                records.append(self._take())
            self._keep(line)
        return records

    def flush(self) -> Line | None:
        """What is held, when nothing came for a while or no more will."""
        return self._take() if self._lines else None

    def _keep(self, line: Line) -> None:
        room = CAP_BYTES - self._kept
        if room > 0 or not self._lines:
            self._lines.append(line.raw[:room])
            self._kept += len(self._lines[-1]) + 1
        self._size += (line.length or len(line.raw)) + 1
        self._flags = tuple(dict.fromkeys((*self._flags, *line.flags)))
        self._end = line.end

    def _take(self) -> Line:
        raw, size = b"\n".join(self._lines), self._size - 1
        cut = size > len(raw)
        flags = tuple(dict.fromkeys((*self._flags, TRUNCATED))) if cut else self._flags
        record = Line(raw, self._end, flags, size if cut else 0)
        self._lines, self._size, self._kept, self._flags = [], 0, 0, ()
        return record
