"""``shouwang store export|import``: days as files with a manifest, opened here with the caller's own rights."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shouwang import __version__
from shouwang.archive import MANIFEST, MOST_MANIFEST_BYTES, SUFFIX, Entry, entries_of, entry_of, manifest_of
from shouwang.cli.answer import Answer, parts, print_json
from shouwang.cli.options import connected, language, verb, words
from shouwang.cli.terminal import shown
from shouwang.client import Caller
from shouwang.errors import UsageError
from shouwang.model import Value
from shouwang.words import Words

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parsers(verbs: Subparsers) -> None:
    exporting = verb(verbs, "export", export, "导出为归档目录 / days into a folder, with a manifest")
    exporting.add_argument("folder", metavar="FOLDER")
    exporting.add_argument("--day", action="append", default=[], metavar="DAY", help="只导出此日 / only this day")
    exporting.add_argument("--from", dest="first", default="", metavar="DAY", help="自此日起 / from this day on")
    exporting.add_argument("--until", dest="last", default="", metavar="DAY", help="至此日 / up to this day")
    exporting.add_argument("--format", choices=tuple(SUFFIX), default="jsonl", help="jsonl (.zst), parquet")
    importing = verb(verbs, "import", import_archive, "导入归档目录 / an archive; what is there adds nothing")
    importing.add_argument("folder", metavar="FOLDER")
    importing.add_argument("--sha256", metavar="SUM", help="清单应有的 SHA-256 / what the manifest's SHA-256 must be")


def export(args: argparse.Namespace) -> int:
    folder, say = Path(args.folder), words(args)
    _refuse_archive(folder)
    entries: list[Entry] = []
    with connected(args) as daemon:
        site = Answer(daemon.call("ping")).part("site")
        for day in _days(args, daemon):
            entry = _export(daemon, folder, day, args.format)
            entries.append(entry)
            if not args.json:
                print(f"{entry.name}: {entry.events} {say('条', 'events')}, {entry.size} {say('字节', 'bytes')}")
        about: dict[str, Value] = {
            "version": __version__,
            "site": site.fields.get("name"),
            "timezone": site.fields.get("timezone"),
        }
    data = manifest_of(entries, about)
    _write(folder / MANIFEST, data)
    digest = hashlib.sha256(data).hexdigest()
    if args.json:
        print_json({"folder": str(folder), "files": [entry.plain() for entry in entries], "manifest_sha256": digest})
    else:
        print(f"{MANIFEST}: SHA-256 {digest}")
    return 0


def _days(args: argparse.Namespace, daemon: Caller) -> list[str]:
    """Those asked for that are there. Raises ``UsageError`` for none."""
    there = sorted({each["day"] for each in parts(daemon.call("store.days"))})
    found = args.day or [day for day in there if args.first <= day and (not args.last or day <= args.last)]
    if not found:
        raise UsageError(
            Words("此范围内没有日志。", "There is nothing of these days."),
            hint=Words("`shouwang store days` 列出各日。", "`shouwang store days` lists the days."),
        )
    return sorted(set(found))


def _export(daemon: Caller, folder: Path, day: str, form: str) -> Entry:
    """By way of a draft: a file that has its name is whole."""
    name = f"{day}{SUFFIX[form]}"
    draft = folder / f".{name}.part"
    try:
        file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as wrong:
        raise _unwritable(draft, wrong) from wrong
    try:
        said = daemon.call_with_file("store.export", file, day=day, format=form)
        entry = entry_of(said if isinstance(said, dict) else {})
        draft.rename(folder / entry.name)
        return entry
    finally:
        os.close(file)
        draft.unlink(missing_ok=True)


def _refuse_archive(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        there = (folder / MANIFEST).exists()
    except OSError as wrong:
        raise _unwritable(folder, wrong) from wrong
    if there:
        raise UsageError(
            Words(f"{folder} 中已有归档。", f"There is an archive in {folder}."),
            hint=Words("请指定新的或空的目录。", "Give a new or an empty folder."),
        )


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            draft.chmod(0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as wrong:
        raise _unwritable(path, wrong) from wrong


def _unwritable(path: Path, wrong: OSError) -> UsageError:
    return UsageError(
        Words(f"无法写入 {path}：{wrong.strerror}。", f"Cannot write {path}: {wrong.strerror}."),
        hint=Words("目录是否存在、可写，磁盘是否已满？", "Is the folder there, may you write it, is the disk full?"),
    )


# -------------------------------------------------------------------------------------------- import


def import_archive(args: argparse.Namespace) -> int:
    """2 when a file was refused; the other days are brought in all the same."""
    folder = Path(args.folder)
    data = _manifest(folder / MANIFEST)
    _refuse_other(args, data)
    entries, zone = entries_of(data, str(folder / MANIFEST))
    code, results = 0, list[Value]()
    with connected(args) as daemon:
        for entry in entries:
            try:
                result = _import(daemon, folder / entry.name, entry, zone)
            except UsageError as refused:
                print(f"shouwang: {refused.whole.of(language(args))}", file=sys.stderr)
                code = refused.exit_code
                continue
            results.append({"file": entry.name, **result.fields})
            if not args.json:
                _tell(args, entry, result)
    if args.json:
        print_json({"files": results})
    return code


def _refuse_other(args: argparse.Namespace, data: bytes) -> None:
    found = hashlib.sha256(data).hexdigest()
    if args.sha256 and found != args.sha256.lower():
        raise UsageError(
            Words(f"清单的 SHA-256 为 {found}，不是所要的。", f"The manifest's SHA-256 is {found}, not the one given."),
            hint=Words("清单已改动，或是另一份归档。", "It was altered, or is of another archive."),
        )


def _import(daemon: Caller, path: Path, entry: Entry, zone: str) -> Answer:
    file = _opened(path)
    try:
        return Answer(daemon.call_with_file("store.import", file, timezone=zone, entry=entry.plain()))
    finally:
        os.close(file)


def _tell(args: argparse.Namespace, entry: Entry, result: Answer) -> None:
    say = words(args)
    print(
        f"{shown(entry.name)}: {say('记录', 'events')} {result['events']}, {say('入库', 'stored')} {result['stored']},"
        f" {say('已有', 'already there')} {result['already']}, {say('补记丢弃', 'drops booked')} {result['drops']}"
    )


def _manifest(path: Path) -> bytes:
    file = _opened(path)
    with os.fdopen(file, "rb") as opened:
        data = opened.read(MOST_MANIFEST_BYTES + 1)
    if len(data) > MOST_MANIFEST_BYTES:
        raise UsageError(Words(f"{path} 过大。", f"{path} is too large."))
    return data


def _opened(path: Path) -> int:
    """No link out of the folder is followed, and nothing waits at a FIFO."""
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError as wrong:
        raise UsageError(
            Words(f"无法读取 {path}：{wrong.strerror}。", f"Cannot read {path}: {wrong.strerror}."),
            hint=Words("归档是否完整，你是否有权读取？", "Is the archive whole, and may you read it?"),
        ) from wrong
