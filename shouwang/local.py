"""The table of acts in this process, under the home's lock: what a command does when no daemon runs."""

from __future__ import annotations

import os
from contextlib import ExitStack

from shouwang.api.table import perform
from shouwang.config import load
from shouwang.home import Home, Lock, user_name
from shouwang.model import Value
from shouwang.wiring import Services, build


class Local:
    """A ``shouwang.client.Caller``."""

    def __init__(self, services: Services, stack: ExitStack, lang: str) -> None:
        self._services = services
        self._stack = stack
        self._lang = lang

    def call(self, act: str, **args: Value) -> Value:
        return perform(self._services, user_name(os.geteuid()), act, args, lang=self._lang)

    def call_with_file(self, act: str, file: int, **args: Value) -> Value:
        return perform(self._services, user_name(os.geteuid()), act, args, file, lang=self._lang)

    def close(self) -> None:
        self._stack.close()


def open_home(home: Home, lang: str) -> Local:
    """Raises ``StoreError`` without a home, ``AccessError`` for another's, ``LockedError`` while it is in use."""
    home.require_mine()
    config = load(home.config)
    with ExitStack() as stack:
        stack.enter_context(Lock(home, config.site.zone, command=True))
        services = stack.enter_context(build(home, config, home.clock()))
        return Local(services, stack.pop_all(), lang)
