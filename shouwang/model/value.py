"""What a record's fields hold, and where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeAlias

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"
"""What JSON can say."""


class Absent(Enum):
    """The field is not there; differs from a field that is there and null."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


Found: TypeAlias = "Value | Absent"


Path: TypeAlias = tuple[str, ...]
"""The keys from the document's top to one field."""


def value_at(doc: Mapping[str, Value], path: Path) -> Found:
    """The value at ``path``; ABSENT as soon as a key is missing or what stands above it is no object."""
    here: Value | Mapping[str, Value] = doc
    for key in path:
        if not isinstance(here, Mapping) or key not in here:
            return ABSENT
        here = here[key]
    return here  # type: ignore[return-value]  # a Mapping only for the empty path, which no shape has
