"""A home with history in it, and a way to hunt through it."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from shouwang.api.table import perform
from shouwang.model import Value
from shouwang.rulearchive import pack
from shouwang.wiring import Services
from tests.unit.state import conftest as homes

clock, home, services = homes.clock, homes.home, homes.services

Json = dict[str, Value]
Act = Callable[..., Json]
LONGEST_S = 60.0


@pytest.fixture
def act(services: Services) -> Act:
    def run(name: str, *, user: str = "ana", file: int | None = None, **args: Value) -> Json:
        result = perform(services, user, name, args, file, lang="en")
        assert isinstance(result, dict)
        return result

    return run


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Callable[..., BinaryIO]]:
    opened: list[BinaryIO] = []

    def make(*texts: str) -> BinaryIO:
        folder = tmp_path / f"given-{len(opened)}"
        folder.mkdir()
        for number, text in enumerate(texts):
            (folder / f"{number}.yml").write_text(text, encoding="utf-8")
        file = (tmp_path / f"{folder.name}.tar").open("w+b")
        opened.append(file)
        pack([folder], file)
        file.flush()
        return file

    yield make
    for each in opened:
        each.close()


def ssh_lines(number: int) -> bytes:
    lines = []
    for n in range(number):
        at = f"{n // 3600 % 24:02d}:{n // 60 % 60:02d}:{n % 60:02d}"
        said = (
            f"Failed password for root from 203.0.113.{n % 7} port 40000 ssh2"
            if n % 3
            else "Server listening on :: port 22."
        )
        lines.append(f"Nov 24 {at} srv-{n % 4} sshd[{n}]: {said}")
    return "\n".join(lines).encode() + b"\n"


def bring_in(services: Services, data: bytes, name: str = "auth.log") -> None:
    services.new_importer(lambda _records: None).run(io.BytesIO(data), name, "auto", homes.NOON_US)


def finished(act: Act, id: str) -> Json:
    until = time.monotonic() + LONGEST_S
    while (shown := act("hunt.show", id=id))["state"] == "running":
        assert time.monotonic() < until, shown
        time.sleep(0.01)
    return shown


def found(act: Act, id: str, **args: Value) -> list[Json]:
    items: list[Json] = []
    after: Value = 0
    while (page := act("hunt.matches", id=id, after=after, **args))["items"]:
        assert isinstance(page["items"], list)
        items += [each for each in page["items"] if isinstance(each, dict)]
        after = page["next"]
    return items
