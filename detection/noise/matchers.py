"""Which hits a silence, a maintenance window or an inhibition is about: exact values and networks. Pure.

A hit fits when each of its events does, so that a correlation over a known and an unknown address is not held for the
known one. Of one name any of the values will do; every name must fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shouwang.assets import Network, canonical_address, canonical_network
from shouwang.errors import UsageError
from shouwang.model import Severity, Value
from shouwang.words import Words

ADDRESSES: Final = ("source.ip", "destination.ip")
WHOM: Final[Mapping[str, Words]] = {
    "host.name": Words("主机", "host.name"),
    "user.name": Words("用户", "user.name"),
    "source.ip": Words("来源地址", "source.ip"),
    "destination.ip": Words("目的地址", "destination.ip"),
    "url.domain": Words("域名", "url.domain"),
    "process.name": Words("进程", "process.name"),
    "file.path": Words("文件", "file.path"),
    "asset": Words("资产", "asset"),
}
"""Say whom or what it happens to, and how that is called."""
NAMES: Final[Mapping[str, Words]] = {
    "rule": Words("规则", "rule"),
    "tag": Words("标签", "tag"),
    "severity": Words("级别", "severity"),
    **WHOM,
}
VALUES: Final = 50
CHARS: Final = 256
WIDEST: Final = {4: 16, 6: 48}
"""A network with a shorter prefix names nobody in particular."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One event under one rule."""

    rule_id: str
    severity: Severity
    tags: tuple[str, ...]
    entities: Mapping[str, tuple[str, ...]]
    asset_id: str = ""


@dataclass(frozen=True, slots=True)
class Matchers:
    """Made by ``read``."""

    values: tuple[tuple[str, tuple[str, ...]], ...]
    """In the order of ``NAMES``; canonical."""
    networks: tuple[tuple[str, tuple[Network, ...]], ...] = ()
    """Of the names that are addresses."""

    def fit(self, subjects: Iterable[Subject]) -> bool:
        """All of them; not when there are none, or nothing is asked."""
        found = False
        for subject in subjects:
            found = True
            if not self.values or not all(self._fits(name, values, subject) for name, values in self.values):
                return False
        return found

    def _fits(self, name: str, values: tuple[str, ...], subject: Subject) -> bool:
        match name:
            case "rule":
                return subject.rule_id in values
            case "tag":
                return any(tag.casefold() in values for tag in subject.tags)
            case "asset":
                return subject.asset_id in values
            case "severity":
                return subject.severity <= Severity[values[0].upper()]
            case "source.ip" | "destination.ip":
                networks = next(held for named, held in self.networks if named == name)
                seen = subject.entities.get(name, ())
                return bool(seen) and all(_within(each, networks) for each in seen)
            case _:
                seen = subject.entities.get(name, ())
                return bool(seen) and all(each.casefold() in values for each in seen)

    def of(self, name: str) -> tuple[str, ...]:
        return next((values for named, values in self.values if named == name), ())

    @property
    def names_whom(self) -> bool:
        """Whether it is about someone or something in particular; a wide network is not."""
        wide = {name for name, networks in self.networks if any(n.prefixlen < WIDEST[n.version] for n in networks)}
        return any(name in WHOM and name not in wide for name, _ in self.values)

    @property
    def gravest(self) -> Severity:
        said = self.of("severity")
        return Severity[said[0].upper()] if said else max(Severity)

    def sentence(self, titles: Mapping[str, Words] | None = None) -> Words:
        """``titles``: rule id -> how people know it."""
        said = [_said(name, values, titles or {}) for name, values in self.values]
        return Words("，且".join(each.zh for each in said), ", and ".join(each.en for each in said))

    def json(self) -> dict[str, Value]:
        return {name: list(values) for name, values in self.values}


def read(asked: Mapping[str, Sequence[str]]) -> Matchers:
    """Raises ``UsageError`` that names what cannot be meant."""
    unknown = [name for name in asked if name not in NAMES]
    if unknown:
        raise _wrong(
            Words(f"没有匹配项 {unknown[0]!r}。", f"There is no matcher {unknown[0]!r}."),
            Words(f"可用：{'、'.join(NAMES)}", f"There are: {', '.join(NAMES)}"),
        )
    values = tuple((name, _values(name, asked[name])) for name in NAMES if asked.get(name))
    networks = tuple((name, tuple(map(canonical_network, held))) for name, held in values if name in ADDRESSES)
    return Matchers(values, networks)


def of_pairs(pairs: Iterable[str]) -> dict[str, list[str]]:
    """``name=value`` each; a name that comes again has a further value."""
    found: dict[str, list[str]] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not value.strip():
            raise _wrong(
                Words(f"{pair!r} 不是 名称=值。", f"{pair!r} is not name=value."),
                Words("例如：source.ip=192.0.2.0/24", "For example: source.ip=192.0.2.0/24"),
            )
        found.setdefault(name.strip(), []).append(value.strip())
    return found


def _values(name: str, said: Sequence[str]) -> tuple[str, ...]:
    if len(said) > VALUES or any(not each or len(each) > CHARS for each in said):
        raise _wrong(
            Words(f"{name} 的值过多、过长或为空。", f"{name} has too many values, or one that is empty or too long."),
            Words(f"最多 {VALUES} 个，每个至多 {CHARS} 字。", f"At most {VALUES}, each of {CHARS} characters."),
        )
    if name == "severity":
        return (_severity(said),)
    if name in ADDRESSES:
        return tuple(dict.fromkeys(_network(each) for each in said))
    if name in ("rule", "asset"):
        return tuple(dict.fromkeys(said))
    return tuple(dict.fromkeys(each.casefold() for each in said))


def _severity(said: Sequence[str]) -> str:
    if len(said) != 1 or said[0].upper() not in Severity.__members__:
        names = ", ".join(each.name.lower() for each in Severity)
        raise _wrong(
            Words("severity 须为一个级别：不超过它的才符合。", "severity is one: what is no graver fits."),
            Words(f"可用：{names}", f"There are: {names}"),
        )
    return said[0].lower()


def _network(text: str) -> str:
    network = canonical_network(re.sub(r"%[^/]*", "", text.strip("[] ")))
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _within(text: str, networks: tuple[Network, ...]) -> bool:
    address = canonical_address(text)
    return address is not None and any(address in network for network in networks)


def _said(name: str, values: tuple[str, ...], titles: Mapping[str, Words]) -> Words:
    called = NAMES[name]
    if name == "severity":
        zh = {"critical": "危急", "high": "高", "medium": "中", "low": "低", "informational": "信息"}[values[0]]
        return Words(f"级别不高于{zh}", f"severity is {values[0]} or less")
    shown = (
        [titles.get(each, Words(each, each)) for each in values] if name == "rule" else [Words(v, v) for v in values]
    )
    zh, en = " 或 ".join(each.zh for each in shown), " or ".join(each.en for each in shown)
    if name in ADDRESSES and any("/" in each for each in values):
        return Words(f"{called.zh}在 {zh} 内", f"{called.en} is within {en}")
    if name == "tag":
        return Words(f"{called.zh}含 {zh}", f"{called.en} is {en}")
    return Words(f"{called.zh}为 {zh}", f"{called.en} is {en}")


def _wrong(what: Words, hint: Words) -> UsageError:
    return UsageError(what, hint=hint)
