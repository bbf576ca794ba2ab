"""How the cluster is reached, who we are there, and what its errors mean. No secret stands in an error or a log."""

from __future__ import annotations

import ipaddress
import logging
import os
import ssl
import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from elastic_transport import ConnectionTimeout, TlsError, TransportError
from elasticsearch import ApiError, Elasticsearch

from shouwang.errors import AccessError, StoreError, UsageError
from shouwang.eventstore.base import StoreAway
from shouwang.eventstore.elastic.place import FORM, Place
from shouwang.words import Words

REQUEST_S: Final = 60.0
LARGEST_CREDENTIALS: Final = 65_536
_TEMPORARY: Final = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Secret:
    """Its parts are in no ``repr``."""

    api_key: str = ""
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return "Secret(...)"


def connect(where: Place) -> Elasticsearch:
    """Nothing is asked yet. Raises ``UsageError``, ``AccessError``, ``StoreError``."""
    logging.getLogger("elastic_transport").setLevel(logging.WARNING)  # a line for each request otherwise
    secret = read_secret(where.credentials) if where.credentials else Secret()
    _refuse_open_secret(where, secret)
    nodes = [_with_port(url) for url in where.urls]
    return Elasticsearch(
        nodes,
        request_timeout=REQUEST_S,
        max_retries=max(len(nodes) - 1, 1),  # also of a connection that was closed while it was idle
        retry_on_timeout=False,
        retry_on_status=(),
        http_compress=any(not _is_loopback(url) for url in where.urls),
        ssl_context=_trust(where.ca) if nodes[0].startswith("https") else None,
        api_key=secret.api_key or None,
        basic_auth=(secret.user, secret.password) if secret.user else None,
        headers={"user-agent": "shouwang"},
    )


def _with_port(url: str) -> str:
    parts = urlsplit(url)
    return (
        url if parts.port else f"{parts.scheme}://{parts.netloc}:{443 if parts.scheme == 'https' else 9200}{parts.path}"
    )


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse_open_secret(where: Place, secret: Secret) -> None:
    if not (secret.api_key or secret.user):
        return
    for url in where.urls:
        if url.startswith("http:") and not _is_loopback(url):
            raise UsageError(
                Words(f"凭据不能明文发往 {url}。", f"Credentials are not sent to {url} in the open."),
                hint=Words(
                    "请改用 https，并以 store.ca 指定证书。", "Use https, and name the certificate in store.ca."
                ),
            )


def _trust(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as wrong:
        raise UsageError(
            Words(f"无法读取证书 {ca}：{wrong}。", f"The certificate {ca} cannot be read: {wrong}."),
            hint=Words("store.ca 须为 PEM 格式的 CA 证书。", "store.ca is the certificate authority's, as PEM."),
        ) from wrong


def read_secret(path: Path) -> Secret:
    """Raises ``AccessError`` for a file that others may read, ``UsageError`` for what is none of ours."""
    try:
        held = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as wrong:
        raise UsageError(
            Words(
                f"无法读取凭据文件 {path}：{wrong.strerror}。",
                f"The credentials {path} cannot be read: {wrong.strerror}.",
            ),
            hint=FORM,
        ) from wrong
    with os.fdopen(held, "rb") as file:
        is_what = os.fstat(file.fileno())
        if not stat.S_ISREG(is_what.st_mode) or stat.S_IMODE(is_what.st_mode) & 0o077:
            raise AccessError(
                Words(f"其他用户可以读取凭据文件 {path}。", f"Others may read the credentials {path}."),
                hint=Words(f"chmod 600 {path}", f"chmod 600 {path}"),
            )
        text = file.read(LARGEST_CREDENTIALS)
    try:
        found = tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        found = {}  # what is wrong with it is not repeated: it holds a secret
    known = {name: value for name, value in found.items() if isinstance(value, str) and value}
    if len(known) != len(found) or set(known) not in ({"api_key"}, {"user", "password"}):
        raise UsageError(
            Words(f"凭据文件 {path} 的格式不对。", f"The credentials {path} are not written as they should be."),
            hint=FORM,
        )
    return Secret(**known)


# ------------------------------------------------------------------------------------------- what errors mean


@contextmanager
def telling(where: Place) -> Iterator[None]:
    """What the client raises, as errors of ours."""
    try:
        yield
    except TlsError as error:
        raise _untrusted(where, error) from None
    except TransportError as error:
        raise _away(
            where, "no answer in time" if isinstance(error, ConnectionTimeout) else _plain(error.message)
        ) from None
    except ApiError as error:
        raise meaning(where, error.status_code, reason_of(error)) from None


def meaning(where: Place, status: int, reason: str) -> StoreError:
    """``StoreAway`` for what passes by itself, or when somebody mends the cluster."""
    if status in (401, 403) and "block" not in reason:
        return StoreAway(
            Words(f"Elasticsearch（{where}）拒绝访问：{reason}。", f"Elasticsearch at {where} refuses us: {reason}."),
            hint=Words(
                "请检查 store.credentials 中的凭据及其角色（docs/how-to/elasticsearch.md）。",
                "Look at the credentials in store.credentials and their role (docs/how-to/elasticsearch.md).",
            ),
        )
    if status in _TEMPORARY or status in (401, 403):
        return _away(where, reason)
    return StoreError(
        Words(f"Elasticsearch（{where}）未能执行：{reason}。", f"Elasticsearch at {where} could not do it: {reason}."),
        hint=Words("`shouwang doctor` 会说明原因。", "`shouwang doctor` says why."),
    )


def _away(where: Place, reason: str) -> StoreAway:
    return StoreAway(
        Words(f"Elasticsearch（{where}）暂不可用：{reason}。", f"Elasticsearch at {where} is away: {reason}."),
        hint=Words(
            "请检查集群和网络。日志先存入本机缓存，恢复后自动补传。",
            "Look at the cluster and the network. Logs wait on this host, and go there when it is back.",
        ),
    )


def _untrusted(where: Place, error: TlsError) -> StoreAway:
    return StoreAway(
        Words(
            f"Elasticsearch（{where}）的证书未通过验证：{_plain(error.message)}。",
            f"The certificate of Elasticsearch at {where} cannot be trusted: {_plain(error.message)}.",
        ),
        hint=Words(
            "请用 store.ca 指定签发它的 CA 证书，地址须与证书中的名称一致；不会跳过验证。",
            "Name the authority that signed it in store.ca, and use a name that the certificate has. It is always "
            "checked.",
        ),
    )


def reason_of(error: ApiError) -> str:
    """``type: reason`` as the server says it."""
    body = error.body
    said = body.get("error") if isinstance(body, dict) else None
    if isinstance(said, dict):
        return _plain(f"{said.get('type', '')}: {said.get('reason', '')}")
    return _plain(str(said or error.message))


def type_of(error: ApiError) -> str:
    body = error.body
    said = body.get("error") if isinstance(body, dict) else None
    return str(said.get("type", "")) if isinstance(said, dict) else ""


def _plain(text: str) -> str:
    return " ".join(text.split())[:300].rstrip(".")
