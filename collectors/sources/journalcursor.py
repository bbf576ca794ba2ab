"""What a journal cursor says of its entry. Pure.

``s`` names the sequence, ``i`` counts in it, ``b`` the boot, ``m`` microseconds since it, ``t`` since 1970; hexadecimal
(systemd, sd_journal_get_cursor). Officially opaque: a cursor that reads otherwise is only less useful.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JournalMark:
    sequence: str
    number: int
    boot: str
    monotonic_us: int
    time_us: int

    def is_after(self, other: JournalMark) -> bool:
        """Whether the journal took this entry later than the other."""
        if self.sequence == other.sequence:
            return self.number > other.number
        if self.boot == other.boot:
            return self.monotonic_us > other.monotonic_us
        return self.time_us > other.time_us


def read_cursor(cursor: str) -> JournalMark | None:
    parts = dict(part.partition("=")[::2] for part in cursor.split(";"))
    try:
        return JournalMark(parts["s"], int(parts["i"], 16), parts["b"], int(parts["m"], 16), int(parts["t"], 16))
    except (KeyError, ValueError):
        return None
