"""Rule files handed from a command to the daemon: a tar archive in an open file, because the daemon reads no files on
behalf of others. What comes out of it is files and folders below one folder, whatever the archive says.

rules/NAME or rules/0/NAME, rules/1/NAME; pipelines/00/NAME, pipelines/01/NAME: in the order in which they are applied.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from shouwang.errors import UsageError
from shouwang.words import Words

SUFFIXES: Final = (".yml", ".yaml")
MOST_FILES: Final = 50_000
MOST_BYTES: Final = 256 << 20
LARGEST_BYTES: Final = 8 << 20


def pack(paths: Sequence[Path], to: BinaryIO, pipelines: Sequence[Path] = ()) -> int:
    """The files, and those under folders whose name ends like a rule's; how many. Raises ``UsageError``."""
    number = 0
    with tarfile.open(fileobj=to, mode="w") as archive:
        for place, path in enumerate(paths):
            for name, file in _rule_files(path):
                number += 1
                _add(archive, f"rules/{place}/{name}" if len(paths) > 1 else f"rules/{name}", file)
        for place, path in enumerate(pipelines):
            _add(archive, f"pipelines/{place:02}/{path.name}", path)
    if not number:
        raise UsageError(
            Words("这些目录中没有规则文件。", "There is no rule file in these folders."),
            hint=Words("规则文件以 .yml 或 .yaml 结尾。", "Rule files end in .yml or .yaml."),
        )
    return number


def _add(archive: tarfile.TarFile, name: str, file: Path) -> None:
    data = _read(file)
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def _rule_files(path: Path) -> Iterator[tuple[str, Path]]:
    if not path.is_dir():
        yield path.name, path
        return
    for file in sorted(path.rglob("*")):
        if file.suffix in SUFFIXES and file.is_file():
            yield file.relative_to(path).as_posix(), file


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST_BYTES + 1)
    except OSError as wrong:
        raise UsageError(
            Words(f"无法读取 {file}：{wrong.strerror}。", f"Cannot read {file}: {wrong.strerror}."),
            hint=Words("文件名是否正确，你是否有权读取？", "Is the name right, and may you read it?"),
        ) from wrong
    if len(data) > LARGEST_BYTES:
        raise UsageError(Words(f"{file} 不是规则文件：过大。", f"{file} is too large for a rule file."))
    return data


def unpack(descriptor: int, to: Path) -> None:
    """``to`` appears when all is there. Raises ``UsageError``."""
    made = to.with_name(f".{to.name}.new")
    made.mkdir(mode=0o700, exist_ok=True)
    total = number = 0
    try:
        with os.fdopen(os.dup(descriptor), "rb") as file:
            file.seek(0)
            archive = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115  # closed with the file
            for entry in archive:
                number, total = number + 1, total + entry.size
                if number > MOST_FILES or total > MOST_BYTES:
                    raise _refused("过大", "it is too large")
                data = archive.extractfile(entry) if entry.isreg() else None
                if data is None:
                    raise _refused("含有非文件的条目", "it holds what is no file")
                _write(made, entry.name, data.read())
    except (tarfile.TarError, EOFError, OSError, ValueError) as wrong:
        raise _refused(str(wrong), str(wrong)) from wrong
    made.replace(to)


def _write(folder: Path, name: str, data: bytes) -> None:
    """Nothing in the folder is a link, since nothing but this made it."""
    parts = PurePosixPath(name).parts
    if not parts or "\0" in name or any(part in ("/", "..") for part in parts):
        raise _refused(f"路径 {name!r}", f"the path {name!r}")
    place = folder.joinpath(*parts)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.write_bytes(data)


def _refused(zh: str, en: str) -> UsageError:
    return UsageError(Words(f"规则文件包不可用：{zh}。", f"The archive of rules cannot be used: {en}."))
