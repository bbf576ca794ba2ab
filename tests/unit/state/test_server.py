"""The socket answers who asks properly, and stands those who do not."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import shouwang.server
from shouwang.client import Client, NotRunning
from shouwang.errors import ShouwangError, UsageError
from shouwang.home import Home, user_name
from shouwang.model import Value
from shouwang.server import MAX_CLIENTS_A_USER, Server
from shouwang.wire import MAX_REQUEST_BYTES, Request

ME = user_name(os.geteuid())


def answer(user: str, request: Request, file: int | None) -> Value:
    match request.act:
        case "echo":
            return {"user": user, "args": dict(request.args)}
        case "read":
            assert file is not None
            return os.read(file, 100).decode()
        case "refuse":
            raise UsageError("so nicht", hint="anders")
        case "fault":
            raise ZeroDivisionError
    return None


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("SHOUWANG_RUNTIME", str(tmp_path / "run"))
    (tmp_path / "home").mkdir()
    return Home.at(tmp_path / "home")


@pytest.fixture
def served(home: Home) -> Iterator[Home]:
    with Server(home.socket_to_make(), answer, lambda user: user == ME, "en"):
        yield home


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def raw(home: Home) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(10)
    connection.connect(str(home.sockets()[0]))
    return connection


def lines(connection: socket.socket) -> Iterator[dict[str, object]]:
    with connection.makefile("rb") as file:
        for line in file:
            yield json.loads(line)


def error(reply: dict[str, object]) -> dict[str, str]:
    found = reply["error"]
    assert isinstance(found, dict)
    return found


def test_who_asks_is_what_the_kernel_says(served: Home) -> None:
    with Client.connect(served) as client:
        assert client.call("echo", user="root", name="守") == {"user": ME, "args": {"user": "root", "name": "守"}}


def test_anyone_may_knock_but_the_home_stays_closed(served: Home) -> None:
    path = served.sockets()[0]
    assert path.stat().st_mode & 0o777 == 0o666
    assert path.parent.stat().st_mode & 0o777 == 0o755


def test_a_refusal_is_the_same_error_in_the_client_and_the_connection_goes_on(served: Home) -> None:
    with Client.connect(served) as client:
        with pytest.raises(UsageError, match="so nicht"):
            client.call("refuse")
        with pytest.raises(ShouwangError, match="fault of the program"):
            client.call("fault")
        assert client.call("other") is None


def test_a_file_is_handed_over_open(served: Home, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("zeile")
    before = open_files()
    with Client.connect(served) as client, (tmp_path / "log").open("rb") as file:
        assert client.call_with_file("read", file.fileno(), name="x" * 300_000) == "zeile"
    wait_for(lambda: open_files() <= before)


def test_descriptors_that_nobody_asked_for_are_closed(served: Home) -> None:
    before = open_files()
    connection = raw(served)
    for _ in range(20):
        socket.send_fds(connection, [b'{"act":"echo"}\n'], [0, 1, 2])
    connection.sendall(b"half a line")
    socket.send_fds(connection, [b"."], [0, 1])
    connection.shutdown(socket.SHUT_WR)
    assert len(list(lines(connection))) == 20
    connection.close()
    wait_for(lambda: open_files() <= before)


def test_many_requests_at_once_are_answered_in_order_with_their_ids(served: Home) -> None:
    connection = raw(served)
    connection.sendall(b"".join(b'{"id":%d,"act":"echo"}\n' % number for number in range(200)))
    connection.shutdown(socket.SHUT_WR)
    assert [reply["id"] for reply in lines(connection)] == list(range(200))


def test_many_clients_are_served_at_once(served: Home) -> None:
    clients = [Client.connect(served) for _ in range(MAX_CLIENTS_A_USER - 1)]
    for number, client in enumerate(clients):
        assert client.call("echo", n=number) == {"user": ME, "args": {"n": number}}
    for client in clients:
        client.close()


def test_too_many_clients_of_one_user_are_told_so_and_place_is_made_again(served: Home) -> None:
    clients = [Client.connect(served) for _ in range(MAX_CLIENTS_A_USER)]
    clients[-1].call("echo")
    with pytest.raises((ShouwangError, ConnectionError)):
        Client.connect(served).call("echo")
    for client in clients:
        client.close()
    wait_for(lambda: succeeds(served))


def succeeds(home: Home) -> bool:
    try:
        with Client.connect(home) as client:
            client.call("echo")
    except (ShouwangError, OSError):
        return False
    return True


@pytest.mark.parametrize("junk", [b"\n", b"hello\n", b"[1,2]\n", b"\xff\x00\n", b'{"act":7}\n', b"[" * 9999 + b"\n"])
def test_junk_is_refused_and_the_next_request_is_answered(served: Home, junk: bytes) -> None:
    connection = raw(served)
    connection.sendall(junk + b'{"id":"ok","act":"echo"}\n')
    connection.shutdown(socket.SHUT_WR)
    first, second = lines(connection)
    assert error(first)["kind"] == "usage"
    assert second["id"] == "ok"
    assert second["ok"] is True


def test_a_giant_line_is_refused_without_being_kept(served: Home) -> None:
    connection = raw(served)
    sent = 0
    try:
        while sent < 4 * MAX_REQUEST_BYTES:
            sent += connection.send(b"x" * 65536)
    except (BrokenPipeError, ConnectionResetError):
        pass
    try:
        said = [error(reply)["message"] for reply in lines(connection)]
        assert "bytes" in said[0]
    except ConnectionResetError:
        pass
    assert sent < 4 * MAX_REQUEST_BYTES
    assert succeeds(served)


def test_half_a_line_has_to_end_in_time(served: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shouwang.server, "WHOLE_REQUEST_S", 0.2)
    connection = raw(served)
    connection.sendall(b'{"id":1,"act":')
    (reply,) = lines(connection)
    assert "in time" in error(reply)["message"]


def test_half_a_line_and_away_harms_nobody(served: Home) -> None:
    for _ in range(50):
        connection = raw(served)
        connection.sendall(b'{"id":1,"act":"ec')
        connection.close()
    wait_for(lambda: succeeds(served))


def test_who_does_not_take_the_answer_does_not_hold_others(served: Home) -> None:
    deaf = raw(served)
    deaf.setblocking(False)
    request = json.dumps({"act": "echo", "args": {"x": "y" * 100_000}}).encode() + b"\n"
    try:
        for _ in range(100):
            deaf.send(request)
    except BlockingIOError:
        pass
    assert succeeds(served)
    deaf.close()


def test_who_has_no_role_is_answered_once_and_cut_off(home: Home) -> None:
    with Server(home.socket_to_make(), answer, lambda user: False, "en"):
        connection = raw(home)
        connection.sendall(b'{"act":"echo"}\n' * 3)
        assert len(list(lines(connection))) <= 1


def test_a_socket_left_by_a_killed_daemon_is_replaced_and_the_own_one_taken_away(home: Home) -> None:
    path = home.socket_to_make()
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    with pytest.raises(NotRunning):
        Client.connect(home)
    with Server(path, answer, lambda user: True, "en"):
        assert succeeds(home)
    assert not path.exists()
    with pytest.raises(NotRunning):
        Client.connect(home)


def test_ending_does_not_wait_for_idle_clients(home: Home) -> None:
    with Server(home.socket_to_make(), answer, lambda user: True, "en"):
        idle = Client.connect(home)
        idle.call("echo")
        serving = [thread for thread in threading.enumerate() if thread.name.startswith("client-")]
    assert serving
    assert not any(thread.is_alive() for thread in serving), "the time for requests being answered went by"
    with pytest.raises(ConnectionError):
        idle.call("echo")


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10.0
    while not condition():
        assert time.monotonic() < until, "waited for 10 s"
        time.sleep(0.01)
