"""The daemon's socket: asks the kernel who is there, reads requests, answers them. One thread a client, in order.

Limits against a hostile local user: a request of at most 1 MiB, which must be whole 10 s after its first byte; answers
taken within 30 s; 16 clients a user and 128 in all; who has no role is told so and cut off.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from shouwang.errors import AccessError, ShouwangError, StoreError, UsageError
from shouwang.home import user_name
from shouwang.model import Value
from shouwang.peer import close_all, peer, receive
from shouwang.wire import MAX_REQUEST_BYTES, Request, failure, read_request, request_id, success
from shouwang.words import Words

log = logging.getLogger(__name__)

WHOLE_REQUEST_S: Final = 10.0
REPLY_S: Final = 30.0
MAX_CLIENTS: Final = 128
MAX_CLIENTS_A_USER: Final = 16
POLL_S: Final = 0.5

_TOO_MANY: Final = ShouwangError(
    Words("连接过多。", "Too many connections."), hint=Words("请关闭一些，或稍后再试。", "Close some, or wait.")
)
_FAULT: Final = ShouwangError(
    Words("程序故障，操作未完成。", "The act failed by a fault of the program."),
    hint=Words("详情见守护进程日志，请反馈给开发者。", "The daemon's log has the traceback; please report it."),
)


class Perform(Protocol):
    """``shouwang.api.table.perform`` with the daemon's services bound."""

    def __call__(self, user: str, request: Request, file: int | None) -> Value: ...


class Server:
    """Listens from ``__enter__`` to ``__exit__``.

    ``known`` says of a user whether it has any role. Refusals are said in ``language`` unless a request asks otherwise.
    """

    def __init__(self, path: Path, perform: Perform, known: Callable[[str], bool], language: str) -> None:
        self.path = path
        self._language = language
        self._perform = perform
        self._known = known
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._clients: dict[socket.socket, int] = {}
        self._threads: set[threading.Thread] = set()

    def __enter__(self) -> Self:
        self._listener = _listen(self.path)
        self._acceptor = threading.Thread(target=self._accept, name="socket", daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """No new requests; those being answered have 2 s."""
        self._stop.set()
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
            knock.connect(str(self.path))  # wakes who accepts
        with suppress(OSError):
            self.path.unlink()
        self._acceptor.join(2.0)
        self._listener.close()
        with self._lock:
            for client in self._clients:
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RD)
        until = time.monotonic() + 2.0
        for thread in list(self._threads):
            thread.join(max(0.0, until - time.monotonic()))

    def _accept(self) -> None:
        self._listener.settimeout(POLL_S)
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                if self._stop.is_set():
                    return
                log.exception("the socket cannot accept")
                self._stop.wait(1.0)
                continue
            if self._stop.is_set():
                connection.close()
            else:
                self._admit(connection)

    def _admit(self, connection: socket.socket) -> None:
        uid = peer(connection).uid
        with self._lock:
            full = len(self._clients) >= MAX_CLIENTS or Counter(self._clients.values())[uid] >= MAX_CLIENTS_A_USER
            if not full:
                self._clients[connection] = uid
        if full:
            _send(connection, failure(None, _TOO_MANY, self._language))
            connection.close()
            return
        thread = threading.Thread(target=self._serve, args=(connection, uid), name=f"client-{uid}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _serve(self, connection: socket.socket, uid: int) -> None:
        files: list[int] = []
        try:
            self._converse(connection, user_name(uid), files)
        except OSError as lost:
            log.info("a client was lost: %s", lost)
        except Exception:  # one client's fault must not end the service of the others
            log.exception("a client's thread failed")
        finally:
            close_all(files)
            connection.close()
            with self._lock:
                self._clients.pop(connection, None)
            self._threads.discard(threading.current_thread())

    def _converse(self, connection: socket.socket, user: str, files: list[int]) -> None:
        lines = _Lines(connection, files, self._stop)
        while (data := lines.next()) is not None:
            reply = self._answer(user, data, files)
            close_all(files)
            if not _send(connection, reply) or not self._known(user):
                return
        if lines.error is not None:
            _send(connection, failure(None, lines.error, self._language))

    def _answer(self, user: str, data: bytes, files: list[int]) -> bytes:
        lang = self._language
        try:
            request = read_request(data)
            lang = request.lang or lang
            return success(request.id, self._perform(user, request, files[0] if files else None))
        except AccessError as refused:
            log.warning("refused: %s", refused.message)
            return failure(request_id(data), refused, lang)
        except ShouwangError as refused:
            return failure(request_id(data), refused, lang)
        except Exception:  # the client is answered that it failed; the traceback is for the log alone
            log.exception("an act failed")
            return failure(request_id(data), _FAULT, lang)


class _Lines:
    """Requests of one client. ``None`` at the end, when stopping, or when ``error`` says what was wrong."""

    def __init__(self, connection: socket.socket, files: list[int], stop: threading.Event) -> None:
        self._connection = connection
        self._files = files
        self._stop = stop
        self._buffer = bytearray()
        self._since = 0.0
        self.error: UsageError | None = None

    def next(self) -> bytes | None:
        while True:
            end = self._buffer.find(b"\n")
            if end >= 0:
                found = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                self._since = time.monotonic()
                return found
            if not self._read():
                return None

    def _read(self) -> bool:
        if len(self._buffer) > MAX_REQUEST_BYTES:
            self.error = UsageError(f"A request has at most {MAX_REQUEST_BYTES} bytes.")
            return False
        if self._buffer and time.monotonic() - self._since > WHOLE_REQUEST_S:
            self.error = UsageError("The request did not end in time.", hint="It is one line that ends in a newline.")
            return False
        if self._stop.is_set():
            return False
        self._connection.settimeout(POLL_S)
        try:
            data, files = receive(self._connection, 65536)
        except TimeoutError:
            return True
        if data and not self._buffer:
            self._since = time.monotonic()
        self._buffer += data
        self._files += files
        return bool(data)


def _send(connection: socket.socket, data: bytes) -> bool:
    connection.settimeout(REPLY_S)
    try:
        connection.sendall(data)
    except OSError:
        return False
    return True


def _listen(path: Path) -> socket.socket:
    """Takes the place of a socket that nobody serves: the caller holds the home's lock."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        path.chmod(0o666)
        listener.listen(64)
    except OSError as wrong:
        listener.close()
        raise StoreError(
            Words(f"无法建立套接字 {path}：{wrong}。", f"Cannot make the socket {path}: {wrong}."),
            hint=Words("请把 SHOUWANG_RUNTIME 设为自己的目录。", "Set SHOUWANG_RUNTIME to a folder of yours."),
        ) from wrong
    return listener
