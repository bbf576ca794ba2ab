"""What was read once is not read again, and never makes a difference but in time."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from detection.rules import OWN_RULES, RuleSet, load
from detection.sigma.content import Content
from detection.sigma.fieldnames import built_in
from detection.sigma.packing import packed, unpacked
from detection.sigma.reading import Reader
from detection.sigma.rulecache import RuleCache
from detection.sigma.rulefiles import RuleFile, rule_files
from shouwang.home import user_cache
from tests.unit.detection.sample import rule_text

RULES = (
    rule_text("s: {f: a, g|endswith: [b, 'c?d']}\nt: {h: null}\ncondition: s and not t"),
    rule_text("s: {f|cidr: [10.0.0.0/8, 'fe80::/10'], g|re|i: 'a+', h|gte: 1.5}\ncondition: s"),
    rule_text("s: {f|exists: false, g|fieldref|endswith: h, t|hour|gte: 20, b: true, n: 7}\ncondition: s"),
    rule_text("k: {'|all': [one, two]}\nl: ['*three*']\ncondition: k or l", title="标题"),
    rule_text("s: {f|cased|windash: ' -x'}\ncondition: 1 of s*") + "title_zh: 名称\nsite: {a: [1, null, 2.5]}\n",
)
LONG_AGO_NS = 1_700_000_000_000_000_000


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    for number, text in enumerate(RULES):
        (folder / f"{number}.yml").write_text(text, encoding="utf-8")
    return folder


def cached(rules: Path) -> RuleSet:
    return load([rules], cache=rules.parent / "cache")


def cache_file(rules: Path) -> Path:
    [file] = (rules.parent / "cache").iterdir()
    return file


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are read, from now on."""
    seen: list[str] = []
    whole = Reader.file

    def watched(self: Reader, path: Path) -> Content:
        seen.append(path.name)
        return whole(self, path)

    monkeypatch.setattr(Reader, "file", watched)
    return seen


def test_rules_out_of_the_cache_are_the_rules_of_the_files(rules: Path, readings: list[str]) -> None:
    (rules / "bad.yml").write_text(rule_text("s: {f|what: a}\ncondition: s"), encoding="utf-8")
    plain = load([rules])
    assert len(plain.rules) == len(RULES)
    assert len(plain.refused) == 1
    assert cached(rules) == plain
    readings.clear()
    assert cached(rules) == plain
    assert readings == []


def test_our_own_rules_with_their_correlations_are_the_same_out_of_the_cache(tmp_path: Path) -> None:
    plain = load([OWN_RULES])
    assert load([OWN_RULES], cache=tmp_path) == plain
    assert load([OWN_RULES], cache=tmp_path) == plain


def test_all_windows_rules_are_the_same_out_of_the_cache(shared: Path, tmp_path: Path) -> None:
    folder = [shared / "sigma" / "rules" / "windows"]
    first = load(folder, cache=tmp_path)
    assert len(first.rules) == 2407
    assert load(folder, cache=tmp_path) == first


