"""``shouwang.toml``: what a site may set. Read strictly; every error says where and what to do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import tzinfo
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    field_validator,
)

from shouwang.access import Role
from shouwang.assets import AssetRegister, canonical_network
from shouwang.errors import UsageError
from shouwang.mistakes import mistake
from shouwang.model import Asset, Importance
from shouwang.retention import FLOOR_DAYS
from shouwang.timespan import span_us
from shouwang.tomlfaults import toml_fault
from shouwang.tomlplace import line_of
from shouwang.words import Words

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_ASSET_ID: Final = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
REFERENCE = Words("各项设置见 docs/reference/config.md。", "docs/reference/config.md describes every setting.")


class Operator(StrEnum):
    """Which reporting duty holds (国家网络安全事件报告管理办法, 2025)."""

    OTHER = "other"
    CII = "cii"
    """关键信息基础设施运营者"""
    CENTRAL_STATE_ORGAN = "central_state_organ"
    """中央和国家机关"""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            Words(
                f"{name!r} 不是时区，例如可写 Asia/Shanghai",
                f"{name!r} is no time zone: write for example Asia/Shanghai",
            )
        ) from None
    return name


def _network(text: str) -> str:
    try:
        return str(canonical_network(text)).removesuffix("/32").removesuffix("/128")
    except UsageError as wrong:
        raise ValueError(Words(wrong.whole.zh.rstrip("。"), wrong.whole.en.rstrip("."))) from None


def _asset_id(text: str) -> str:
    if not _ASSET_ID.fullmatch(text):
        raise ValueError(
            Words(
                "须以字母或数字开头，只含字母、数字和 . _ -，最多 64 个字符",
                "this must begin with a letter or digit and hold letters, digits, . _ - only, at most 64",
            )
        )
    return text


def _endpoint(text: str) -> str:
    if text:
        host, _, port = text.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65535:
            raise ValueError(
                Words(
                    f"{text!r} 不是带端口的地址，可写 127.0.0.1:5514、[::]:5514，留空为不监听",
                    f"{text!r} is no address with port: write 127.0.0.1:5514, [::]:5514, or empty for none",
                )
            )
    return text


def _span(text: str) -> str:
    span = span_us(text)
    if span is None or span > 7 * 86_400_000_000:
        raise ValueError(
            Words(
                f"{text!r} 不是时长，可写 90s、10m、1h，最长 7d", f"{text!r} is no span: write 90s, 10m, 1h, at most 7d"
            )
        )
    return text


def _importance(value: object) -> Importance:
    for each in Importance:
        if value in (each.name.lower(), each.zh):
            return each
    raise ValueError(
        Words(
            "请写 ordinary、important 或 especially_important（一般、重要、特别重要）",
            "write ordinary, important or especially_important (一般, 重要, 特别重要)",
        )
    )


Zone = Annotated[str, AfterValidator(_zone)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
Encoding = Literal["utf-8", "gb18030"]
Flag = Annotated[bool, Strict()]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Site(Table):
    name: str = Field(min_length=1, max_length=200)
    timezone: Zone = "Asia/Shanghai"
    """Fixed when the home is made: it decides where the ledger's day begins."""
    language: Literal["zh", "en"] = "zh"
    operator: Operator = Operator.OTHER

    @property
    def zone(self) -> tzinfo:
        return ZoneInfo(self.timezone)


class AssetTable(Table):
    id: Annotated[str, AfterValidator(_asset_id)]
    name: str
    importance: Annotated[Importance, BeforeValidator(_importance)] = Importance.ORDINARY
    hosts: tuple[str, ...] = ()
    networks: tuple[Annotated[str, AfterValidator(_network)], ...] = ()

    def asset(self) -> Asset:
        return Asset(self.id, self.name, self.importance, self.hosts, self.networks)


