"""What is said to people, in both languages of the product. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LANGUAGES: Final = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Words:
    """One thing said in Chinese and in English; what belongs into it is filled in on both sides.

    As plain text it is English: that is what the log and a developer read.
    """

    zh: str
    en: str

    def of(self, lang: str) -> str:
        """English when that is asked for, else Chinese."""
        return self.en if lang == "en" else self.zh

    def __str__(self) -> str:
        return self.en

    def __bool__(self) -> bool:
        return bool(self.zh or self.en)


def many(count: float, one: str, more: str = "") -> str:
    """``1 alert``, ``3 alerts``; ``more`` where an s does not make it. English alone: Chinese counts need none."""
    return f"{count:.0f} {one if count == 1 else more or one + 's'}"


NOTHING: Final = Words("", "")


def words(text: str | Words) -> Words:
    """What is no ``Words`` yet stands as it is in both languages."""
    return text if isinstance(text, Words) else Words(text, text)
