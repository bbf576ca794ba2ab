"""What an attacker writes into logs: each of these passes through every widget."""

from __future__ import annotations

from typing import Final

CORPUS: Final = (
    "[/b] [bold]not markup[/] [@click=app.quit]x[/]",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]52;c;aGFja2Vk\x07",
    "\x9b31m C1 \x85 \x90",
    "nul\x00 bell\x07 back\x08space \x7f",
    "line\r\nfeed\tand\x0bvertical",
    "\u202egnp.exe\u2066\u2069 \u200b\u200d\ufeff",
    "\u2028line separator\u2029",
    "e" + "\u0301" * 40 + " zalgo",
    "\u0301leading mark",
    "宽字符与combining混排：桃源社区🏠👨‍👩‍👧‍👦🇨🇳 ﷽",
    "\ud800 lone \udcff surrogate",
    "\U000e0001\U000e0041 tag characters \ue000 private",
    "ᄀᄀᄀ각ᇂᇂᇂ",
    "❤\ufe0f \u2764\ufe0e",
    "{braces} {0} %s %(x)s",
    "A" * 1_000_000,
    "宽" * 300_000,
    "",
)
FORBIDDEN: Final = frozenset(
    {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}
    | {*"\u200b\u200c\u200d\u200e\u200f\u2028\u2029\ufeff\ufe0e\ufe0f\U000e0001", *map(chr, range(0xD800, 0xE000))}
)
"""None of these may stand in a rendered strip."""
