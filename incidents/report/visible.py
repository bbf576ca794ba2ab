"""Text that somebody else wrote, made fit for a paper: escaped as everywhere, and of bounded length. Pure."""

from __future__ import annotations

from shouwang import visible as kernel

LONGEST = 2000


def visible(text: str, longest: int = LONGEST) -> str:
    """Escaped as ``shouwang.visible``; cut at ``longest``, with the number left out."""
    left = len(text) - longest
    shown = kernel.visible(text[:longest])
    return f"{shown}… (+{left})" if left > 0 else shown
