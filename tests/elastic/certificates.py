"""A certificate authority of the tests' own, by openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Authority:
    def __init__(self, folder: Path, *, name: str = "tests") -> None:
        self.folder = folder
        self.certificate = folder / f"{name}-ca.crt"
        self._key = folder / f"{name}-ca.key"
        folder.mkdir(exist_ok=True)
        _openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "2", "-subj", f"/CN={name}"),
            *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"),
            *("-keyout", self._key, "-out", self.certificate),
        )

    def issue(self, name: str, *, alternatives: str) -> tuple[Path, Path]:
        """Certificate and key. ``alternatives``: as openssl writes them, ``IP:127.0.0.1,DNS:localhost``."""
        request, certificate, key = (self.folder / f"{name}.{kind}" for kind in ("csr", "crt", "key"))
        _openssl(
            *("req", "-new", "-newkey", "rsa:2048", "-noenc", "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName={alternatives}", "-keyout", key, "-out", request),
        )
        _openssl(
            *("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-days", "2"),
            *("-copy_extensions", "copy", "-out", certificate),
        )
        return certificate, key


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
