"""Sigma's strings: wildcards, escapes, encodings. Pure."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from itertools import product

from detection.sigma.faults import RuleFault
from detection.sigma.predicates import DASHES, Token, Wild
from shouwang.words import Words

_WILD = {"*": Wild.ANY, "?": Wild.ONE}
_SPECIAL = re.compile(r"\\([*?\\])|([*?])")
_FLAG_DASH = re.compile(r"\B[-/\u2013\u2014\u2015]\b")
_MOST_SPELLINGS = 3125
"""Five dashes in one encoded value; each spelling is its own value."""


def parse(text: str) -> tuple[Token, ...]:
    r"""Section "Escaping": ``\*``, ``\?``, ``\\`` stand for the character; any other backslash is itself."""
    tokens: list[Token] = []
    literal = ""
    at = 0
    for found in _SPECIAL.finditer(text):
        literal += text[at : found.start()]
        at = found.end()
        if found[1] is not None:
            literal += found[1]
            continue
        if literal:
            tokens.append(literal)
            literal = ""
        tokens.append(_WILD[found[2]])
    literal += text[at:]
    if literal:
        tokens.append(literal)
    return joined(tokens)


def joined(tokens: list[Token]) -> tuple[Token, ...]:
    """The same pattern with neighbouring literals in one, and neighbouring ``*`` as one."""
    out: list[Token] = []
    for token in tokens:
        if isinstance(token, str) and out and isinstance(out[-1], str):
            out[-1] += token
        elif token is Wild.ANY and out and out[-1] is Wild.ANY:
            continue
        elif token != "":
            out.append(token)
    return tuple(out)


def surrounded(tokens: tuple[Token, ...], *, before: bool, after: bool) -> tuple[Token, ...]:
    """With ``*`` at either end: contains, startswith, endswith."""
    head: list[Token] = [Wild.ANY] if before else []
    tail: list[Token] = [Wild.ANY] if after else []
    return joined([*head, *tokens, *tail])


def with_dashes(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """windash: a dash that opens a word may be any of five marks, each for itself."""
    out: list[Token] = []
    for token in tokens:
        if isinstance(token, Wild):
            out.append(token)
            continue
        at = 0
        for found in _FLAG_DASH.finditer(token):
            out += [token[at : found.start()], Wild.DASH]
            at = found.end()
        out.append(token[at:])
    return joined(out)


def spellings(tokens: tuple[Token, ...], modifier: str) -> Iterator[str]:
    """The plain texts that an encoding is applied to."""
    if Wild.ANY in tokens or Wild.ONE in tokens:
        raise RuleFault(
            Words(f"{modifier}：含通配符的值不能编码", f"{modifier}: a value with wildcards cannot be encoded")
        )
    choices = [DASHES if token is Wild.DASH else (str(token),) for token in tokens]
    if len(DASHES) ** sum(len(choice) > 1 for choice in choices) > _MOST_SPELLINGS:
        raise RuleFault(
            Words(
                f"{modifier}：要编码的值中短横线超过五个",
                f"{modifier}: more than five dashes in a value that is to be encoded",
            )
        )
    for choice in product(*choices):
        yield "".join(choice)


def utf16(text: str, modifier: str) -> bytes:
    match modifier:
        case "utf16be":
            return text.encode("utf-16-be")
        case "utf16":
            return b"\xff\xfe" + text.encode("utf-16-le")
        case _:
            return text.encode("utf-16-le")


def base64_offsets(data: bytes) -> tuple[str, ...]:
    """The part of the encoding that does not depend on what stands before and after, for each of three positions."""
    found = []
    for offset in range(3):
        whole = b64encode(b"\0" * offset + data).decode("ascii")
        start = (0, 2, 3)[offset]
        end = (None, -3, -2)[(len(data) + offset) % 3]
        found.append(whole[start:end])
    if not all(found):
        raise RuleFault(
            Words(
                "base64offset：只有一个字节时，编码结果完全取决于相邻字节",
                "base64offset: one byte leaves nothing that does not depend on its neighbours",
            )
        )
    return tuple(found)


def as_text(data: bytes, modifier: str) -> str:
    """Encoded bytes that no base64 follows, as they would stand in a text field."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise RuleFault(
            Words(
                f"{modifier}：编码后不是文本，其后须有 base64 或 base64offset",
                f"{modifier}: the encoded value is no text; base64 or base64offset must follow",
            )
        ) from None
