"""The audit trail's hash chain: who did what, when, and that nobody changed it since. Pure.

Every entry's hash is SHA-256 over the canonical JSON of its fields, the hash before it among them. A changed, removed,
added or moved entry breaks the chain at its place; entries cut off at the end are missed against the ``Head``, which is
kept elsewhere. The chain shows tampering to whoever holds an older head; it does not stop who can rewrite all of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from shouwang.model import Value
from shouwang.words import NOTHING, Words

GENESIS: Final = "0" * 64
"""Stands before the first entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    seq: int
    """From 1, without gaps."""
    at_us: int
    actor: str
    """OS user name, or ``system``."""
    role: str
    act: str
    target: str
    """What was acted on: an id, or empty."""
    detail: str
    """Canonical JSON, kept and hashed as text."""
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry, as kept beside the chain."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Broken:
    seq: int
    why: Words


def canonical(value: Mapping[str, Value]) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def entry(
    head: Head, *, at_us: int, actor: str, role: str, act: str, target: str, detail: Mapping[str, Value]
) -> Entry:
    """The entry that follows ``head``."""
    seq, text = head.seq + 1, canonical(detail)
    digest = _digest([head.hash, seq, at_us, actor, role, act, target, text])
    return Entry(seq, at_us, actor, role, act, target, text, head.hash, digest)


def verify(entries: Iterable[Entry], head: Head) -> Broken | None:
    """The first place where the chain, in order of ``seq``, is not what was written; ``None`` when it is whole."""
    before = Head()
    for found in entries:
        wrong = _wrong(found, before)
        if wrong:
            return Broken(before.seq + 1, wrong)
        before = Head(found.seq, found.hash)
    if before == head:
        return None
    if before.seq < head.seq:
        said = Words(f"缺失：链头记载共有 {head.seq} 条", f"missing: the head says that there are {head.seq} entries")
        return Broken(before.seq + 1, said)
    said = Words("另存的链头指向另一条记录", "the head, kept beside the chain, names another entry")
    return Broken(max(head.seq, 1), said)


def _wrong(found: Entry, before: Head) -> Words:
    if found.seq != before.seq + 1:
        return Words(f"缺失：下一条的序号是 {found.seq}", f"missing: the next entry has number {found.seq}")
    if found.prev_hash != before.hash:
        return Words("与前一条不衔接", "does not continue the entry before it")
    said: list[str | int] = [found.at_us, found.actor, found.role, found.act, found.target, found.detail]
    if found.hash != _digest([found.prev_hash, found.seq, *said]):
        return Words("内容与其哈希不符", "its content does not give its hash")
    return NOTHING


def _digest(fields: list[str | int]) -> str:
    text = json.dumps(fields, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
