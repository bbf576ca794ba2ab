"""What a rule file holds <-> plain lists, for the cache. Pure.

``unpack`` raises ``ValueError``, ``TypeError``, ``IndexError`` or ``KeyError`` on anything that ``pack`` did not make.
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any, assert_never

from detection.ruleset import Refusal, Rule
from detection.sigma.content import Content, Mark, Read
from detection.sigma.predicates import (
    Compare,
    Equals,
    Exists,
    InNetwork,
    Null,
    Pattern,
    Predicate,
    Regex,
    SameAs,
    TimePart,
    Token,
    Truth,
    Wild,
)
from detection.sigma.tree import And, Atom, Keyword, Node, Not, Or
from shouwang.model import Logsource, Severity
from shouwang.words import Words

Plain = list[Any]
"""Lists, text, numbers, booleans, null and maps with text as keys."""

_WILD = list(Wild)
_NUMBER_OF = {wild: number for number, wild in enumerate(_WILD)}
_OTHERS: dict[str, type[Equals | Truth | Exists | Regex | Compare | TimePart | SameAs]] = {
    kind.__name__: kind for kind in (Equals, Truth, Exists, Regex, Compare, TimePart, SameAs)
}
"""Predicates whose fields are plain."""


class NotPlain(ValueError):
    """A value of the file's own keys that the cache would change: a date, a key that is no text."""


# ------------------------------------------------------------------------------------------ packing


def packed(content: Content) -> Plain | None:
    """``None``: the file has to be read each time. It holds filters or correlations, or values that are not plain."""
    out: Plain = []
    try:
        for each in content:
            if isinstance(each, Refusal):
                out.append([each.line, each.reason.zh, each.reason.en])
            elif isinstance(each, Read):
                out.append(_read(each))
            else:
                return None
    except NotPlain:
        return None
    return out


def _read(read: Read) -> Plain:
    rule = read.rule
    _require_plain(rule.extra)
    return [
        [list(mark) for mark in sorted(read.marks)],
        read.id_line,
        read.name_line,
        rule.id,
        rule.title,
        rule.name,
        int(rule.severity),
        list(rule.logsource),
        list(rule.tags),
        rule.line,
        list(rule.falsepositives),
        rule.description,
        rule.status,
        dict(rule.extra),
        _node(rule.condition),
    ]


def _require_plain(value: object) -> None:
    if isinstance(value, dict):
        if not all(type(key) is str for key in value):
            raise NotPlain
        for each in value.values():
            _require_plain(each)
    elif type(value) is list:
        for each in value:
            _require_plain(each)
    elif value is not None and type(value) not in {str, int, float, bool}:
        raise NotPlain


def _node(node: Node) -> Plain:
    match node:
        case Atom(field, Pattern(tokens, cased)):
            return [0, field, cased, _tokens(tokens)]
        case Or(parts):
            texts = _texts(parts)
            return [2, [_node(part) for part in parts]] if texts is None else [1, *texts]
        case And(parts):
            return [3, [_node(part) for part in parts]]
        case Not(part):
            return [4, _node(part)]
        case Keyword(predicate):
            return [5, _predicate(predicate)]
        case Atom(field, predicate):
            return [6, field, _predicate(predicate)]
        case _:
            assert_never(node)


def _texts(parts: tuple[Node, ...]) -> tuple[str, Plain] | None:
    """The field and the patterns of a list of caseless patterns on one field, which is what rules mostly are."""
    field = ""
    texts: list[Plain] = []
    for part in parts:
        match part:
            case Atom(name, Pattern(tokens, False)) if not texts or name == field:
                field = name
                texts.append(_tokens(tokens))
            case _:
                return None
    return field, texts


def _tokens(tokens: tuple[Token, ...]) -> Plain:
    return [token if isinstance(token, str) else _NUMBER_OF[token] for token in tokens]


def _predicate(predicate: Predicate) -> Plain:
    match predicate:
        case Pattern(tokens, cased):
            return ["Pattern", _tokens(tokens), cased]
        case Null():
            return ["Null"]
        case InNetwork(network):
            return ["InNetwork", str(network)]
        case _:
            kind = type(predicate)
            return [kind.__name__, *(getattr(predicate, name) for name in kind.__dataclass_fields__)]


# ---------------------------------------------------------------------------------------- unpacking


def unpacked(plain: Plain, path: str) -> Content:
    place = Path(path)
    return tuple(
        Refusal(place, each[0], Words(*each[1:])) if len(each) == 3 else _unread(each, place) for each in plain
    )


def _unread(plain: Plain, path: Path) -> Read:
    (
        marks,
        id_line,
        name_line,
        identity,
        title,
        name,
        severity,
        source,
        tags,
        line,
        false,
        about,
        status,
        extra,
        tree,
    ) = plain
    rule = Rule(
        identity,
        title,
        name,
        Severity(severity),
        Logsource(*source),
        tuple(tags),
        path,
        line,
        _tree(tree),
        tuple(false),
        about,
        status,
        extra,
    )
    return Read(rule, frozenset(Mark(*mark) for mark in marks), id_line, name_line)


def _tree(plain: Plain) -> Node:
    match plain[0]:
        case 0:
            return Atom(plain[1], Pattern(_untokens(plain[3]), plain[2]))
        case 1:
            field = plain[1]
            return Or(tuple([Atom(field, Pattern(_untokens(tokens))) for tokens in plain[2]]))
        case 2:
            return Or(tuple(map(_tree, plain[1])))
        case 3:
            return And(tuple(map(_tree, plain[1])))
        case 4:
            return Not(_tree(plain[1]))
        case 5:
            return Keyword(_unpredicate(plain[1]))
        case 6:
            return Atom(plain[1], _unpredicate(plain[2]))
        case kind:
            raise ValueError(kind)


def _untokens(plain: Plain) -> tuple[Token, ...]:
    return tuple([token if token.__class__ is str else _WILD[token] for token in plain])


def _unpredicate(plain: Plain) -> Predicate:
    kind, *values = plain
    match kind:
        case "Pattern":
            return Pattern(_untokens(values[0]), values[1])
        case "Null":
            return Null()
        case "InNetwork":
            return InNetwork(ip_network(values[0]))
        case _:
            return _OTHERS[kind](*values)
