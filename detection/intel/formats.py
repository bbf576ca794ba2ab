"""Which form a file of indicators has. A reader gives indicators, and for what it leaves out the place and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Final, TypeAlias

from detection.intel import csvfile, misp, stix
from detection.intel.indicator import Indicator
from detection.intel.leftout import LeftOut, Unreadable
from shouwang.words import Words

Reader: TypeAlias = Callable[[BinaryIO], Iterator[Indicator | LeftOut]]

FORMATS: Final[Mapping[str, Reader]] = {"csv": csvfile.read, "stix": stix.read, "misp": misp.read}
_LOOKED_AT_BYTES: Final = 65_536


def format_of(file: BinaryIO) -> str:
    """By the first bytes; the file is wound back. Raises ``Unreadable``."""
    head = file.read(_LOOKED_AT_BYTES)
    file.seek(0)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise Unreadable(Words("文件为空", "the file is empty"))
    if start[:1] not in {b"{", b"["}:
        if b"\0" in head:
            raise Unreadable(Words("不是文本，请先解压", "no text: unpack it first"))
        return "csv"
    stix_signs = (b'"objects"', b'"spec_version"', b'"bundle--', b'"indicator--')
    return "stix" if any(sign in head for sign in stix_signs) else "misp"
