"""An archive of rules -> a version of a set, made ready beside the one in use, and what differs. In a worker.

What is read here is kept in the home's rule cache: putting the version in force then costs the daemon little.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from detection.authoring.difference import Difference, Kept, difference
from detection.rules import load
from detection.ruleset import RuleSet
from shouwang.errors import RulesError, UsageError
from shouwang.model import Value
from shouwang.rulebundle import unpack
from shouwang.words import Words

Json = dict[str, Value]


def work(args: Json, files: Sequence[int], say: Callable[[Json], None]) -> Json:
    """The worker's job ``rules.stage``. ``files``: the archive.

    args: ``to`` (folder of the version), ``sha256`` (wanted; or empty), ``before`` and ``rules`` (paths of all rules
    without and with the version), ``placeholders``, ``pipelines``, ``disabled``, ``cache``.
    """
    to = Path(str(args["to"]))
    digest = _sha256(files[0])
    if args["sha256"] and str(args["sha256"]).lower() != digest:
        raise UsageError(
            Words(f"SHA-256 不符：文件为 {digest}。", f"The SHA-256 is another one: the file's is {digest}."),
            hint=Words("请重新下载并核对。", "Download it again and compare."),
        )
    say({"doing": "unpack"})
    unpacked = unpack(files[0], to)
    try:
        say({"doing": "load", "files": unpacked.files})
        before, after = _loaded(args, "before"), _loaded(args, "rules")
        mine = [rule for rule in after.rules if rule.path.is_relative_to(to)]
        if not mine:
            named = _named(after, to)
            raise RulesError(
                Words(f"其中没有一条规则可用。{named.zh}", f"No rule of it can be used. {named.en}"),
                hint=Words("`shouwang rules check` 可检查规则。", "`shouwang rules check` looks at rules."),
            )
        return {
            "sha256": digest,
            "files": unpacked.files,
            "files_left_out": unpacked.left_out,
            "rules": len(mine),
            "refused_of_it": sum(each.path.is_relative_to(to) for each in after.refused),
            **_told(difference(before, after), to, str(args.get("lang", ""))),
        }
    except BaseException:
        shutil.rmtree(to, ignore_errors=True)
        raise


def _sha256(descriptor: int) -> str:
    digest = hashlib.sha256()
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _loaded(args: Json, key: str) -> RuleSet:
    placeholders = args["placeholders"]
    assert isinstance(placeholders, dict)
    given: Mapping[str, list[str]] = {name: _texts(values) for name, values in placeholders.items()}
    found = load(
        [Path(each) for each in _texts(args[key])],
        placeholders=given,
        pipelines=[Path(each) for each in _texts(args["pipelines"])],
        cache=Path(str(args["cache"])),
    )
    return found.without(_texts(args["disabled"]))


def _named(loaded: RuleSet, to: Path) -> Words:
    """The refusals of the version, as far as a sentence holds them."""
    whole = [each.whole() for each in loaded.refused if each.path.is_relative_to(to)]
    return Words("；".join(each.zh for each in whole)[:500], "; ".join(each.en for each in whole)[:500])


def _told(change: Difference, to: Path, lang: str) -> Json:
    """``replay``: the ids of what matches other events than before."""
    matter = [*change.added, *(each.rule for each in change.changed if each.matters)]
    return {
        "added": [_rule(rule) for rule in change.added],
        "changed": [_rule(each.rule) | {"parts": list(each.parts)} for each in change.changed],
        "removed": [_rule(rule) for rule in change.removed],
        "refused": [
            {"path": _within(each.path, to), "line": each.line, "reason": each.reason.of(lang).replace(f"{to}/", "")}
            for each in change.refused
        ],
        "replay": [rule.id for rule in matter],
    }


def _rule(rule: Kept) -> Json:
    return {"id": rule.id, "title": rule.title, "level": rule.severity.name.lower(), "path": str(rule.path)}


def _within(path: Path, to: Path) -> str:
    return str(path.relative_to(to)) if path.is_relative_to(to) else str(path)


def _texts(value: Value) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
