"""The same server as its makers want it run: TLS on both ports, users, roles, API keys."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.elastic.certificates import Authority
from tests.elastic.distribution import NotHere, with_plugin
from tests.elastic.node import START_S, Node
from tests.elastic.server import PLAIN, empty
from tests.peers import require

ADMIN = "admin"
_ROUNDS = 1000


class Secured(Node):
    """``authority`` signed its certificate, which is for ``localhost`` and 127.0.0.1."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, PLAIN)
        self.password = secrets.token_urlsafe(12)
        certificates = self.folder / "config" / "certificates"
        self.authority = Authority(certificates)
        certificate, key = self.authority.issue("node-1", alternatives="IP:127.0.0.1,DNS:localhost")
        self.settings["http.host"] = ["127.0.0.1", "127.0.0.2"]  # the latter is not in its certificate
        self.settings["xpack.security.enabled"] = True
        for port in ("http", "transport"):
            self.settings |= {
                f"xpack.security.{port}.ssl.enabled": True,
                f"xpack.security.{port}.ssl.certificate": str(certificate),
                f"xpack.security.{port}.ssl.key": str(key),
                f"xpack.security.{port}.ssl.certificate_authorities": str(self.authority.certificate),
            }
        self.settings["xpack.security.transport.ssl.verification_mode"] = "full"
        self.settings["xpack.security.authc.password_hashing.algorithm"] = f"pbkdf2_{_ROUNDS}"
        self.trust = ssl.create_default_context(cafile=str(self.authority.certificate))
        self.authorization = basic(ADMIN, self.password)
        (self.folder / "config" / "users").write_text(f"{ADMIN}:{_hashed(self.password)}\n")
        (self.folder / "config" / "users_roles").write_text(f"superuser:{ADMIN}\n")

    def role(self, name: str, role: object) -> None:
        self._soon(f"/_security/role/{name}", role)

    def user(self, name: str, role: str) -> str:
        """Gives the password."""
        password = secrets.token_urlsafe(12)
        self._soon(f"/_security/user/{name}", {"password": password, "roles": [role]})
        return password

    def api_key(self, role: object) -> str:
        """As a credentials file holds it: ``encoded``."""
        asked = {"name": secrets.token_hex(4), "role_descriptors": {"only": role}}
        return str(self._soon("/_security/api_key", asked, method="POST")["encoded"])

    def _soon(self, path: str, body: object, method: str = "PUT") -> dict[str, object]:
        """The index of users answers 503 for some moments after it was made."""
        end = time.monotonic() + START_S
        while True:
            try:
                return self.ask(path, body, method)
            except HTTPError as refused:
                if refused.code != 503 or time.monotonic() > end:
                    raise
                time.sleep(0.2)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _hashed(password: str) -> str:
    """As the file realm reads it: PBKDF2 with HMAC-SHA512, 32 bytes."""
    salt = os.urandom(32)
    found = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS, 32)
    return f"{{PBKDF2}}{_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(found).decode()}"


@contextmanager
def secured_server() -> Iterator[Secured]:
    """Raises ``NotHere`` where none can be had."""
    node = Secured(with_plugin())
    try:
        node.start()
        node.wait()
        yield node
    finally:
        node.remove()


@pytest.fixture(scope="session")
def elastic_secured() -> Iterator[Secured]:
    try:
        if shutil.which("openssl") is None:
            raise NotHere("openssl makes its certificates")
        with_plugin()
    except NotHere as missing:
        require("es", False, str(missing))
    with secured_server() as node:
        yield node


@pytest.fixture
def elastic_tls(elastic_secured: Secured) -> Iterator[Secured]:
    yield elastic_secured
    empty(elastic_secured)
