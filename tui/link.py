"""The console's one line to the daemon: asked from the event loop, answered on a thread, one request at a time."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeAlias

from shouwang.errors import ShouwangError
from shouwang.model import Value


class Call(Protocol):
    """JSON in, JSON out, in ``lang`` (empty: the site's); a ``ShouwangError`` on refusal, ``OSError`` when cut off."""

    def __call__(self, act: str, lang: str, file: int | None = None, /, **args: Value) -> Value:
        """``file``: open, handed over with the request; it stays the caller's."""
        ...


_Request: TypeAlias = "tuple[asyncio.AbstractEventLoop, asyncio.Future[Value], str, str, int | None, dict[str, Value]]"


class Link:
    """Carries requests to a thread of its own, which ends with the process: a stuck daemon never holds up leaving."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def ask(self, act: str, lang: str, file: int | None = None, /, **args: Value) -> Value:
        """The act's result. Raises what the call raises."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="link", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Value] = loop.create_future()
        self._requests.put((loop, future, act, lang, file, args))
        return await future

    def close(self) -> None:
        self._requests.put(None)

    def _serve(self) -> None:
        while (request := self._requests.get()) is not None:
            loop, future, act, lang, file, args = request
            if future.cancelled():
                continue
            try:
                result = self._call(act, lang, file, **args)
            except Exception as error:  # noqa: BLE001  # handed to who asked, as it is
                _hand_over(loop, _failer(future, error))
            else:
                _hand_over(loop, _setter(future, result))


def _hand_over(loop: asyncio.AbstractEventLoop, give: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop has ended: nobody waits any more
        loop.call_soon_threadsafe(give)


def _setter(future: asyncio.Future[Value], result: Value) -> Callable[[], None]:
    return lambda: None if future.done() else future.set_result(result)


def _failer(future: asyncio.Future[Value], error: Exception) -> Callable[[], None]:
    return lambda: None if future.done() else future.set_exception(error)


class Connection(Protocol):
    """What ``Client.connect`` gives."""

    lang: str

    def call(self, act: str, **args: Value) -> Value: ...
    def call_with_file(self, act: str, file: int, **args: Value) -> Value: ...
    def close(self) -> None: ...


class Reconnecting:
    """A ``Call`` that connects when first asked and again after the daemon went away."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = None

    def __call__(self, act: str, lang: str, file: int | None = None, /, **args: Value) -> Value:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.lang = lang
        try:
            if file is not None:
                return self._connection.call_with_file(act, file, **args)
            return self._connection.call(act, **args)
        except (OSError, EOFError):
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()
            self._connection = None


def is_lost(error: Exception) -> bool:
    """Whether the daemon could not be reached, as opposed to having refused."""
    return isinstance(error, OSError | EOFError) and not isinstance(error, ShouwangError)
