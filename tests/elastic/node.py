"""One Elasticsearch process: started, killed, started again, and never left behind."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.elastic.distribution import java_home

START_S: Final = 240
"""A busy machine of two cores has taken 75 s for three nodes."""
_STOP_S: Final = 60
_HEAP: Final = "-Xms512m -Xmx512m -XX:TieredStopAtLevel=1 -XX:-AlwaysPreTouch"


class NotStarted(Exception):
    """The server said no, or nothing in time; with the end of its log."""


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


class Node:
    """Runs in a folder of its own. As root it becomes ``nobody``: Elasticsearch refuses root.

    The process dies with the one that started it, however that ends.
    """

    trust: ssl.SSLContext | None = None
    """With it the server is asked by https."""
    authorization: str = ""
    """The header's value, for ``ask``."""

    def __init__(self, home: Path, settings: Mapping[str, object], *, name: str = "node-1") -> None:
        self.home = home
        self.name = name
        self.port = free_port()
        self.transport_port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="shouwang-es-"))
        self.settings = dict(settings)
        self._process: subprocess.Popen[bytes] | None = None
        for part in ("data", "logs", "repo", "tmp"):
            (self.folder / part).mkdir()
        shutil.copytree(home / "config", self.folder / "config")

    def start(self) -> None:
        """Returns at once; ``answers`` and ``wait`` tell when it is there."""
        self._configure()
        if os.geteuid() == 0:
            self._give_to(pwd.getpwnam("nobody"))
        with (self.folder / "out").open("ab") as out:
            self._process = subprocess.Popen(
                [*_as_nobody(), str(self.home / "bin" / "elasticsearch")],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def url(self) -> str:
        return f"{'https' if self.trust else 'http'}://127.0.0.1:{self.port}"

    def wait(self, *, nodes: int = 1, status: str = "yellow", within_s: float = START_S) -> None:
        """Until the cluster has so many nodes and the status, as this node sees it."""
        end = time.monotonic() + within_s
        path = f"/_cluster/health?wait_for_status={status}&wait_for_nodes={nodes}&timeout=5s"
        while time.monotonic() < end:
            if not self.running:
                raise NotStarted(self.log())
            try:
                if not self.ask(path)["timed_out"]:
                    return
            except (OSError, ValueError):
                time.sleep(0.2)
        raise NotStarted(f"no answer in {within_s} s\n{self.log()}")

    def ask(
        self, path: str, body: object = None, method: str = "", *, authorization: str | None = None
    ) -> dict[str, object]:
        """A call without the client of the product. Raises ``OSError`` and its children; a refusal says its reason."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if who := self.authorization if authorization is None else authorization:
            headers["Authorization"] = who
        method = method or ("GET" if data is None else "PUT")
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30, context=self.trust) as answer:
                found: dict[str, object] = json.loads(answer.read() or b"{}")
                return found
        except urllib.error.HTTPError as refused:
            refused.add_note(refused.read().decode(errors="replace"))
            raise

    def bulk(self, lines: bytes) -> None:
        """Documents, as another would have sent them."""
        headers = {"Content-Type": "application/x-ndjson"}
        request = urllib.request.Request(f"{self.url}/_bulk", data=lines, method="POST", headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert not json.loads(answer.read())["errors"]

    def kill(self) -> None:
        """As when the machine dies: nothing is flushed."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As its administrator does."""
        self._end(signal.SIGTERM)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        out = self.folder / "out"
        return out.read_text(errors="replace")[-4000:] if out.exists() else ""

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            os.killpg(process.pid, how)  # the launcher and the server are one session
        except ProcessLookupError:
            return
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(_STOP_S)
        end = time.monotonic() + _STOP_S
        while _any_of(process.pid) and time.monotonic() < end:
            time.sleep(0.05)

    def _configure(self) -> None:
        own: dict[str, object] = {
            "node.name": self.name,
            "network.host": "127.0.0.1",
            "http.port": self.port,
            "transport.port": self.transport_port,
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
            "path.repo": str(self.folder / "repo"),
        }
        lines = [f"{key}: {json.dumps(value)}\n" for key, value in {**own, **self.settings}.items()]
        (self.folder / "config" / "elasticsearch.yml").write_text("".join(lines))

    def _give_to(self, user: pwd.struct_passwd) -> None:
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "ES_JAVA_HOME": str(java_home()),
            "ES_PATH_CONF": str(self.folder / "config"),
            "ES_TMPDIR": str(self.folder / "tmp"),
            "ES_JAVA_OPTS": _HEAP,
        }


def _as_nobody() -> list[str]:
    if os.geteuid() != 0:
        return ["setpriv", "--pdeathsig", "KILL"]
    user = pwd.getpwnam("nobody")
    return [
        *("setpriv", "--pdeathsig", "KILL", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"),
    ]


def _any_of(session: int) -> bool:
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return False
    return True
