"""What a test asks, in the words that Sigma's modifiers have. Pure."""

from __future__ import annotations

from typing import Final, assert_never

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
    Truth,
    Wild,
)

_SIGNS: Final = {Wild.ANY: "*", Wild.ONE: "?", Wild.DASH: "-"}
_OPS: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "eq": "="}


def predicate_words(predicate: Predicate) -> str:
    match predicate:
        case Pattern(tokens, cased):
            text = "".join(token if isinstance(token, str) else _SIGNS[token] for token in tokens)
            return f"{'cased ' if cased else ''}'{text}'"
        case Equals(number):
            return f"= {number}"
        case Truth(truth):
            return "= true" if truth else "= false"
        case Null():
            return "null"
        case Exists(present):
            return "exists" if present else "does not exist"
        case Regex():
            return f"re /{predicate.pattern}/"
        case InNetwork(network):
            return f"cidr {network}"
        case Compare(op, number):
            return f"{_OPS[op]} {number}"
        case TimePart(part, op, number):
            return f"{part} {_OPS[op]} {number}"
        case SameAs(field, how, _):
            return f"{how} {field}"
        case _:
            assert_never(predicate)
