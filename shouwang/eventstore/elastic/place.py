"""Where the cluster is, as the settings name it. Loads no client."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from shouwang.errors import UsageError
from shouwang.model import Value
from shouwang.words import Words

FORM: Final = Words(
    '文件内容为一行 api_key = "…"，或 user = "…" 和 password = "…" 两行。',
    'The file has one line, api_key = "...", or two: user = "..." and password = "...".',
)
"""Of the credentials' file."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the cluster is. ``urls``: its nodes, all http or all https."""

    urls: tuple[str, ...]
    ca: Path | None = None
    """Certificates that the servers' are signed by, PEM; ``None``: those that the system trusts."""
    credentials: Path | None = None

    def __str__(self) -> str:
        return self.urls[0]


def place(url: str, *, ca: str = "", credentials: str = "", folder: Path = Path()) -> Place:
    """``url``: one or more, with commas. Paths from ``folder``. Raises ``UsageError``."""
    urls = tuple(each.strip().rstrip("/") for each in url.split(",") if each.strip())
    for each in urls:
        _check_url(each)
    if len({urlsplit(each).scheme for each in urls}) != 1:
        raise UsageError(
            Words("store.url 须全为 http 或全为 https。", "store.url must be http throughout, or https throughout.")
        )
    return Place(urls, folder / ca if ca else None, folder / credentials if credentials else None)


def plain(where: Place) -> dict[str, Value]:
    """For a worker; the secret itself stays in its file."""
    return {
        "urls": [*where.urls],
        "ca": str(where.ca.absolute()) if where.ca else "",
        "credentials": str(where.credentials.absolute()) if where.credentials else "",
    }


def place_of(said: dict[str, Value]) -> Place:
    """Of ``plain``."""
    urls, ca, credentials = said["urls"], str(said["ca"]), str(said["credentials"])
    assert isinstance(urls, list)
    return Place(tuple(map(str, urls)), Path(ca) if ca else None, Path(credentials) if credentials else None)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            Words("store.url 中不能写用户名或密码。", "store.url must not hold a user or password."),
            hint=Words(
                f"请另存为文件，由 store.credentials 指定。{FORM.zh}",
                f"Put them into a file that store.credentials names. {FORM.en}",
            ),
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or port == 0:
        raise UsageError(
            Words(f"{url!r} 不是 Elasticsearch 地址。", f"{url!r} is no address of Elasticsearch."),
            hint=Words("例如 https://es1.example:9200。", "For example https://es1.example:9200."),
        )
