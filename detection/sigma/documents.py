"""YAML documents of rule files, each with the lines of its keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from detection.ruleset import Refusal
from detection.sigma.faults import RuleFault
from shouwang.words import Words

_MOST_NODES = 200_000
"""In one document, aliases counted as often as they are used."""
_NO_RULE = Words(
    "不是规则：应为含 title、logsource、detection 的映射",
    "is no rule: a map of title, logsource, detection was expected",
)


@dataclass(frozen=True, slots=True)
class Document:
    path: Path
    line: int
    """Of its first key, 1-based."""
    data: dict[str, object]
    _node: yaml.MappingNode

    def refusal(self, reason: Words, where: Sequence[str | int] = ()) -> Refusal:
        """``where``: keys and positions that lead to the cause; the line is that of the deepest one found."""
        return Refusal(self.path, self.line_of(*where), reason)

    def line_of(self, *where: str | int) -> int:
        node: yaml.Node = self._node
        line = self.line
        for step in where:
            found = _step(node, step)
            if found is None:
                break
            node, line = found
        return line


def read(path: Path, no_map: Words = _NO_RULE) -> Iterator[Document | Refusal]:
    """The documents of one file in order; what cannot be read is a refusal. Empty documents are none.

    ``no_map``: why one that is no map is refused.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        yield Refusal(path, 1, Words(f"无法读取：{error.strerror}", f"cannot be read: {error.strerror}"))
        return
    except UnicodeDecodeError as error:
        yield Refusal(path, error.object.count(b"\n", 0, error.start) + 1, Words("不是 UTF-8", "is not UTF-8"))
        return
    yield from _documents(path, text, no_map)


def _documents(path: Path, text: str, no_map: Words) -> Iterator[Document | Refusal]:
    try:
        loader = yaml.CSafeLoader(text)
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                break
            line = node.start_mark.line + 1
            try:
                _check(node, [0])
            except RuleFault as fault:
                yield Refusal(path, int(fault.where[0]), fault.reason)
                continue
            data = loader.construct_document(node)
            if isinstance(data, dict) and isinstance(node, yaml.MappingNode):
                yield Document(path, line, data, node)
            elif data is not None:
                yield Refusal(path, line, no_map)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        yield Refusal(path, mark.line + 1 if mark else 1, _no_yaml(str(error.problem)))
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        yield Refusal(path, text.count("\n", 0, position) + 1, _no_yaml(str(getattr(error, "reason", error))))
    except (ValueError, RecursionError) as error:
        yield Refusal(path, 1, Words(f"不是可读取的 YAML：{error}", f"is not YAML that can be read: {error}"))


def _no_yaml(why: str) -> Words:
    return Words(f"不是 YAML：{why}", f"is not YAML: {why}")


def _check(node: yaml.Node, seen: list[int]) -> None:
    """Refuse what YAML would take in silence: the same key twice; and documents that aliases blow up."""
    seen[0] += 1
    if seen[0] > _MOST_NODES:
        raise RuleFault(Words("过大", "is too large"), node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for each in node.value:
            _check(each, seen)
    elif isinstance(node, yaml.MappingNode):
        keys = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys and key.value != "<<":
                    raise RuleFault(
                        Words(f"同一映射中键 {key.value!r} 出现两次", f"the key {key.value!r} stands twice in one map"),
                        key.start_mark.line + 1,
                    )
                keys.add(key.value)
            _check(value, seen)


def _step(node: yaml.Node, step: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if getattr(key, "value", None) == str(step):
                return value, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        each = node.value[step]
        return each, each.start_mark.line + 1
    return None


__all__ = ["Document", "read"]
