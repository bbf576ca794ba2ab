"""What the first start makes: the home's folders and its explained ``shouwang.toml``."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path

from shouwang.config import Config
from shouwang.errors import StoreError, UsageError
from shouwang.firstconfig import first_config
from shouwang.home import Home
from shouwang.words import Words


def make_home(
    home: Home,
    *,
    name: str | None = None,
    timezone: str | None = None,
    language: str | None = None,
    store: Mapping[str, str] | None = None,
    made_by_root: bool = False,
) -> bool:
    """Whether it was made now. Harmless when it is there: then the arguments say nothing.

    ``made_by_root``: root made it for the daemon's user, and stays its administrator by name.
    """
    if home.exists():
        return False
    home.make_folders()
    home.require_mine()
    home.path.chmod(0o700)
    text = first_config(
        name=name or socket.gethostname(),
        timezone=timezone or "Asia/Shanghai",
        language=language or "zh",
        store=store,
        roles={"root": "administrator"} if made_by_root else None,
    )
    _write_once(home.config, text)
    return True


def _write_once(path: Path, text: str) -> None:
    """Whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o600)
        draft.replace(path)
    except OSError as wrong:
        draft.unlink(missing_ok=True)
        raise StoreError(
            Words(f"无法写入 {path}：{wrong.strerror}。", f"Cannot write {path}: {wrong.strerror}."),
            hint=Words("磁盘是否已满？", "Is the disk full?"),
        ) from wrong


def refuse_other_store(home: Home, config: Config, asked: Mapping[str, str]) -> None:
    """Raises ``UsageError``: a home's events are in one place, which its settings name."""
    for name, value in asked.items():
        if getattr(config.store, name) != value:
            raise UsageError(
                Words(
                    f"store.{name} 为 {getattr(config.store, name)!r}，不是 {value!r}。",
                    f"store.{name} is {getattr(config.store, name)!r}, not {value!r}.",
                ),
                hint=Words(
                    f"--store 只在首次启动时有效；以后请修改 {home.config}。",
                    f"--store counts on the first start; afterwards change {home.config}.",
                ),
            )