class SourceTable(Table):
    type: Literal["file"]
    path: str = Field(min_length=1)
    """May hold ``*``; absolute, or from the folder of shouwang.toml."""
    format: str = "auto"
    """A parser, or ``auto``: looked at once, when the file is first read."""
    encoding: Encoding = "utf-8"
    zone: Zone | None = None
    """For times without a zone; this host's when absent."""
    start_pattern: str = ""
    """Regular expression that a record's first line matches; further lines belong to it."""


class Watch(Table):
    """What is watched without any ``[[source]]``."""

    journald: Flag = True
    var_log: Flag = True


class Listen(Table):
    syslog_udp: Endpoint = "127.0.0.1:5514"
    syslog_tcp: Endpoint = "127.0.0.1:5514"
    encoding: Encoding = "utf-8"
    zone: Zone | None = None
    """For times without a zone; the site's when absent."""


class Metrics(Table):
    interval_s: float = Field(default=10.0, ge=0, le=3600, strict=True, allow_inf_nan=False)
    """0: none."""

    @field_validator("interval_s")
    @classmethod
    def _not_mad(cls, value: float) -> float:
        if 0 < value < 1:
            raise ValueError(Words("至少 1 秒，0 为不采集", "at least 1 second, or 0 for none"))
        return value


class Store(Table):
    url: str = Field(default="", max_length=2000)
    """Of an Elasticsearch cluster, its nodes with commas; empty: events are kept in the home."""
    ca: str = ""
    """The authority that signed the cluster's certificates, PEM; empty: those that the system trusts."""
    credentials: str = ""
    """A file of mode 0600 with ``api_key``, or ``user`` and ``password``."""
    prefix: str = Field(default="shouwang", pattern="^[a-z0-9][a-z0-9-]{0,39}$")
    """What the names of our indices begin with."""
    spool_mb: int = Field(default=2048, ge=16, le=1_048_576, strict=True)
    """MiB that may wait on this host while the cluster is away."""
    keep_days: int = Field(default=FLOOR_DAYS, le=36_600, strict=True)
    """Whole days since the day of receipt; then it goes."""
    reserve_mb: int = Field(default=256, ge=0, le=65_536, strict=True)
    """MiB set aside for cleaning up on a full disk; 0: none."""

    @field_validator("keep_days")
    @classmethod
    def _lawful(cls, value: int) -> int:
        if value < FLOOR_DAYS:
            raise ValueError(
                Words(
                    f"不能少于 {FLOOR_DAYS} 天：网络安全法第二十一条要求网络日志留存不少于六个月",
                    f"at least {FLOOR_DAYS}: the law wants network logs kept six months (网络安全法 2017, article 21)",
                )
            )
        return value


class Rules(Table):
    builtin: Flag = True
    """The rules that come with Shouwang."""
    folders: tuple[str, ...] = ()
    """Further files or folders, beside ``rules/`` of the home."""
    disabled: tuple[str, ...] = ()
    """Sigma ids that are not loaded."""
    pipelines: tuple[str, ...] = ()
    """pySigma processing pipelines, applied to every rule before ours."""
    placeholders: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Name -> what ``%name%`` stands for in rules with the modifier expand."""


class Detection(Table):
    lateness: Annotated[str, AfterValidator(_span)] = "1h"
    """How much later than it happened an event may come and be correlated exactly."""

    @property
    def lateness_us(self) -> int:
        return span_us(self.lateness) or 0


class Silences(Table):
    """How long a role may silence."""

    analyst_days: int = Field(default=7, ge=1, le=366, strict=True)
    administrator_days: int = Field(default=90, ge=1, le=366, strict=True)


class InhibitTable(Table):
    name: Annotated[str, AfterValidator(_asset_id)]
    source: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Matchers; without any: every alert."""
    target: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    equal: tuple[str, ...] = Field(min_length=1)
    """Entities that both have alike."""
    within: Annotated[str, AfterValidator(_span)] = "1h"
    """How long after its last event the source still speaks."""
    members: Flag = False
    """Only a correlation inhibits, and only the rules that it counts."""

    @property
    def within_us(self) -> int:
        return span_us(self.within) or 0


