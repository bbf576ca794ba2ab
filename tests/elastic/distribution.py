"""Elasticsearch's own programs, as its makers publish them for integration tests; kept outside the repository.

``SHOUWANG_TEST_CACHE`` names the folder; without it ``~/.cache/shouwang-tests`` (root: ``/var/cache/shouwang-tests``).
The server refuses to be root, and must still read its programs.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

VERSION: Final = "9.5.4"
SHA256: Final = "d9b0c28e08e499f6510b52ad66ec4bf9cdceab97cc28b3456989b8744b896934"
JAVA: Final = 25
_ARTIFACT: Final = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
_DOWNLOAD_S: Final = 600
_PLUGIN: Final = Path(__file__).parent / "plugin" / "StandIn.java"


class NotHere(Exception):
    """Why no server can be started on this machine."""


def cache() -> Path:
    """Readable by every user, so that the user that the server runs as can read it."""
    said = os.environ.get("SHOUWANG_TEST_CACHE")
    usual = Path("/var/cache") if os.geteuid() == 0 else Path.home() / ".cache"
    folder = Path(said) if said else usual / "shouwang-tests"
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    return folder


def java_home() -> Path:
    """A JDK, not only a runtime: the test plugin is compiled with it."""
    named = [Path(os.environ[name]) for name in ("ES_JAVA_HOME", "JAVA_HOME") if os.environ.get(name)]
    for home in [*named, *sorted(Path("/usr/lib/jvm").glob(f"*{JAVA}*"))]:
        release = home / "release"
        if (home / "bin" / "javac").is_file() and release.is_file() and f'JAVA_VERSION="{JAVA}' in release.read_text():
            return home
    raise NotHere(f"Elasticsearch {VERSION} needs JDK {JAVA}: install one, or name it with ES_JAVA_HOME")


def distribution() -> Path:
    """The unpacked distribution; fetched and unpacked on first use, once for all who ask at the same time."""
    home = cache() / f"elasticsearch-{VERSION}"
    with alone("distribution"):
        if not home.is_dir():
            _unpack(_archive(), home)
    return home


@contextmanager
def alone(what: str) -> Iterator[None]:
    """One at a time among all processes that share the cache."""
    with (cache() / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _archive() -> Path:
    archive = cache() / f"elasticsearch-{VERSION}.zip"
    if not archive.is_file():
        _download(archive.parent)
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        archive.unlink()
        raise NotHere(f"{archive.name} has sha256 {found}, not {SHA256}: it was removed")
    return archive


def _download(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NotHere(f"Maven (mvn) is needed to fetch {_ARTIFACT}")
    command = [maven, "-B", "-q", _COPY, f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={folder}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DOWNLOAD_S, check=False)
    except subprocess.TimeoutExpired as late:
        raise NotHere(f"{_ARTIFACT} was not fetched within {_DOWNLOAD_S} s") from late
    if done.returncode != 0:
        raise NotHere(f"{_ARTIFACT} could not be fetched: {done.stdout[-500:]}")


def _unpack(archive: Path, home: Path) -> None:
    beside = home.with_name(f".{home.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(beside)
    for path in (beside / home.name).rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    for folder in (beside, beside / home.name):
        folder.chmod(0o755)
    (beside / home.name).rename(home)
    beside.rmdir()


def with_plugin() -> Path:
    """The distribution and our test plugin in it, compiled against the distribution's own jars; made once.

    Never a part of the product: what it adds, users' servers have by themselves.
    """
    plain = distribution()
    source = _PLUGIN.read_bytes()
    home = cache() / f"elasticsearch-{VERSION}-{hashlib.sha256(source).hexdigest()[:12]}"
    with alone("plugin"):
        if not home.is_dir():
            beside = home.with_name(f".{home.name}.part")
            shutil.rmtree(beside, ignore_errors=True)
            shutil.copytree(plain, beside, copy_function=os.link)
            _compile(beside)
            beside.rename(home)
    return home


def _compile(home: Path) -> None:
    plugin = home / "plugins" / "shouwang-tests"
    java = java_home() / "bin"
    with tempfile.TemporaryDirectory() as classes:
        commands: list[list[str | Path]] = [
            [java / "javac", "-nowarn", "-cp", f"{home}/lib/*", "-d", classes, _PLUGIN],
            [java / "jar", "--create", "--file", f"{classes}.jar", "-C", classes, "."],
        ]
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise NotHere(f"the test plugin could not be compiled: {done.stderr[-1000:]}")
    plugin.mkdir(parents=True)
    shutil.move(f"{classes}.jar", plugin / "shouwang-tests.jar")
    (plugin / "plugin-descriptor.properties").write_text(
        "name=shouwang-tests\nversion=1\ndescription=stand-in for what the distribution for tests lacks\n"
        f"classname=shouwang.tests.StandIn\njava.version=21\nelasticsearch.version={VERSION}\n"
    )
    for path in (plugin, *plugin.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
