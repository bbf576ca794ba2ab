"""The server with users is what its makers run: strangers are refused, and API keys are bound to their role."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest

from tests.elastic.certificates import Authority
from tests.elastic.secured import Secured, basic


def test_an_api_key_may_do_what_its_role_says_and_no_more(elastic_tls: Secured) -> None:
    key = elastic_tls.api_key({"indices": [{"names": ["t-*"], "privileges": ["create_doc", "auto_configure"]}]})
    elastic_tls.ask("/t-1/_create/1", {"a": 1}, authorization=f"ApiKey {key}")
    with pytest.raises(HTTPError, match="403"):
        elastic_tls.ask("/t-1/_doc/1", authorization=f"ApiKey {key}")


def test_who_gives_no_password_or_a_wrong_one_is_refused(elastic_tls: Secured) -> None:
    for wrong in ("", basic("admin", "guess")):
        with pytest.raises(HTTPError, match="401"):
            elastic_tls.ask("/", authorization=wrong)


def test_its_certificate_is_of_the_tests_own_authority(
    elastic_tls: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = Authority(tmp_path, name="stranger")
    monkeypatch.setattr(elastic_tls, "trust", ssl.create_default_context(cafile=str(stranger.certificate)))
    with pytest.raises(URLError, match="certificate verify failed"):
        elastic_tls.ask("/")
