"""Why an incident has its grade, as lines for a person. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from shouwang.cli.answer import Answer
from shouwang.words import Words

GRAVEST_FIRST: Final = ("I", "II", "III", "IV")
FACTS: Final = {
    "stated": Words("人工陈述", "stated by a person"),
    "looked_up": Words("资产登记", "from the asset register"),
    "not_stated": Words("未陈述", "not stated"),
    "supposed": Words("假设", "supposed"),
}
"""How the facts of a criterion are known."""


def reason_lines(reasons: Sequence[Answer], say: Callable[[str, str], str]) -> Iterator[str]:
    """What gives a grade, gravest first; what does not; last, one line a document, what was not asked about."""
    asked = [reason for reason in reasons if reason.fields.get("asked") is not False]
    given = [reason for reason in asked if reason["grade"] in GRAVEST_FIRST]
    for reason in sorted(given, key=lambda each: GRAVEST_FIRST.index(each["grade"])):
        yield _line(reason, say)
    for reason in asked:
        if reason["grade"] not in GRAVEST_FIRST:
            yield _line(reason, say)
    yield from _not_asked([reason for reason in reasons if reason.fields.get("asked") is False], say)


def _line(reason: Answer, say: Callable[[str, str], str]) -> str:
    known = FACTS.get(reason["fact"])
    fact = say(f"（事实：{known.zh}）", f" (facts: {known.en})") if known else ""
    doubt = _doubt(reason, say)
    return f"[{reason['grade'] or '-'}] {reason['value']}{fact}  {reason['document']} {reason['clause']}{doubt}"


def _doubt(reason: Answer, say: Callable[[str, str], str]) -> str:
    return "" if reason.flag("sure") else say("（条款未核实）", " (clause unverified)")


def _not_asked(reasons: Sequence[Answer], say: Callable[[str, str], str]) -> Iterator[str]:
    """``未询问, 由人工判断: ... 1.4 特别重大 b) c); 1.4 重大 b) c)``"""
    documents: dict[str, dict[tuple[str, str], list[str]]] = {}
    for reason in reasons:
        head, _, letter = reason["clause"].rpartition(" ")
        documents.setdefault(reason["document"], {}).setdefault((head, _doubt(reason, say)), []).append(letter)
    for document, clauses in documents.items():
        listed = "; ".join(f"{head} {' '.join(letters)}{doubt}" for (head, doubt), letters in clauses.items())
        yield f"[-] {say('未询问, 由人工判断', 'not asked, for a person to judge')}: {document} {listed}"
