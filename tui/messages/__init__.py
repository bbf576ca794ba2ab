"""The console's words, one TOML file a language with equal keys (a test compares them)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences of one language by key, for example ``words("alerts.count", n=3)``."""

    language: str
    table: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The sentence; a key that is missing stands for itself. Values must already be safe text."""
        sentence = self.table.get(key, key)
        return sentence.format(**values) if values else sentence

    def known(self, prefix: str, name: str) -> str:
        """A word for one of a closed set; a name that this version does not know is shown as it came."""
        return self.table.get(f"{prefix}.{name}", name)


@cache
def load(language: str) -> Words:
    """The words of ``language``; Chinese when it is not one of ours (``zh-CN`` and ``zh_CN`` are ``zh``)."""
    name = language.replace("_", "-").split("-")[0].lower()
    name = name if name in LANGUAGES else LANGUAGES[0]
    text = files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return Words(name, dict(_flat(tomllib.loads(text), "")))


def _flat(table: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            found.extend(_flat(value, f"{prefix}{key}."))
        else:
            found.append((prefix + key, str(value)))
    return found
