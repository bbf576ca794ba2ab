"""compose.yaml, which no test here can start, is at least what its documentation says."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.elastic.distribution import VERSION

ROOT: Final = Path(__file__).parents[3]
NODES: Final = ("es1", "es2", "es3")


@pytest.fixture(scope="module")
def compose() -> dict[str, dict[str, dict[str, object]]]:
    found: dict[str, dict[str, dict[str, object]]] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return found


def settings(compose: dict[str, dict[str, dict[str, object]]], node: str) -> dict[str, str]:
    found = compose["services"][node]["environment"]
    assert isinstance(found, dict)
    return found


def test_it_is_the_version_that_the_tests_ran_against(compose: dict[str, dict[str, dict[str, object]]]) -> None:
    images = {service["image"] for service in compose["services"].values()}
    assert images == {f"docker.elastic.co/elasticsearch/elasticsearch:{VERSION}"}


@pytest.mark.parametrize("node", NODES)
def test_every_node_checks_certificates_and_asks_who_one_is(
    compose: dict[str, dict[str, dict[str, object]]], node: str
) -> None:
    found = settings(compose, node)
    assert found["node.name"] == node
    assert found["xpack.security.enabled"] == "true"
    for port in ("http", "transport"):
        assert found[f"xpack.security.{port}.ssl.enabled"] == "true"
        assert found[f"xpack.security.{port}.ssl.key"] == f"certs/{node}/{node}.key"
        assert found[f"xpack.security.{port}.ssl.certificate"] == f"certs/{node}/{node}.crt"
    assert found["xpack.security.transport.ssl.verification_mode"] == "full"


@pytest.mark.parametrize("node", NODES)
def test_the_nodes_find_each_other_and_form_one_cluster(
    compose: dict[str, dict[str, dict[str, object]]], node: str
) -> None:
    found = settings(compose, node)
    assert tuple(found["discovery.seed_hosts"].split(",")) == NODES
    assert tuple(found["cluster.initial_master_nodes"].split(",")) == NODES
    assert "discovery.type" not in found


@pytest.mark.parametrize("node", NODES)
def test_data_outlives_the_container_and_memory_is_bounded(
    compose: dict[str, dict[str, dict[str, object]]], node: str
) -> None:
    service = compose["services"][node]
    volumes = service["volumes"]
    assert isinstance(volumes, list)
    assert f"{node}:/usr/share/elasticsearch/data" in volumes
    assert node in compose["volumes"]
    assert service["mem_limit"] == "${ES_MEMORY:-4g}"
    assert service["ulimits"] == {"memlock": {"soft": -1, "hard": -1}, "nofile": {"soft": 65535, "hard": 65535}}
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]
    assert service["depends_on"] == {"certificates": {"condition": "service_completed_successfully"}}


def test_it_listens_on_this_host_alone_unless_told(compose: dict[str, dict[str, dict[str, object]]]) -> None:
    for node in NODES:
        ports = compose["services"][node]["ports"]
        assert isinstance(ports, list)
        assert [port.rpartition(":")[0].rpartition(":")[0] for port in ports] == ["${ES_ADDRESS:-127.0.0.1}"]


def test_no_password_is_written_in_it(compose: dict[str, dict[str, dict[str, object]]]) -> None:
    for node in NODES:
        assert settings(compose, node)["ELASTIC_PASSWORD"].startswith("${ELASTIC_PASSWORD:?")
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()