class Config(Table):
    site: Site
    roles: dict[str, Role] = Field(default_factory=dict)
    asset: tuple[AssetTable, ...] = ()
    source: tuple[SourceTable, ...] = ()
    watch: Watch = Watch()
    listen: Listen = Listen()
    metrics: Metrics = Metrics()
    store: Store = Store()
    rules: Rules = Rules()
    silences: Silences = Silences()
    inhibit: tuple[InhibitTable, ...] = ()
    detection: Detection = Detection()

    def register(self) -> AssetRegister:
        return AssetRegister([each.asset() for each in self.asset])


def read(text: str, name: str) -> Config:
    """Raises ``UsageError`` with ``name:line`` where the line can be told."""
    try:
        config = Config.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as wrong:
        line, what = toml_fault(str(wrong), text)
        raise UsageError(Words(f"{name}:{line}: {what.zh}。", f"{name}:{line}: {what.en}."), hint=REFERENCE) from wrong
    except ValidationError as wrong:
        found = _sentences(wrong, text, name)
        said = Words("\n".join(each.zh for each in found), "\n".join(each.en for each in found))
        raise UsageError(said, hint=REFERENCE) from wrong
    try:
        config.register()
    except UsageError as wrong:
        said = Words(f"{name}: {wrong.message.zh}", f"{name}: {wrong.message.en}")
        raise UsageError(said, hint=wrong.hint) from wrong
    return config


def load(path: Path) -> Config:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as wrong:
        raise UsageError(
            Words(f"{path} 不存在。", f"{path} is not there."),
            hint=Words(
                "`shouwang up` 会新建一份，并逐项注明含义。", "`shouwang up` makes one with every setting explained."
            ),
        ) from wrong
    except (OSError, UnicodeDecodeError) as wrong:
        raise UsageError(
            Words(f"无法读取 {path}：{wrong}。", f"Cannot read {path}: {wrong}."),
            hint=Words("须为 UTF-8 编码，且归你所有。", "It must be UTF-8 and yours."),
        ) from wrong
    return read(text, str(path))


def line(path: Path, place: Sequence[str | int]) -> int:
    """Where a table or setting stands in the file; 1 where it cannot be told."""
    return line_of(path.read_text(encoding="utf-8"), place) or 1


_HEADERS: Final = {
    "site": "[site]",
    "roles": "[roles]",
    "asset": "[[asset]]",
    "source": "[[source]]",
    "watch": "[watch]",
    "listen": "[listen]",
    "metrics": "[metrics]",
    "store": "[store]",
    "rules": "[rules]",
    "silences": "[silences]",
    "inhibit": "[[inhibit]]",
}
"""How each table begins."""


def _sentences(wrong: ValidationError, text: str, name: str) -> list[Words]:
    """One a mistake."""
    found: list[Words] = []
    for error in wrong.errors():
        line = line_of(text, error["loc"])
        setting = ".".join(str(part + 1) if isinstance(part, int) else part for part in error["loc"])
        what, place = _what(error), f"{name}{f':{line}' if line else ''}: {setting}"
        found.append(Words(f"{place}: {what.zh}。", f"{place}: {what.en}."))
    return found


def _what(error: ErrorDetails) -> Words:
    """A whole table that is missing or written otherwise wants its header shown."""
    header = _HEADERS.get(str(error["loc"][0]), "") if len(error["loc"]) == 1 else ""
    if error["type"] == "missing" and header:
        return Words(f"缺少此表：请写 {header}", f"this table is missing: write {header}")
    if error["type"] in {"model_type", "dict_type", "tuple_type"} and header:
        return Words(f"应为表：请写 {header}", f"this must be a table: write {header}")
    return mistake(error, "setting", Config)
