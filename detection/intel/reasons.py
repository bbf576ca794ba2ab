"""Why a value is left out, and where: what stands in index files and JSON, as readers of both languages are told it.

A reason is a key of ``REASONS``, or ``key: detail``. Keys stay as they are: files of earlier versions hold them. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from shouwang.words import Words, words

REASONS: Final[Mapping[str, Words]] = {
    "empty": Words("为空", "empty"),
    "longer than 2048 characters": Words("超过 2048 个字符", "longer than 2048 characters"),
    "no address": Words("不是 IP 地址", "no address"),
    "an address of private or special networks": Words(
        "属于私有或特殊网段的地址", "an address of private or special networks"
    ),
    "no network": Words("不是网段", "no network"),
    "a network that is too large": Words("网段过大", "a network that is too large"),
    "no domain name": Words("不是域名", "no domain name"),
    "a public suffix, such as com.cn": Words("是公共后缀，如 com.cn", "a public suffix, such as com.cn"),
    "no e-mail address": Words("不是邮箱地址", "no e-mail address"),
    "no URL": Words("不是网址", "no URL"),
    "no md5": Words("不是 MD5", "no MD5"),
    "no sha1": Words("不是 SHA-1", "no SHA-1"),
    "no sha256": Words("不是 SHA-256", "no SHA-256"),
    "no sha512": Words("不是 SHA-512", "no SHA-512"),
    "the hash of nothing": Words("空内容的哈希", "the hash of nothing"),
    "a time that is not written as 2026-01-31 or 2026-01-31T12:00:00Z": Words(
        "时间未写成 2026-01-31 或 2026-01-31T12:00:00Z",
        "a time that is not written as 2026-01-31 or 2026-01-31T12:00:00Z",
    ),
    "confidence is neither 0 to 100 nor low, medium, high": Words(
        "置信度不是 0 至 100，也不是低、中、高", "confidence is neither 0 to 100 nor low, medium, high"
    ),
    "type not known": Words("未知类型", "type not known"),
    "not CSV": Words("不是 CSV", "not CSV"),
    "revoked": Words("已撤销", "revoked"),
    "pattern in another language": Words("模式用其他语言写成", "pattern in another language"),
    "no pattern": Words("没有模式", "no pattern"),
    "a pattern that is too long": Words("模式过长", "a pattern that is too long"),
    "a pattern that cannot be read": Words("模式无法读取", "a pattern that cannot be read"),
    "a pattern with": Words("模式含有", "a pattern with"),
    "the pattern asks for": Words("模式所查的不是指标", "the pattern asks for"),
    "deleted": Words("已删除", "deleted"),
    "not marked to_ids": Words("未标记 to_ids", "not marked to_ids"),
    "the value has not the parts of its type": Words(
        "值的组成部分与类型不符", "the value has not the parts of its type"
    ),
}
_NUMBERED: Final[Mapping[str, str]] = {"line": "第 {} 行", "object": "第 {} 个对象", "attribute": "第 {} 个属性"}
_PLACE: Final = re.compile(rf"({'|'.join(_NUMBERED)}) (\d+)")


def said(reason: str) -> Words:
    """What this version does not know stands as it is."""
    if (whole := REASONS.get(reason)) is not None:
        return whole
    key, _, detail = reason.partition(": ")
    known = REASONS.get(key)
    return words(reason) if known is None else Words(f"{known.zh}：{detail}", f"{known.en}: {detail}")


def place(where: str) -> Words:
    """``line 12`` and its like; a STIX id stands as it is."""
    numbered = _PLACE.fullmatch(where)
    return words(where) if numbered is None else Words(_NUMBERED[numbered[1]].format(numbered[2]), where)
