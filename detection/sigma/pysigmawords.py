"""What pySigma refuses, in our words: what must stand there, and then its own text. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sigma import exceptions

from shouwang.words import NOTHING, Words

_DATE: Final = "YYYY-MM-DD"
_TEXT: Final = Words("应为文本", "must be text")
_LIST: Final = Words("应为列表", "must be a list")


def _of(key: str, rule: Words) -> Words:
    return Words(f"{key} {rule.zh}", f"{key} {rule.en}")


_KNOWN: Final[Mapping[type[exceptions.SigmaError], Words]] = {
    exceptions.SigmaTitleError: _of(
        "title", Words("须有，为文本，至多 256 个字符", "is text of at most 256 characters")
    ),
    exceptions.SigmaIdentifierError: _of(
        "id", Words("应为 UUID：uuidgen -r 可生成", "is a UUID: uuidgen -r makes one")
    ),
    exceptions.SigmaNameError: _of("name", Words("应为非空文本", "is text and not empty")),
    exceptions.SigmaTaxonomyError: _of("taxonomy", Words("应为 sigma 或 ecs", "is sigma or ecs")),
    exceptions.SigmaRelatedError: _of(
        "related",
        Words(
            "应为列表，每项有 id（UUID）与 type（derived、obsolete、merged、renamed、similar、correlation）",
            "is a list of maps with id, a UUID, and type: derived, obsolete, merged, renamed, similar or correlation",
        ),
    ),
    exceptions.SigmaLevelError: _of(
        "level",
        Words(
            "应为 informational、low、medium、high、critical 之一",
            "is one of informational, low, medium, high, critical",
        ),
    ),
    exceptions.SigmaStatusError: _of(
        "status",
        Words(
            "应为 stable、test、experimental、deprecated、unsupported 之一",
            "is one of stable, test, experimental, deprecated, unsupported",
        ),
    ),
    exceptions.SigmaTagError: _of("tags", Words("应为文本列表", "is a list of texts")),
    exceptions.SigmaDateError: _of("date", Words(f"应为日期 {_DATE}", f"is a date, {_DATE}")),
    exceptions.SigmaModifiedError: _of("modified", Words(f"应为日期 {_DATE}", f"is a date, {_DATE}")),
    exceptions.SigmaFieldsError: _of("fields", _LIST),
    exceptions.SigmaFalsePositivesError: _of("falsepositives", _LIST),
    exceptions.SigmaReferencesError: _of("references", _LIST),
    exceptions.SigmaScopeError: _of("scope", _LIST),
    exceptions.SigmaAuthorError: _of("author", _TEXT),
    exceptions.SigmaDescriptionError: _of("description", _TEXT),
    exceptions.SigmaLicenseError: _of("license", _TEXT),
    exceptions.SigmaLogsourceError: _of(
        "logsource",
        Words("须写明 product、category、service 之一，均为文本", "names a product, category or service, each as text"),
    ),
    exceptions.SigmaTimespanError: _of(
        "timespan",
        Words("应为数字加单位 s、m、h、d、w、M、y，如 5m", "is a number and s, m, h, d, w, M or y, such as 5m"),
    ),
    exceptions.SigmaConditionError: _of(
        "condition",
        Words("须用检索项的名称与 and、or、not、of 写成", "joins names of the detection by and, or, not, of"),
    ),
    exceptions.SigmaRegularExpressionError: Words("正则表达式有误", "the regular expression is wrong"),
    exceptions.SigmaPlaceholderError: Words(
        "占位符没有取值：请在 [rules.placeholders] 或管道的 vars 中给出",
        "a placeholder has no values: give them in [rules.placeholders] or the pipeline's vars",
    ),
    exceptions.SigmaTypeError: Words("值的类型不对", "a value is of the wrong kind"),
    exceptions.SigmaModifierError: Words(
        "修饰符有误：可用的见 docs/reference/sigma.md", "a modifier is wrong: see docs/reference/sigma.md"
    ),
    exceptions.SigmaDetectionError: Words("detection 有误", "the detection is wrong"),
    exceptions.SigmaTransformationError: NOTHING,  # what the pipeline's author wrote
    exceptions.SigmaPipelineConditionError: Words("管道的条件有误", "a condition of the pipeline is wrong"),
    exceptions.SigmaConfigurationError: Words(
        "管道的写法有误：每项转换须有 type 与其参数",
        "the pipeline is wrong: each transformation has its type and what that takes",
    ),
    exceptions.SigmaValueError: Words("值有误", "a value is wrong"),
}
"""Kind of error -> what must stand there. Those of tags whose text has no namespace are plain value errors."""
_BY_TEXT: Final = {
    "tag must start with namespace": Words(
        "标签须写成 命名空间.名称，如 attack.t1110", "a tag is namespace.name, such as attack.t1110"
    ),
    "Placeholder replacement variable": _KNOWN[exceptions.SigmaPlaceholderError],
}
"""Where the kind alone says too little."""


def told(error: exceptions.SigmaError) -> Words:
    """``title is ... (pySigma: Sigma rule must have a title)``; what is not known stands as pySigma says it."""
    text = " ".join(str(error).split())
    kinds = [_KNOWN[kind] for kind in type(error).mro() if kind in _KNOWN]
    known = next((words for part, words in _BY_TEXT.items() if part in text), kinds[0] if kinds else None)
    if known is NOTHING:
        return Words(text, text)
    if known is None:
        return Words(f"pySigma 拒绝：{text}", f"pySigma refuses it: {text}")
    return Words(f"{known.zh}（pySigma：{text}）", f"{known.en} (pySigma: {text})")


def told_all(errors: Sequence[exceptions.SigmaError]) -> Words:
    each = [told(error) for error in errors]
    return Words("；".join(words.zh for words in each), "; ".join(words.en for words in each))
