"""Names of fields that somebody wrote: whether any parser gives such a one, and which may have been meant."""

from __future__ import annotations

from typing import Final

from collectors.vocabulary import has_field, near_fields
from shouwang.errors import UsageError
from shouwang.model import Logsource
from shouwang.words import Words

_ANY: Final = Logsource("windows")
"""Has the dictionary's fields and every open family."""


def require_known(name: str) -> None:
    """Raises ``UsageError`` for a name that only a sender's own JSON could have."""
    if has_field(_ANY, name):
        return
    near = ", ".join(near_fields(_ANY, name, (name,)))
    raise UsageError(
        Words(f"所查记录都没有字段 {name}。", f"None of these records has a field {name}."),
        hint=Words(f"是否指：{near}？", f"Did you mean {near}?")
        if near
        else Words("字段名见 docs/reference/fields.md。", "docs/reference/fields.md lists the fields."),
    )
