"""Who we talk to is always checked, who we are is said from a private file, and no secret is ever told."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest

from shouwang.errors import AccessError, UsageError
from shouwang.eventstore.base import StoreAway
from shouwang.eventstore.elastic.connection import connect, telling
from shouwang.eventstore.elastic.place import Place, place
from tests.elastic.certificates import Authority
from tests.elastic.secured import ADMIN, Secured

WHO = {"cluster": ["monitor"]}


def credentials(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "elastic.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def asked(where: Place) -> str:
    """The server's version, as the product's own client gets it."""
    with telling(where), connect(where) as client:
        return str(client.cluster.stats()["nodes"]["versions"][0])


def test_an_api_key_from_a_private_file_opens_the_cluster(elastic_tls: Secured, tmp_path: Path) -> None:
    credentials(tmp_path, f'api_key = "{elastic_tls.api_key(WHO)}"')
    where = place(
        elastic_tls.url, ca=str(elastic_tls.authority.certificate), credentials="elastic.toml", folder=tmp_path
    )
    assert asked(where) == "9.5.4"


def test_so_do_a_user_and_a_password(elastic_tls: Secured, tmp_path: Path) -> None:
    path = credentials(tmp_path, f'user = "{ADMIN}"\npassword = "{elastic_tls.password}"')
    where = Place((f"https://localhost:{elastic_tls.port}",), elastic_tls.authority.certificate, path)
    assert asked(where) == "9.5.4"


@pytest.mark.parametrize("trusted", ["a stranger's authority", "what the system trusts"])
def test_a_server_that_another_authority_signed_is_refused(elastic_tls: Secured, tmp_path: Path, trusted: str) -> None:
    ca = None if "system" in trusted else Authority(tmp_path, name="stranger").certificate
    with pytest.raises(StoreAway, match=r"certificate .* cannot be trusted: .*unable to get local issuer") as refused:
        asked(Place((elastic_tls.url,), ca))
    assert "store.ca" in refused.value.hint.en
    assert "store.ca" in refused.value.hint.zh


def test_a_server_under_a_name_that_its_certificate_has_not_is_refused(elastic_tls: Secured) -> None:
    elsewhere = Place((f"https://127.0.0.2:{elastic_tls.port}",), elastic_tls.authority.certificate)
    with pytest.raises(StoreAway, match=r"cannot be trusted: .*IP address mismatch"):
        asked(elsewhere)


def test_a_credentials_file_that_others_may_read_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    for mode in (0o640, 0o604, 0o620):
        path = credentials(tmp_path, 'api_key = "s3cret"', mode)
        with pytest.raises(AccessError, match="Others may read") as refused:
            connect(Place(("https://127.0.0.1:1",), None, path))
        assert refused.value.hint.en == f"chmod 600 {path}"


@pytest.mark.parametrize("text", ['api_key = "s3cret', 's3cret = "x"', 'user = "s3cret"', "api_key = 1 # s3cret", ""])
def test_a_file_that_is_none_of_ours_is_not_repeated(tmp_path: Path, text: str) -> None:
    path = credentials(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        connect(Place(("https://127.0.0.1:1",), None, path))
    assert "s3cret" not in "".join(traceback.format_exception(refused.value))
    assert "api_key" in refused.value.hint.en


def test_a_secret_is_not_sent_in_the_open(tmp_path: Path) -> None:
    path = credentials(tmp_path, 'api_key = "s3cret"')
    with pytest.raises(UsageError, match="in the open"):
        connect(Place(("http://192.0.2.1:9200",), None, path))


def test_no_secret_stands_in_an_error_or_a_log(
    elastic_tls: Secured, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    secrets = ("a2V5LW9mLW91cnM6bm90LWtub3du", "n0t-the-passw0rd")
    path = credentials(tmp_path, f'api_key = "{secrets[0]}"')
    other = tmp_path / "user.toml"
    other.write_text(f'user = "{ADMIN}"\npassword = "{secrets[1]}"')
    other.chmod(0o600)
    ours, wrong = elastic_tls.authority.certificate, Authority(tmp_path, name="stranger").certificate
    for url in (elastic_tls.url, "https://127.0.0.1:1"):
        for ca in (ours, wrong):
            for file in (path, other):
                where = Place((url,), ca, file)
                with pytest.raises(StoreAway) as refused:
                    asked(where)
                told.append("".join(traceback.format_exception(refused.value)) + repr(where))
                told.append(refused.value.hint.en + refused.value.hint.zh + refused.value.message.zh)
    assert any("refuses us" in each for each in told)
    assert caplog.text
    for secret in secrets:
        assert secret not in "".join(told)
        assert secret not in caplog.text