def test_pysigma_and_yaml_are_not_loaded_when_nothing_has_to_be_read(rules: Path) -> None:
    cached(rules)
    code = (
        "import sys; from pathlib import Path; from detection.rules import load\n"
        f"print(len(load([Path({str(rules)!r})], cache=Path({str(rules.parent / 'cache')!r})).rules))\n"
        "print(sorted({'sigma', 'yaml'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split("\n")[:2] == [str(len(RULES)), "[]"]


def test_only_a_changed_file_is_read_again(rules: Path, readings: list[str]) -> None:
    cached(rules)
    readings.clear()
    (rules / "1.yml").write_text(rule_text("s: {f: new}\ncondition: s", title="New"), encoding="utf-8")
    assert "New" in {rule.title for rule in cached(rules).rules}
    assert readings == ["1.yml"]
    readings.clear()
    cached(rules)
    assert readings == []


def test_a_change_that_keeps_size_and_times_is_seen(rules: Path) -> None:
    text = rule_text("s: {f: a}\ncondition: s", title="Old")
    file = rules / "1.yml"
    file.write_text(text, encoding="utf-8")
    os.utime(file, ns=(LONG_AGO_NS, LONG_AGO_NS))
    cached(rules)
    file.write_text(text.replace("Old", "New"), encoding="utf-8")
    os.utime(file, ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert "New" in {rule.title for rule in cached(rules).rules}


def test_a_file_just_written_is_compared_by_content(rules: Path) -> None:
    """Two changes within one tick of the file system's clock leave the same stamp."""
    cache = RuleCache(rules.parent / "cache", [rules], "key")
    [new] = rule_files([rules / "0.yml"])
    assert new.stamp is not None
    old = RuleFile(new.path, new.stamp._replace(mtime_ns=LONG_AGO_NS, ctime_ns=LONG_AGO_NS))
    assert cache.digest(new) != b""
    assert cache.digest(old) == b""
    cache.keep(new, (), b"another content")
    cache.save()
    assert RuleCache(rules.parent / "cache", [rules], "key").content(new) is None


def test_a_file_that_is_gone_leaves_the_cache(rules: Path) -> None:
    cached(rules)
    size = cache_file(rules).stat().st_size
    (rules / "0.yml").unlink()
    assert len(cached(rules).rules) == len(RULES) - 1
    assert cache_file(rules).stat().st_size < size


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
def test_a_damaged_cache_is_passed_over_and_written_anew(rules: Path, readings: list[str], damage: str) -> None:
    plain = cached(rules)
    file = cache_file(rules)
    whole = file.read_bytes()
    middle = len(whole) // 2
    file.write_bytes(
        {
            "cut": whole[:middle],
            "flipped": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "empty": b"",
            "other": b"\x80\x04 something else",
        }[damage]
    )
    readings.clear()
    assert cached(rules) == plain
    assert len(readings) == len(RULES)
    assert cache_file(rules).read_bytes()[:100] == whole[:100]


def test_a_cache_that_others_can_write_or_that_is_a_link_is_not_read(rules: Path, readings: list[str]) -> None:
    plain = cached(rules)
    file = cache_file(rules)
    file.chmod(0o666)
    readings.clear()
    assert cached(rules) == plain
    assert len(readings) == len(RULES)
    assert stat.S_IMODE(cache_file(rules).stat().st_mode) == 0o600
    elsewhere = rules.parent / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    readings.clear()
    assert cached(rules) == plain
    assert len(readings) == len(RULES)
    assert not cache_file(rules).is_symlink()


def test_a_folder_that_others_can_write_gets_no_cache(rules: Path) -> None:
    folder = rules.parent / "cache"
    folder.mkdir()
    folder.chmod(0o777)
    assert len(cached(rules).rules) == len(RULES)
    assert list(folder.iterdir()) == []


def test_no_folder_is_made_where_others_can_write(rules: Path) -> None:
    (rules.parent / "open").mkdir()
    (rules.parent / "open").chmod(0o1777)
    assert len(load([rules], cache=rules.parent / "open" / "cache").rules) == len(RULES)
    assert list((rules.parent / "open").iterdir()) == []


def test_a_place_that_cannot_be_written_costs_nothing_but_time(rules: Path) -> None:
    (rules.parent / "cache").write_text("a file")
    assert len(cached(rules).rules) == len(RULES)


def test_other_placeholders_read_the_rules_again(rules: Path) -> None:
    (rules / "e.yml").write_text(rule_text("s: {f|expand: '%x%'}\ncondition: s"), encoding="utf-8")
    cache = rules.parent / "cache"
    assert len(load([rules], cache=cache).refused) == 1
    assert load([rules], cache=cache, placeholders={"x": ["1"]}).refused == ()
    assert len(load([rules], cache=cache).refused) == 1


def test_values_that_a_cache_would_change_are_read_from_the_file_each_time(rules: Path) -> None:
    odd = rule_text("s: {f: 99999999999999999999999}\ncondition: s") + "day: 2026-11-24\n"
    (rules / "odd.yml").write_text(odd, encoding="utf-8")
    plain = load([rules])
    assert cached(rules) == plain
    assert cached(rules) == plain


def test_two_processes_may_write_at_once(rules: Path) -> None:
    code = (
        "from pathlib import Path; from detection.rules import load\n"
        f"print(len(load([Path({str(rules)!r})], cache=Path({str(rules.parent / 'cache')!r})).rules))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [each.communicate()[0].strip() for each in both] == [str(len(RULES))] * 2
    assert cached(rules) == load([rules])


def test_caches_of_paths_long_not_asked_for_go(rules: Path) -> None:
    for number in range(12):
        load([rules / f"{number % 5}.yml", *[rules] * number], cache=rules.parent / "cache")
    assert len(list((rules.parent / "cache").iterdir())) == 8


def test_what_is_packed_unpacks_to_the_same(rules: Path) -> None:
    for rule in load([rules]).rules:
        content = Reader(built_in(), {}).file(rule.path)
        plain = packed(content)
        assert plain is not None
        assert unpacked(plain, str(rule.path)) == content


def test_the_cache_of_a_user_lies_where_the_platform_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert user_cache() == Path("/somewhere/shouwang")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/ops")
    assert user_cache() == Path("/home/ops/.cache/shouwang")
    monkeypatch.setenv("HOME", "")
    assert user_cache() is None
