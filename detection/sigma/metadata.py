"""What stands at the top of every Sigma document, read and checked by pySigma."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from sigma.exceptions import SigmaError
from sigma.rule import SigmaLogSource, SigmaRule
from sigma.rule.attributes import SigmaLevel, SigmaStatus

from detection.sigma.faults import RuleFault
from detection.sigma.pysigmawords import told, told_all
from shouwang.model import Logsource, Severity
from shouwang.words import Words

UNRATED = Severity.MEDIUM
"""A rule without a level: seen by a person, and not called grave."""
TAXONOMIES = frozenset({"sigma", "ecs"})
_SEVERITIES = {
    SigmaLevel.INFORMATIONAL: Severity.INFORMATIONAL,
    SigmaLevel.LOW: Severity.LOW,
    SigmaLevel.MEDIUM: Severity.MEDIUM,
    SigmaLevel.HIGH: Severity.HIGH,
    SigmaLevel.CRITICAL: Severity.CRITICAL,
}
_DEFINED = frozenset(
    {
        *("title", "id", "name", "related", "taxonomy", "status", "description", "license", "references", "author"),
        *("date", "modified", "logsource", "detection", "correlation", "filter", "fields", "falsepositives"),
        *("level", "tags", "scope"),
    }
)
_NO_LOGSOURCE = Words("缺少 logsource", "logsource is missing")
_BAD_LOGSOURCE = Words("logsource 应为映射", "logsource must be a map")
_KEY_OF_ERROR = {"identifier": "id", "tag": "tags"}


@dataclass(frozen=True, slots=True)
class Metadata:
    id: str
    title: str
    name: str
    severity: Severity | None
    status: str
    description: str
    tags: tuple[str, ...]
    falsepositives: tuple[str, ...]
    extra: Mapping[str, object]


def metadata(data: dict[str, object]) -> Metadata:
    """Raises ``RuleFault`` with everything that pySigma found wrong."""
    if not isinstance(data.get("id", ""), str):
        raise RuleFault(Words("id 应为 UUID", "id must be a UUID"), "id")
    try:
        read, errors = SigmaRule.from_dict_common_params(data, collect_errors=True)
    except (AttributeError, TypeError, ValueError) as error:
        raise RuleFault(Words(f"无法读取：{error}", f"cannot be read: {error}")) from None
    if errors:
        raise RuleFault(told_all(errors), _key_of(errors[0]))
    if read["taxonomy"] not in TAXONOMIES:
        raise RuleFault(
            Words(f"没有分类体系（taxonomy）{read['taxonomy']!r}", f"taxonomy {read['taxonomy']!r} is not known"),
            "taxonomy",
        )
    title: str = read["title"]
    identity: UUID | None = read["id"]
    status: SigmaStatus | None = read["status"]
    level: SigmaLevel | None = read["level"]
    return Metadata(
        id=str(identity or uuid5(NAMESPACE_URL, f"sigma:{read['name'] or title}")),
        title=title,
        name=read["name"] or "",
        severity=None if level is None else _SEVERITIES[level],
        status="" if status is None else status.name.lower(),
        description=read["description"] or "",
        tags=tuple(str(tag) for tag in read["tags"]),
        falsepositives=tuple(map(str, read["falsepositives"] or ())),
        extra={key: value for key, value in data.items() if key not in _DEFINED},
    )


def logsource(data: Mapping[str, object]) -> Logsource:
    """Names are compared in lower case, as the specification writes them."""
    written = data.get("logsource")
    if not isinstance(written, dict):
        raise RuleFault(_NO_LOGSOURCE if written is None else _BAD_LOGSOURCE, "logsource")
    try:
        read = SigmaLogSource.from_dict(written)
    except SigmaError as error:
        raise RuleFault(told(error), "logsource") from None
    return Logsource(_lower(read.product), _lower(read.category), _lower(read.service))


def _lower(name: str | None) -> str | None:
    return name.lower() if name else None


def _key_of(error: SigmaError) -> str:
    kind = type(error).__name__.removeprefix("Sigma").removesuffix("Error").lower()
    return _KEY_OF_ERROR.get(kind, kind)
