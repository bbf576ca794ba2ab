"""Who is at the other end of a Unix socket, as the kernel says; and file descriptors handed over it."""

from __future__ import annotations

import os
import socket
import struct
from array import array
from typing import Final, NamedTuple

_UCRED: Final = struct.Struct("3i")
MAX_FILES: Final = 4


class Peer(NamedTuple):
    pid: int
    uid: int
    gid: int


def peer(connection: socket.socket) -> Peer:
    return Peer(*_UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)))


def receive(connection: socket.socket, size: int) -> tuple[bytes, list[int]]:
    """Bytes and the descriptors that came with them, closed on exec; ``b""`` at the end."""
    files = array("i")
    data, ancillary, _, _ = connection.recvmsg(
        size, socket.CMSG_SPACE(MAX_FILES * files.itemsize), socket.MSG_CMSG_CLOEXEC
    )
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            files.frombytes(content[: len(content) - len(content) % files.itemsize])
    return data, list(files)


def close_all(files: list[int]) -> None:
    for each in files:
        os.close(each)
    files.clear()
