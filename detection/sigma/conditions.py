"""The condition line of a rule: ``not`` binds more than ``and``, ``and`` more than ``or``. Pure.

Sigma 2.0, section "Condition". Anything else in it, the removed ``| count()`` and ``near`` among them, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from detection.sigma.faults import RuleFault
from detection.sigma.tree import Node, Not, conjunction, disjunction
from shouwang.words import Words

_TOKEN = re.compile(r"\s*(?:([()|])|([\w.*?-]+)|(\S))")
_NAME = re.compile(r"[\w-]+")
_DEEPEST = 100
_OPERATORS = frozenset({"and", "or", "not", "of"})


def parse(text: str, named: Mapping[str, Node]) -> Node:
    """The tree of a condition over the search identifiers of its rule."""
    return _Reader(text, named).whole()


class _Reader:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, text: str, named: Mapping[str, Node]) -> None:
        self._named = named
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._disjunction()
        if self._peek():
            raise RuleFault(
                Words(f"condition：此处不应有 {self._peek()!r}", f"condition: {self._peek()!r} was not expected here")
            )
        return node

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _disjunction(self) -> Node:
        return disjunction(self._chain("or", self._conjunction))

    def _conjunction(self) -> Node:
        return conjunction(self._chain("and", self._negation))

    def _chain(self, operator: str, operand: Callable[[], Node]) -> tuple[Node, ...]:
        parts = [operand()]
        while self._peek() == operator:
            self._take()
            parts.append(operand())
        return tuple(parts)

    def _negation(self) -> Node:
        negated = False
        while self._peek() == "not":
            self._take()
            negated = not negated
        node = self._operand()
        return Not(node) if negated else node

    def _operand(self) -> Node:
        word = self._take()
        if word == "(":
            self._depth += 1
            if self._depth > _DEEPEST:
                raise RuleFault(
                    Words(
                        f"condition：括号嵌套超过 {_DEEPEST} 层",
                        f"condition: more than {_DEEPEST} brackets within each other",
                    )
                )
            node = self._disjunction()
            if self._take() != ")":
                raise RuleFault(Words("condition：括号未闭合", "condition: a bracket is not closed"))
            self._depth -= 1
            return node
        if not word:
            raise RuleFault(Words("condition：末尾缺少名称", "condition: ends where an identifier is expected"))
        if self._peek() == "of" and word not in self._named:
            return self._selector(word)
        return self._identifier(word)

    def _identifier(self, token: str) -> Node:
        if token in self._named and token not in _OPERATORS:
            return self._named[token]
        if not _NAME.fullmatch(token) or token in _OPERATORS:
            raise RuleFault(Words(f"condition：此处不应有 {token!r}", f"condition: {token!r} was not expected here"))
        raise RuleFault(Words(f"condition：没有定义 {token!r}", f"condition: nothing is defined as {token!r}"))

    def _selector(self, quantifier: str) -> Node:
        if quantifier not in {"1", "any", "all"}:
            raise RuleFault(
                Words(
                    f"condition：Sigma 没有 '{quantifier} of'；可用 1 of、any of、all of",
                    f"condition: '{quantifier} of' is not Sigma; 1, any or all of",
                )
            )
        self._take()
        pattern = self._take()
        chosen = tuple(self._named[name] for name in _chosen(pattern, self._named))
        if not chosen:
            raise RuleFault(
                Words(f"condition：没有名称符合 {pattern!r}", f"condition: no identifier matches {pattern!r}")
            )
        return conjunction(chosen) if quantifier == "all" else disjunction(chosen)


def _tokens(text: str) -> list[str]:
    tokens = []
    for bracket, name, other in _TOKEN.findall(text):
        if bracket == "|":
            raise RuleFault(
                Words(
                    "condition：Sigma 已删除 '|' 之后的聚合；请写 correlation 文档",
                    "condition: aggregation after '|' was removed from Sigma; write a correlation",
                )
            )
        if other:
            raise RuleFault(Words(f"condition：此处不应有 {other!r}", f"condition: {other!r} was not expected here"))
        word = bracket or name
        if word == "near":
            raise RuleFault(
                Words(
                    "condition：Sigma 已删除 near；请写 temporal 类型的 correlation 文档",
                    "condition: near was removed from Sigma; write a temporal correlation",
                )
            )
        if word.lower() in _OPERATORS and word not in _OPERATORS:
            raise RuleFault(
                Words(f"condition：运算符须小写，不是 {word!r}", f"condition: operators are lower case, not {word!r}")
            )
        tokens.append(word)
    if not tokens:
        raise RuleFault(Words("condition：为空", "condition: empty"))
    return tokens


def _chosen(pattern: str, named: Mapping[str, Node]) -> list[str]:
    """Names that start with ``_`` are not meant, unless the pattern starts so itself."""
    if not re.fullmatch(r"[\w*-]+", pattern) or pattern in _OPERATORS:
        raise RuleFault(
            Words(f"condition：'of' 之后不应为 {pattern!r}", f"condition: {pattern!r} was not expected after 'of'")
        )
    wanted = re.compile("[^_].*" if pattern == "them" else re.escape(pattern).replace(r"\*", ".*"))
    hidden = pattern.startswith("_")
    return [name for name in named if wanted.fullmatch(name) and (hidden or not name.startswith("_"))]
