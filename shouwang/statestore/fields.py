"""A JSON object read strictly: every field is asked for by type, none may be left over, anything else is damage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Final

from shouwang.bilingual import heard
from shouwang.errors import StoreError
from shouwang.model import Value
from shouwang.words import Words

RESTORE: Final = Words("请从备份恢复。", "Restore it from a backup.")


class Fields:
    """Use as a context manager: on leaving, all fields must have been asked for; wrong values become ``StoreError``."""

    def __init__(self, value: Value) -> None:
        if not isinstance(value, dict):
            raise StoreError(
                Words("状态库有一行已损坏：不是对象。", "A row of the state database is damaged: no object."),
                hint=RESTORE,
            )
        self._object: Mapping[str, Value] = value
        self._asked: set[str] = set()

    def __enter__(self) -> Fields:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if isinstance(error, KeyError | ValueError | TypeError):
            raise StoreError(
                Words(f"状态库有一行已损坏：{error!r}。", f"A row of the state database is damaged: {error!r}."),
                hint=RESTORE,
            )
        left = set(self._object) - self._asked
        if error is None and left:
            raise StoreError(
                Words(
                    f"状态库有一行含有未知字段：{sorted(left)}。",
                    f"A row of the state database has unknown fields: {sorted(left)}.",
                )
            )

    def __iter__(self) -> Iterator[str]:
        return iter(self._object)

    def text(self, name: str) -> str:
        value = self._get(name)
        if not isinstance(value, str):
            raise TypeError(f"{name} is no text")
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self._get(name) is None else self.text(name)

    def words(self, name: str) -> Words:
        """What ``shouwang.bilingual.said`` made."""
        found = heard(self._get(name))
        if found is None:
            raise TypeError(f"{name} is no text in two languages")
        return found

    def number(self, name: str) -> int:
        value = self._get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name} is no integer")
        return value

    def flag(self, name: str) -> bool:
        value = self._get(name)
        if not isinstance(value, bool):
            raise TypeError(f"{name} is neither true nor false")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(self._checked_text(name, each) for each in self._list(name))

    def object(self, name: str) -> Fields:
        return Fields(self._get(name))

    def optional_object(self, name: str) -> Fields | None:
        return None if self._get(name) is None else self.object(name)

    def objects(self, name: str) -> list[Fields]:
        return [Fields(each) for each in self._list(name)]

    def _get(self, name: str) -> Value:
        self._asked.add(name)
        return self._object[name]

    def _list(self, name: str) -> list[Value]:
        value = self._get(name)
        if not isinstance(value, list):
            raise TypeError(f"{name} is no list")
        return value

    @staticmethod
    def _checked_text(name: str, value: Value) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{name} holds something that is no text")
        return value
