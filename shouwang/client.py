"""The caller of the socket. ``Client`` asks the daemon; ``caller`` also works when none runs, for the home's owner."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, cast

from shouwang.errors import AccessError, ShouwangError
from shouwang.home import Home, user_name
from shouwang.model import Value
from shouwang.peer import peer
from shouwang.wire import MAX_REPLY_BYTES, line, read_reply
from shouwang.words import Words

CONNECT_S = 5.0


class NotRunning(ConnectionError):
    """No daemon serves this home."""


class Caller(Protocol):
    def call(self, act: str, **args: Value) -> Value:
        """The act's result. Raises the ``ShouwangError`` that the act raised; ``OSError`` when the daemon is lost."""
        ...

    def call_with_file(self, act: str, file: int, **args: Value) -> Value:
        """The same, with an open file for the act to read."""
        ...

    def close(self) -> None: ...


class Client:
    """One connection; not for use by two threads at once."""

    def __init__(self, connection: socket.socket, lang: str = "") -> None:
        self.lang = lang
        """In which the daemon shall speak, ``zh`` or ``en``; empty: the site's language."""
        self._connection = connection
        self._rest = bytearray()
        self._number = 0

    @classmethod
    def connect(cls, home: str | Path | Home | None = None, lang: str = "") -> Client:
        """Raises ``NotRunning``; ``AccessError`` when somebody else than the home's owner or root serves there."""
        place = home if isinstance(home, Home) else Home.at(home)
        for path in place.sockets():
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(CONNECT_S)
            try:
                connection.connect(str(path))
            except OSError:
                connection.close()
                continue
            _refuse_stranger(connection, place)
            connection.settimeout(None)
            return cls(connection, lang)
        place.refuse_collector()
        raise NotRunning(
            Words(
                f"数据目录 {place.path} 没有守护进程在运行。`shouwang up` 可启动。",
                f"No daemon runs for the home {place.path}. `shouwang up` starts one.",
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def call(self, act: str, **args: Value) -> Value:
        self._send(self._request(act, args))
        return read_reply(self._line())

    def call_with_file(self, act: str, file: int, **args: Value) -> Value:
        data = self._request(act, args)
        sent = socket.send_fds(self._connection, [data], [file])
        self._send(data[sent:])
        return read_reply(self._line())

    def _request(self, act: str, args: dict[str, Value]) -> bytes:
        self._number += 1
        spoken: dict[str, Value] = {"lang": self.lang} if self.lang else {}
        return line({"id": self._number, "act": act, "args": args, **spoken})

    def _send(self, data: bytes) -> None:
        """Under another name than that of a broken pipe at our own output. A refusal may wait to be read yet."""
        try:
            self._connection.sendall(data)
        except BrokenPipeError as lost:
            if not self._rest and not self._pending():
                raise ConnectionResetError(Words("守护进程已退出。", "The daemon has gone.")) from lost

    def _pending(self) -> bool:
        try:
            return bool(self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False

    def _line(self) -> bytes:
        searched = 0
        while (end := self._rest.find(b"\n", searched)) < 0:
            searched = len(self._rest)
            data = self._connection.recv(1 << 18)
            if not data:
                raise ConnectionResetError(Words("守护进程未作答即已退出。", "The daemon ended before it answered."))
            self._rest += data
            if len(self._rest) > MAX_REPLY_BYTES:
                raise ShouwangError(
                    Words("返回的数据过大。", "The answer is too large."),
                    hint=Words("请缩短时间范围，或减小 --limit。", "Ask for less: a shorter time, a smaller --limit."),
                )
        found = bytes(self._rest[:end])
        del self._rest[: end + 1]
        return found


def caller(home: str | Path | None = None, lang: str = "") -> Caller:
    """The daemon, or, where none runs, the same table of acts in this process, for the home's owner.

    Raises ``AccessError``, ``StoreError``, ``LockedError``.
    """
    place = Home.at(home)
    try:
        return Client.connect(place, lang)
    except NotRunning:
        pass
    # By name: a command that finds a daemon must not load, nor this module import, what the daemon is made of.
    open_home = cast("Callable[[Home, str], Caller]", import_module("shouwang.local").open_home)
    return open_home(place, lang)


def _refuse_stranger(connection: socket.socket, home: Home) -> None:
    owner, server = home.owner_uid(), peer(connection).uid
    if owner is not None and server not in {owner, 0, os.geteuid()}:
        connection.close()
        raise AccessError(
            Words(
                f"数据目录 {home.path} 属于 {user_name(owner)}，应答的却是 {user_name(server)}。",
                f"{user_name(server)} serves the home {home.path}, which belongs to {user_name(owner)}.",
            ),
            hint=Words(
                "可能有人冒充守护进程，请立即告知管理员。",
                "Somebody may be passing off for the daemon: tell the administrator.",
            ),
        )
