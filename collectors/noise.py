"""Whether bytes are a log's at all, or a picture's, a program's, a packed file's. Pure."""

from __future__ import annotations

import codecs
import re
from typing import Final

from shouwang.words import Words

_NUL_RUN: Final = re.compile(rb"\0{16,}")
"""What a crash leaves in a log."""
_CONTROL: Final = re.compile(rb"[\0-\x06\x0e-\x1a\x1c-\x1f\x7f]")
"""Bytes that text has no use for; not BEL, backspace, tab, line ends and the ESC of colours."""
_MOST_CONTROLS: Final = 0.3
"""Of all bytes, in something that is text otherwise: a separator such as SOH may be every eighth."""
_KINDS: Final = (
    (b"\x89PNG", Words("图片", "a picture")),
    (b"\xff\xd8\xff", Words("图片", "a picture")),
    (b"GIF8", Words("图片", "a picture")),
    (b"\x7fELF", Words("程序", "a program")),
    (b"MZ", Words("程序", "a program")),
    (b"%PDF-", Words("PDF 文档", "a PDF document")),
    (b"SQLite format 3\0", Words("SQLite 数据库", "an SQLite database")),
    (b"PK\x03\x04", Words("zip 压缩包，请先解压", "a zip archive: unpack it first")),
    (b"7z\xbc\xaf", Words("7z 压缩包，请先解压", "a 7z archive: unpack it first")),
    (b"BZh", Words("bzip2 压缩，请先解压", "packed with bzip2: unpack it first")),
    (b"\xfd7zXZ\0", Words("xz 压缩，请先解压", "packed with xz: unpack it first")),
)


def is_noise(head: bytes) -> bool:
    """By the beginning of a file. Most of it stands in lines with control characters, and it is neither UTF-8 nor
    GB 18030, or is full of such characters. A few odd lines, such as an attacker can have logged, do not hide a log."""
    text = _NUL_RUN.sub(b"", head)
    if not text.strip():
        return bool(head.strip())
    unclean = sum(len(line) for line in text.split(b"\n") if _CONTROL.search(line))
    if unclean * 2 <= len(text):
        return False
    controls = len(_CONTROL.findall(text))
    return controls > _MOST_CONTROLS * len(text) or not any(_decodes(text, name) for name in ("utf-8", "gb18030"))


def named(head: bytes) -> Words:
    """What it is instead, as far as its first bytes tell."""
    kind = next((words for magic, words in _KINDS if head.startswith(magic)), None)
    if kind is None:
        return Words("二进制数据，不是日志", "binary data, no log")
    return Words(f"不是日志，而是{kind.zh}", f"no log but {kind.en}")


def _decodes(text: bytes, encoding: str) -> bool:
    """A character may be cut at the end."""
    try:
        codecs.getincrementaldecoder(encoding)("strict").decode(text)
    except UnicodeDecodeError:
        return False
    return True
