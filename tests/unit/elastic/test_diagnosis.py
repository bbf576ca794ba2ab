"""What a cluster's answers mean, without a cluster."""

from __future__ import annotations

import pytest

from shouwang.eventstore.elastic.diagnosis import SOON_S, clocks, copies, licence, shard_limit, versions
from shouwang.eventstore.elastic.watermarks import Disk, Watermarks, size_of
from shouwang.model import Level

GB = 1 << 30
W = "cluster.routing.allocation.disk.watermark"
USUAL = {
    f"{W}.low": "85%",
    f"{W}.high": "90%",
    f"{W}.flood_stage": "95%",
    f"{W}.low.max_headroom": "200GB",
    f"{W}.high.max_headroom": "150GB",
    f"{W}.flood_stage.max_headroom": "100GB",
}
NOW_S = 1_795_000_000.0


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ({"a": "9.5.4", "b": "9.5.4"}, []),
        ({"a": "8.19.0"}, []),
        ({"a": "8.18.9"}, ["too old: a 8.18.9"]),
        ({"a": "7.17.1", "b": "9.5.4"}, ["too old: a 7.17.1", "different versions: a 7.17.1, b 9.5.4"]),
        ({"a": "10.0.0-SNAPSHOT"}, ["never tried with this Elasticsearch: a 10.0.0-SNAPSHOT"]),
    ],
)
def test_a_version_we_do_not_know_is_told(nodes: dict[str, str], said: list[str]) -> None:
    found = versions(nodes)
    assert len(found) == len(said)
    for each, text in zip(found, said, strict=True):
        assert text in each.what.en
        assert each.hint.zh
        assert each.hint.en


def test_a_licence_that_ends_soon_or_has_ended_is_told() -> None:
    assert licence("basic", "active", None, NOW_S) == []
    assert licence("gold", "active", round((NOW_S + SOON_S + 1) * 1000), NOW_S) == []
    (soon,) = licence("trial", "active", round((NOW_S + 86_400) * 1000), NOW_S)
    assert soon.level is Level.DEGRADED
    assert "ends on 2026-11-19" in soon.what.en
    (gone,) = licence("trial", "expired", round(NOW_S * 1000), NOW_S)
    assert gone.level is Level.BROKEN
    assert "start_basic" in gone.hint.en


@pytest.mark.parametrize(
    ("total", "free", "stage"),
    [
        (100 * GB, 16 * GB, ""),
        (100 * GB, 14 * GB, "low"),
        (100 * GB, 9 * GB, "high"),
        (100 * GB, 4 * GB, "flood_stage"),
        (10_000 * GB, 210 * GB, ""),  # 2 %, and more than the headroom
        (10_000 * GB, 199 * GB, "low"),
        (10_000 * GB, 99 * GB, "flood_stage"),
    ],
)
def test_a_disk_is_full_as_the_server_reckons_it(total: int, free: int, stage: str) -> None:
    assert Watermarks.of(USUAL, {}).stage(Disk("a", total, free)) == stage


def test_a_changed_watermark_has_no_headroom_but_its_own() -> None:
    disk = Disk("a", 10_000 * GB, 1_000 * GB)
    assert Watermarks.of(USUAL, {f"{W}.low": "85%"}).stage(disk) == "low"
    assert Watermarks.of(USUAL, {f"{W}.low": "0.85", f"{W}.low.max_headroom": "900gb"}).stage(disk) == ""
    assert Watermarks.of(USUAL, {f"{W}.high": "2tb"}).stage(disk) == "high"


def test_sizes_are_read_as_the_server_writes_them() -> None:
    assert [size_of(text) for text in ("1b", "1.5kb", "2 GB", "3t", "90%", "-1", "0.9")] == [
        *(1, 1536, 2 * GB, 3 << 40, None, None, None),
    ]


def test_the_shard_limit_is_told_from_nine_tenths_on() -> None:
    assert shard_limit(899, 1000, 1) == []
    assert [each.level for each in shard_limit(900, 1000, 1)] == [Level.DEGRADED]
    assert [each.level for each in shard_limit(1000, 1000, 1)] == [Level.BROKEN]


def test_a_red_cluster_is_graver_than_a_yellow_one() -> None:
    assert copies("green", 0) == []
    assert copies("yellow", 0) == []  # on its way
    assert [each.level for each in copies("yellow", 1) + copies("red", 1)] == [Level.DEGRADED, Level.BROKEN]


def test_a_clock_is_not_blamed_for_how_long_the_answer_took() -> None:
    assert clocks({"a": 7.0}, took_s=3) == []
    assert len(clocks({"a": 7.0, "b": -7.0, "c": 0.5}, took_s=0.1)) == 2
