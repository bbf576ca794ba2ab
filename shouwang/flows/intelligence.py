"""A home's sets of indicators: made by a worker, taken into use here, asked and shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from detection.intel import reasons
from detection.intel.fields import Sort, candidates
from detection.intel.head import Head
from detection.intel.indicator import HASHES, Kind, NoIndicator, guessed
from detection.intel.library import Library, good_name
from detection.intel.lookout import Found
from detection.intel.summary import summary
from shouwang import worker
from shouwang.clock import Clock
from shouwang.errors import UsageError
from shouwang.model import Finding, Level, Value
from shouwang.words import NOTHING, Words

Json = dict[str, Value]
_SORTS: Final[Mapping[Kind, Sort]] = {
    Kind.IP: Sort.ADDRESS,
    Kind.NETWORK: Sort.ADDRESS,
    Kind.DOMAIN: Sort.NAME,
    Kind.URL: Sort.URL,
    Kind.EMAIL: Sort.EMAIL,
    **dict.fromkeys(HASHES, Sort.HASHES),
}
SOON_US: Final = 7 * 86_400_000_000
"""Before a set ends its owner is told."""


class Intelligence:
    """Any thread may call."""

    def __init__(self, folder: Path, clock: Clock, *, drill: bool) -> None:
        """A drill looks for its site's indicators and changes none."""
        self._drill = drill
        if not drill:
            for left in folder.glob("*.new*"):  # by a worker that was killed
                left.unlink(missing_ok=True)
        self.library = Library(folder)
        self._folder = folder
        self._clock = clock

    def add(
        self,
        name: str,
        file: int,
        *,
        format: str,
        source: str,
        confidence: int | None,
        until_us: int,
        lang: str,
        told: Callable[[Json], None],
    ) -> Json:
        """Make the set, or its next version. Nothing changes before the new one is whole. Raises ``UsageError``."""
        self._refuse_in_drill()
        if not good_name(name):
            raise UsageError(
                Words(f"情报集名称 {name!r} 不可用。", f"{name!r} cannot be a set's name."),
                hint=Words("请用小写字母、数字、- 与 _。", "Use small letters, digits, - and _."),
            )
        self._folder.mkdir(mode=0o700, exist_ok=True)
        made = self._folder / f"{name}.{os.getpid()}.{os.urandom(4).hex()}.new"
        try:
            result = worker.run(
                "intel.build",
                {
                    "to": str(made),
                    "old": str(self.library.path(name)),
                    "name": name,
                    "format": format,
                    "source": source,
                    "confidence": confidence,
                    "made_us": self._clock.now_us(),
                    "until_us": until_us,
                    "lang": lang,
                },
                files=[file],
                told=told,
            )
            if not result["indicators"]:
                raise UsageError(
                    Words("文件中没有一条可用的指标。", "The file holds no indicator that can be used."),
                    hint=_hint(result),
                )
            self.library.adopt(name, made)
        finally:
            for left in self._folder.glob(made.name + "*"):
                left.unlink(missing_ok=True)
        return result

    def remove(self, name: str) -> None:
        """Raises ``UsageError``."""
        self._refuse_in_drill()
        self.head(name)
        self.library.remove(name)

    def _refuse_in_drill(self) -> None:
        if self._drill:
            raise UsageError(
                Words("演练中不能更改情报集。", "A drill does not change the site's sets."),
                hint=Words("请在正式数据目录中更改。", "Change them in the site's own home."),
            )

    def head(self, name: str) -> Head:
        """Raises ``UsageError`` for a set that is not there."""
        found = self.library.sets.get(name)
        if found is None:
            known = ", ".join(self.library.sets)
            raise UsageError(
                Words(f"没有情报集 {name!r}。", f"There is no set {name!r}."),
                hint=Words(f"现有：{known or '无'}。", f"There are: {known or 'none'}."),
            )
        return found.head

    def heads(self) -> list[Head]:
        return [index.head for index in self.library.sets.values()]

    def described(self, name: str) -> Json:
        """Times as ``..._us``. Raises ``UsageError`` for a set that is not there."""
        head = self.head(name)
        now_us = self._clock.now_us()
        about: Json = {
            "name": head.name,
            "source": head.source,
            "confidence": head.confidence,
            "made_us": head.made_us,
            "until_us": head.until_us,
            "expired": bool(head.until_us) and head.until_us <= now_us,
        }
        return about | summary(head)

    def ask(self, text: str) -> tuple[str, list[Json]]:
        """How the value is read, and the indicators of all sets that an event with it would meet, expired or not.

        Raises ``UsageError`` when it is no value of any kind.
        """
        try:
            kind, value = guessed(text)
        except NoIndicator as refused:
            why = reasons.said(str(refused))
            raise UsageError(
                Words(f"{text[:100]!r} 不是可查的值（{why.zh}）。", f"{text[:100]!r} cannot be asked for: {why.en}."),
                hint=Words(
                    "可查地址、网段、域名、网址、邮箱、哈希。",
                    "Ask for an address, network, name, URL, e-mail or hash.",
                ),
            ) from None
        asked = list(candidates(_SORTS[kind], f"//{value}" if kind is Kind.URL else value)) or [(kind, value)]
        found = [
            Found(index.head, each)
            for kind_of, text_of in asked
            for index in self.library.sets.values()
            for each in index.all_of(kind_of, text_of)
        ]
        return f"{kind.value} {value}", [self._told(each) for each in found]

    def _told(self, found: Found) -> Json:
        indicator = found.indicator
        return {
            "set": found.head.name,
            "kind": indicator.kind.value,
            "value": indicator.value,
            "source": indicator.source or found.head.source,
            "confidence": found.confidence,
            "severity": found.severity(inbound=False).name.lower(),
            "valid_from_us": indicator.valid_from_us,
            "valid_until_us": indicator.valid_until_us or found.head.until_us,
            "valid": found.holds_at(self._clock.now_us()),
            "note": indicator.note,
        }

    def findings(self) -> list[Finding]:
        now_us = self._clock.now_us()
        found = [
            Finding(
                Level.BROKEN,
                Words(
                    f"情报集文件 {path} 已损坏，未使用：{why.zh}。",
                    f"The set {path} is damaged and not used: {why.en}.",
                ),
                Words("请重新 `shouwang intel add`。", "Make it again: `shouwang intel add`."),
            )
            for path, why in self.library.damaged.items()
        ]
        for head in self.heads():
            if head.until_us and head.until_us <= now_us + SOON_US:
                over = head.until_us <= now_us
                found.append(
                    Finding(
                        Level.DEGRADED,
                        Words(
                            f"情报集 {head.name} {'已过期' if over else '将在 7 天内过期'}。",
                            f"The set {head.name} {'has expired' if over else 'expires within 7 days'}.",
                        ),
                        Words(
                            f"请更新：shouwang intel add {head.name} FILE",
                            f"Bring a new version: shouwang intel add {head.name} FILE",
                        ),
                    )
                )
        return found


def in_language(described: Json, lang: str) -> Json:
    """With ``reasons``: what was left out as the reader is told it, the most frequent first."""
    left, examples = described["left_out"], described["examples"]
    assert isinstance(left, dict)
    assert isinstance(examples, dict)
    told: list[Value] = [
        {
            "key": key,
            "text": reasons.said(key).of(lang),
            "number": number,
            "places": [reasons.place(str(each)).of(lang) for each in _list(examples.get(key))],
        }
        for key, number in sorted(left.items(), key=lambda each: -int(str(each[1])))
    ]
    return {**described, "reasons": told}


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _hint(result: Json) -> Words:
    """Why nothing of a file was taken."""
    left = result["left_out"]
    assert isinstance(left, dict)
    if not left:
        return NOTHING
    each = [(reasons.said(key), number) for key, number in left.items()]
    zh = "；".join(f"{why.zh}（{number}）" for why, number in each)
    en = "; ".join(f"{why.en} ({number})" for why, number in each)
    return Words(f"未采用的原因：{zh}。", f"Left out: {en}.")
