"""Rule sets from elsewhere: hostile archives, what is different, adopted, rolled back."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from shouwang import rulebundle
from shouwang.api.table import perform
from shouwang.cli.main import main
from shouwang.errors import AccessError, RulesError, UsageError
from shouwang.home import Home
from shouwang.model import Value
from shouwang.rulebundle import unpack
from shouwang.wiring import Services
from tests.unit.state import conftest as homes

clock, home, services = homes.clock, homes.home, homes.services

RULE = """title: Rule {0}
id: 00000000-0000-4000-8000-0000000000{0}
level: low
logsource: {{product: linux, service: sshd}}
detection:
  a: {{event.action: {1}}}
  condition: a
"""
Act = Callable[..., dict[str, Value]]


def rule(number: int, action: str = "ssh_login_failed") -> str:
    return RULE.format(number, action)


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def tarred(path: Path, *entries: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for entry, data in entries:
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def unpacked(archive: Path, to: Path) -> list[str]:
    with archive.open("rb") as file:
        unpack(file.fileno(), to)
    return sorted(path.relative_to(to).as_posix() for path in to.rglob("*") if path.is_file())


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz"])
def test_a_release_gives_its_rule_folders_and_nothing_else(tmp_path: Path, suffix: str) -> None:
    files = {
        "sigma-r1/README.md": "x",
        "sigma-r1/tests/a.yml": "x",
        "sigma-r1/rules/linux/a.yml": "a",
        "sigma-r1/rules-threat-hunting/b.yaml": "b",
    }
    path = tmp_path / f"r.{suffix}"
    if suffix == "zip":
        zipped(path, files)
    else:
        mode = "w" if suffix == "tar" else "w:gz"
        tarred(path, *((entry(name), text.encode()) for name, text in files.items()), mode=mode)
    assert unpacked(path, tmp_path / "out") == ["rules-threat-hunting/b.yaml", "rules/linux/a.yml"]


def test_rule_files_beside_the_rule_folders_are_counted(tmp_path: Path) -> None:
    beside = {"s/tests/a.yml": "x", "s/tests/deep/b.yaml": "x", "s/.ci.yml": "x", "s/README.md": "x"}
    with zipped(tmp_path / "r.zip", {"s/rules/a.yml": "a"} | beside).open("rb") as file:
        assert unpack(file.fileno(), tmp_path / "out") == (1, 3)
    with zipped(tmp_path / "all.zip", {"linux/a.yml": "a", "web/b.yml": "b"}).open("rb") as file:
        assert unpack(file.fileno(), tmp_path / "all") == (2, 0)


def test_the_command_says_how_many_rule_files_it_left_out(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"s/rules/a.yml": rule(11), "s/tests/a.yml": rule(12), "s/tests/b.yml": rule(13)}
    archive = zipped(tmp_path / "1.zip", files)
    command = ["rules", "update", str(archive), "--name", "hq", "--no-replay", "--home", str(home.path)]
    assert main([*command, "--lang", "zh"]) == 1
    assert "文件 1, 规则 1\n未采用 2 个规则文件：不在名为 rules 或 rules-… 的目录中\n" in capsys.readouterr().out
    assert main([*command, "--lang", "en"]) == 1
    said = "files 1, rules 1\nleft out 2 rule files: not in a folder named rules or rules-...\n"
    assert said in capsys.readouterr().out
    zipped(archive, {"s/rules/a.yml": rule(11)})
    assert main([*command, "--lang", "en"]) == 1
    assert "left out" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["../a.yml", "/etc/a.yml", "x/../../a.yml", "a\\..\\b.yml", "a\x1b.yml", "/".join("d" * 30) + "/a.yml"]
)
def test_a_path_that_leads_elsewhere_refuses_the_whole(tmp_path: Path, name: str) -> None:
    for archive in (
        zipped(tmp_path / "a.zip", {"ok.yml": "x", name: "x"}),
        tarred(tmp_path / "a.tgz", (entry("ok.yml"), b"x"), (entry(name), b"x")),
    ):
        with pytest.raises(UsageError):
            unpacked(archive, tmp_path / "out")
        assert not (tmp_path / "out").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tgz", "a.zip"]


def test_links_and_devices_are_passed_over(tmp_path: Path) -> None:
    archive = tarred(
        tmp_path / "a.tgz",
        (entry("r/ok.yml"), b"x"),
        (entry("r/link.yml", tarfile.SYMTYPE, "/etc/passwd"), b""),
        (entry("r/hard.yml", tarfile.LNKTYPE, "r/ok.yml"), b""),
        (entry("r/pipe.yml", tarfile.FIFOTYPE), b""),
    )
    assert unpacked(archive, tmp_path / "out") == ["ok.yml"]


def test_what_is_too_large_or_stands_twice_or_is_damaged_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rulebundle, "MOST_BYTES", 1000)
    monkeypatch.setattr(rulebundle, "LARGEST_BYTES", 500)
    monkeypatch.setattr(rulebundle, "MOST_READ_BYTES", 200_000)
    whole = zipped(tmp_path / "ok.zip", {"a.yml": "x"})
    twice = tarred(tmp_path / "twice.tgz", (entry("a.yml"), b"x"), (entry("a.yml"), b"y"))
    (tmp_path / "cut.zip").write_bytes(whole.read_bytes()[:-30])
    (tmp_path / "none.zip").write_bytes(b"no archive")
    cut = tarred(tmp_path / "cut.tgz", (entry("a.yml"), b"x" * 400))
    cut.write_bytes(cut.read_bytes()[:-20])
    for archive in (
        zipped(tmp_path / "one.zip", {"a.yml": "x" * 501}),
        zipped(tmp_path / "sum.zip", {f"{n}.yml": "x" * 400 for n in range(3)}),
        tarred(tmp_path / "bomb.tgz", (entry("bomb.bin"), bytes(300_000)), (entry("a.yml"), b"x")),
        zipped(tmp_path / "empty.zip", {"readme.md": "x"}),
        twice,
        cut,
        tmp_path / "cut.zip",
        tmp_path / "none.zip",
    ):
        with pytest.raises(UsageError):
            unpacked(archive, tmp_path / "out")
        assert not (tmp_path / "out").exists(), archive


# ------------------------------------------------------------------------------------------- in a home


@pytest.fixture
def act(services: Services) -> Act:
    def run(asked: str, /, *, user: str = "adm", file: Path | None = None, **args: Value) -> dict[str, Value]:
        if file is None:
            result = perform(services, user, asked, args, lang="en")
        else:
            with file.open("rb") as opened:
                result = perform(services, user, asked, {**args, "path": str(file)}, opened.fileno(), lang="en")
        assert isinstance(result, dict)
        return result

    return run


def maps(value: Value) -> list[dict[str, Value]]:
    assert isinstance(value, list)
    return [each for each in value if isinstance(each, dict)]


def titles(said: dict[str, Value], key: str) -> list[str]:
    return [str(each["title"]) for each in maps(said[key])]


def test_a_set_is_staged_told_adopted_and_rolled_back(services: Services, home: Home, act: Act, tmp_path: Path) -> None:
    own = len(services.ruleset.rules)
    first = zipped(tmp_path / "1.zip", {"rules/a.yml": rule(11), "rules/b.yml": rule(12)})
    staged = act("rules.stage", name="hq", file=first)
    assert titles(staged, "added") == ["Rule 11", "Rule 12"]
    assert len(services.ruleset.rules) == own
    version = str(staged["version"])
    assert act("rules.adopt", name="hq", version=version)["rules"] == own + 2
    changed = {"rules/a.yml": rule(11, "ssh_login"), "rules/c.yml": rule(13), "rules/d.yml": "title: ["}
    staged = act("rules.stage", name="hq", file=zipped(tmp_path / "2.zip", changed))
    assert (titles(staged, "added"), titles(staged, "changed"), titles(staged, "removed")) == (
        ["Rule 13"],
        ["Rule 11"],
        ["Rule 12"],
    )
    (refused,) = maps(staged["refused"])
    assert (refused["path"], refused["line"]) == ("d.yml", 2)
    act("rules.adopt", name="hq", version=str(staged["version"]))
    assert {rule.title for rule in services.ruleset.rules[own:]} == {"Rule 11", "Rule 13"}
    back = act("rules.rollback", name="hq")
    assert back["set_version"] == version
    assert {rule.title for rule in services.ruleset.rules[own:]} == {"Rule 11", "Rule 12"}
    with pytest.raises(UsageError):
        act("rules.rollback", name="hq")
    acts = [each["act"] for each in maps(act("audit.list", limit=50)["entries"])]
    assert acts == ["rules.rollback", "rules.adopt", "rules.stage", "rules.adopt", "rules.stage"]
    with pytest.raises(AccessError):
        act("rules.rollback", user="ana", name="hq")


def test_disabled_rules_and_filters_survive_an_update(services: Services, home: Home, act: Act, tmp_path: Path) -> None:
    off = rule(12).splitlines()[1].removeprefix("id: ")
    text = home.config.read_text(encoding="utf-8").replace("disabled = []", f'disabled = ["{off}"]')
    home.config.write_text(text, encoding="utf-8")
    (home.rules / "ours.yml").write_text(
        "title: Ours\nlogsource: {product: linux, service: sshd}\nfilter:\n"
        "  rules: [00000000-0000-4000-8000-000000000011]\n  a: {source.ip: 10.0.0.9}\n  condition: not a\n",
        encoding="utf-8",
    )
    for number in (1, 2):
        files = {"a.yml": rule(11, f"action{number}"), "b.yml": rule(12)}
        staged = act("rules.stage", name="hq", file=zipped(tmp_path / f"{number}.zip", files))
        act("rules.adopt", name="hq", version=str(staged["version"]))
        by_title = {rule.title: rule for rule in services.ruleset.rules}
        assert "Rule 12" not in by_title
        assert "10.0.0.9" in str(by_title["Rule 11"].condition)
        assert f"action{number}" in str(by_title["Rule 11"].condition)


def test_what_cannot_be_used_leaves_nothing_behind(services: Services, home: Home, act: Act, tmp_path: Path) -> None:
    good, bad = zipped(tmp_path / "1.zip", {"a.yml": rule(11)}), zipped(tmp_path / "2.zip", {"a.yml": "title: ["})
    with pytest.raises(UsageError, match="SHA-256"):
        act("rules.stage", name="hq", file=good, sha256="0" * 64)
    with pytest.raises(RulesError):
        act("rules.stage", name="hq", file=bad)
    assert [path.name for path in (home.rule_sets / "hq").iterdir()] == []
    digest = hashlib.sha256(good.read_bytes()).hexdigest()
    staged = act("rules.stage", name="hq", file=good, sha256=digest)
    act("rules.discard", name="hq", version=str(staged["version"]))
    assert [path.name for path in (home.rule_sets / "hq").iterdir()] == []
    assert services.inforce.edition.number == 1


def test_the_command_tries_new_rules_on_stored_events_before_it_asks(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "auth.log"
    line = "Nov 24 08:15:{:02} gate-01 sshd[42]: Failed password for root from 203.0.113.9 port 40001 ssh2\n"
    log.write_text("".join(line.format(second) for second in range(7)), encoding="utf-8")
    at = ["--home", str(home.path), "--lang", "en"]
    assert main(["import", str(log), *at]) == 0
    archive = zipped(tmp_path / "1.zip", {"a.yml": rule(11)})
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(f"{'0' * 64}  other.zip\n{hashlib.sha256(archive.read_bytes()).hexdigest()}  1.zip\n")
    command = ["rules", "update", str(archive), "--name", "hq", "--since", "9000d", "--sha256", str(sums), *at]
    capsys.readouterr()
    assert main(command) == 1
    said = capsys.readouterr()
    assert "       7  low           Rule 11" in said.out
    assert "Nothing was changed." in said.err
    assert main([*command, "--yes", "--no-replay"]) == 0
    assert "in force: edition 2" in capsys.readouterr().out
    assert main(["rules", "sets", *at]) == 0
    assert "hq" in capsys.readouterr().out
    assert main(["rules", "rollback", "hq", *at]) == 2
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.yml").write_text(rule(11, "ssh_login"), encoding="utf-8")
    assert main(["rules", "update", str(folder), "--name", "hq", "--yes", "--no-replay", *at]) == 0
    assert main(["rules", "rollback", "hq", *at]) == 0


def replayed(home: Home, archive: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Value]:
    at = ["--home", str(home.path), "--lang", "en", "--json"]
    capsys.readouterr()
    assert main(["rules", "update", str(archive), "--name", "hq", "--since", "9000d", "--yes", *at]) == 0
    found = json.loads(capsys.readouterr().out)["replayed"]
    return {each["title"]: each["count"] for each in found}


def test_the_replay_is_what_live_detection_would_do(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the home's filters, its pipelines, without disabled rules, and with correlations over rules elsewhere."""
    log = tmp_path / "auth.log"
    line = "Nov 24 08:15:{:02} gate-01 sshd[42]: Failed password for root from 203.0.113.{} port 40001 ssh2\n"
    log.write_text("".join(line.format(n, address) for n in range(3) for address in (7, 8, 9)), encoding="utf-8")
    assert main(["import", str(log), "--home", str(home.path)]) == 0
    site = {
        "ours.yml": rule(21),
        "filter.yml": "title: F\nlogsource: {product: linux, service: sshd}\nfilter:\n  rules: any\n"
        "  a: {source.ip: 203.0.113.9}\n  condition: not a\n",
    }
    for name, text in site.items():
        (home.rules / name).write_text(text, encoding="utf-8")
    pipeline = (
        "name: p\npriority: 1\ntransformations:\n  - type: field_name_mapping\n    mapping: {whence: source.ip}\n"
    )
    (home.path / "p.yml").write_text(pipeline, encoding="utf-8")
    off = "00000000-0000-4000-8000-000000000013"
    text = home.config.read_text(encoding="utf-8").replace("disabled = []", f'disabled = ["{off}"]')
    home.config.write_text(text.replace("pipelines = []", 'pipelines = ["p.yml"]'), encoding="utf-8")
    brute = (
        "title: Brute\nid: 00000000-0000-4000-8000-000000000031\nlevel: high\ncorrelation: {type: event_count, "
        f"rules: [{rule(21).splitlines()[1][4:]}], group-by: [source.ip], timespan: 5m, condition: {{gte: 3}}}}\n"
    )
    files = {
        "a.yml": rule(11),
        "b.yml": rule(12).replace("event.action: ssh_login_failed", "whence: 203.0.113.8"),
        "c.yml": rule(13),
        "d.yml": brute,
    }
    assert replayed(home, zipped(tmp_path / "1.zip", files), capsys) == {"Rule 11": 6, "Rule 12": 3, "Brute": 2}
