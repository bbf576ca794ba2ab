"""Rule files and folders -> rules, mapped to ECS; whatever cannot be used is refused, with its place and reason.

Light to import: pySigma and YAML are loaded when the first file has to be read, which a cache may make unneeded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from detection.ruleset import Correlation, Refusal, Rule, RuleSet
from detection.sigma.edition import edition
from detection.sigma.rulecache import RuleCache
from detection.sigma.rulefiles import RuleFile, rule_files
from detection.sigma.shelf import Shelf
from shouwang.collection import without_collection

if TYPE_CHECKING:
    from detection.sigma.reading import Reader

__all__ = ["OWN_RULES", "Correlation", "Refusal", "Rule", "RuleSet", "load"]

OWN_RULES = Path(__file__).parent / "rulesets"
"""The rules that come with the product."""


def load(
    paths: Sequence[Path],
    *,
    placeholders: Mapping[str, Sequence[str]] | None = None,
    pipelines: Sequence[Path] = (),
    cache: Path | None = None,
) -> RuleSet:
    """Every rule, correlation and filter of these files and folders.

    Args:
        placeholders: values for ``%name%`` under the modifier ``expand``; a rule that needs others is refused.
        pipelines: files of pySigma's form, applied to each rule before our own; one that cannot be is refused whole.
        cache: a folder of the caller's own for what was read; without one every file is read. The result is the same.
    """
    given = placeholders or {}
    kept = None if cache is None else RuleCache(cache, paths, edition(given, pipelines))
    reader = _LazyReader(given, pipelines)
    with without_collection():
        shelf = Shelf()
        for file in rule_files(paths):
            _add(shelf, file, kept, reader)
        if kept is not None:
            kept.save()
        return _finished(shelf, reader)


class _LazyReader:
    """Makes the reader when it is first needed."""

    def __init__(self, placeholders: Mapping[str, Sequence[str]], pipelines: Sequence[Path]) -> None:
        self._placeholders = placeholders
        self._pipelines = pipelines
        self._made: Reader | None = None
        self.refused: tuple[Refusal, ...] = ()
        """Pipelines that cannot be applied."""
        if pipelines:
            self()

    def __call__(self) -> Reader:
        if self._made is None:
            from detection.sigma.fieldnames import built_in  # noqa: PLC0415  # pySigma takes a tenth of a second to load
            from detection.sigma.reading import Reader  # noqa: PLC0415
            from detection.sigma.userpipelines import read_pipelines  # noqa: PLC0415

            user, self.refused = read_pipelines(self._pipelines, self._placeholders) if self._pipelines else (None, ())
            self._made = Reader(built_in(), self._placeholders, user)
        return self._made


def _add(shelf: Shelf, file: RuleFile, kept: RuleCache | None, reader: Callable[[], Reader]) -> None:
    content = None if kept is None else kept.content(file)
    if content is None:
        digest = b"" if kept is None else kept.digest(file)
        content = reader().file(Path(file.path))
        if kept is not None:
            kept.keep(file, content, digest)
    shelf.add(content)


def _finished(shelf: Shelf, reader: _LazyReader) -> RuleSet:
    correlations: tuple[Correlation, ...] = ()
    filters = 0
    if shelf.later:
        from detection.sigma.joining import Joiner  # noqa: PLC0415  # see _LazyReader

        joiner = Joiner(shelf, reader())
        joiner.run()
        correlations, filters = tuple(joiner.correlations), joiner.filters
    refused = sorted([*reader.refused, *shelf.refused], key=lambda refusal: (refusal.path, refusal.line))
    return RuleSet(tuple(shelf.rules.values()), correlations, tuple(refused), filters)
