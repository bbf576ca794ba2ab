"""``shouwang.toml`` with another ``[store]``: the lines that name it are changed, all else stays. Pure."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Final

from shouwang.errors import UsageError
from shouwang.words import Words

_HEAD: Final = re.compile(r"^[ \t]*\[[ \t]*store[ \t]*\][ \t]*(#.*)?$", re.MULTILINE)
_NEXT: Final = re.compile(r"^[ \t]*\[", re.MULTILINE)


def with_store(text: str, settings: Mapping[str, str]) -> str:
    """Raises ``UsageError`` for a file in which they stand in a way that is not understood."""
    before = tomllib.loads(text)
    head = _HEAD.search(text)
    if head is None:
        text = f"{text.rstrip()}\n\n[store]\n"
        head = _HEAD.search(text)
        assert head is not None
    following = _NEXT.search(text, head.end())
    end = following.start() if following else len(text)
    table = text[head.end() : end]
    for name, value in settings.items():
        line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
        pattern = re.compile(rf"^[ \t]*{name}[ \t]*=.*$", re.MULTILINE)
        found = pattern.search(table)
        table = table[: found.start()] + line + table[found.end() :] if found else f"\n{line}{table}"
    changed = text[: head.end()] + table + text[end:]
    wanted = {**before, "store": {**before.get("store", {}), **settings}}
    try:
        if tomllib.loads(changed) == wanted:
            return changed
    except tomllib.TOMLDecodeError:
        pass
    said = ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in settings.items())
    raise UsageError(
        Words("未能改写配置文件的 [store]。", "The settings' [store] could not be written."),
        hint=Words(f"请自行写入后重新启动：{said}", f"Write it yourself and start again: {said}"),
    )
