"""What is said in both languages, as JSON: kept so in the state store and the audit trail, shown in one. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from shouwang.model import Value
from shouwang.words import LANGUAGES, Words


def said(words: Words) -> Value:
    """``{"zh": ..., "en": ...}``; plain text where both are the same."""
    return words.en if words.zh == words.en else {"zh": words.zh, "en": words.en}


def heard(value: Value) -> Words | None:
    """What ``said`` made; ``None`` for anything else."""
    if isinstance(value, str):
        return Words(value, value)
    if isinstance(value, dict) and sorted(value) == sorted(LANGUAGES):
        zh, en = value["zh"], value["en"]
        if isinstance(zh, str) and isinstance(en, str):
            return Words(zh, en)
    return None


def in_language(detail: Mapping[str, Value], lang: str) -> dict[str, Value]:
    """An audit entry's detail with what it holds in both languages said in ``lang``; the rest as it is."""
    return {name: found.of(lang) if (found := heard(value)) else value for name, value in detail.items()}
