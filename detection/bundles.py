"""Many patterns on one field as a few searches in C: the commonest shape of a rule, a list of values. Pure.

Means the same as the patterns one by one, which ``naive`` says; a property test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable

from detection.predicates import Pattern, Regex, Wild
from detection.regexes import Searcher, any_of, searcher
from detection.tree import Atom, Node
from detection.view import View

Program = Callable[[View], bool]


class Bundle:
    """Patterns on one field, sorted by form."""

    def __init__(self, field: str) -> None:
        self.field = field
        self.exact: set[str] = set()
        self.starts: list[str] = []
        self.ends: list[str] = []
        self.inner: list[str] = []
        self.regexes: list[Regex] = []

    def take(self, pattern: Pattern | Regex) -> bool:
        """Whether it is a regular expression, or text in one of the four simple forms without case; and is in now."""
        if isinstance(pattern, Regex):
            self.regexes.append(pattern)
            return True
        if pattern.cased:
            return False
        match pattern.tokens:
            case ():
                self.exact.add("")
            case (str(text),):
                self.exact.add(text.lower())
            case (str(text), Wild.ANY):
                self.starts.append(text.lower())
            case (Wild.ANY, str(text)):
                self.ends.append(text.lower())
            case (Wild.ANY, str(text), Wild.ANY):
                self.inner.append(text.lower())
            case _:
                return False
        return True

    def programs(self) -> list[Program]:
        found: list[Program] = []
        if self.exact or self.starts or self.ends or self.inner:
            found.append(self._texts())
        together = any_of(self.regexes) if self.regexes else None
        searches = [together] if together else [searcher(each) for each in self.regexes]
        return [*found, *(_search(self.field, search) for search in searches)]

    def _texts(self) -> Program:
        field, exact, inner = self.field, frozenset(self.exact), tuple(self.inner)
        starts, ends = tuple(self.starts), tuple(self.ends)

        def run(view: View) -> bool:
            for cell in view.cells(field) or ():
                text = cell.folded
                if text is None:
                    continue
                if text in exact or text.startswith(starts) or text.endswith(ends):
                    return True
                for part in inner:
                    if part in text:
                        return True
            return False

        return run


def _search(field: str, search: Searcher) -> Program:
    def run(view: View) -> bool:
        return any(cell.text is not None and search(cell.text) for cell in view.cells(field) or ())

    return run


def bundled(parts: tuple[Node, ...]) -> tuple[list[Program], list[Node]]:
    """The parts of an OR: what bundles, as programs, and the others."""
    bundles: dict[str, Bundle] = {}
    others: list[Node] = []
    for part in parts:
        if isinstance(part, Atom) and isinstance(part.predicate, Pattern | Regex):
            bundle = bundles.setdefault(part.field, Bundle(part.field))
            if bundle.take(part.predicate):
                continue
        others.append(part)
    return [program for bundle in bundles.values() for program in bundle.programs()], others
