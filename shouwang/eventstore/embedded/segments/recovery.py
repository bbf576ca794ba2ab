"""What a store is made of again when ``events.db`` is lost: which segments hold, and up to where. Pure.

It goes on from the newest seal that is whole. What was sealed after that is set aside: sources go on from the cursors
of that seal, and deliver it once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shouwang.eventstore.embedded.segments.footer import DAILY, Footer, LedgerRow, Seal, State
from shouwang.eventstore.embedded.segments.sums import added
from shouwang.words import Words

FOREIGN: Final = Words("属于其他数据目录", "of another home")
MISPLACED: Final = Words("不在其原来的位置", "not where it was written")
UNFINISHED: Final = Words(
    "所属的封存不完整，来源会重新送达", "of a seal that is not whole: the sources deliver it again"
)


@dataclass(frozen=True, slots=True)
class Surveyed:
    path: str
    footer: Footer
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Plan:
    kept: Sequence[Surveyed]
    superseded: Sequence[str]
    """Files whose rows are in one that is kept."""
    aside: Mapping[str, Words]
    """Path -> why."""
    to_seq: int
    state: State | None
    """``None``: no seal has one; the sources begin as on the first start."""
    ledger: Sequence[LedgerRow]
    incomplete: Sequence[str]
    """Days of which the segments do not hold what the ledger says."""


def plan(found: Sequence[Surveyed], home: str, torn: Mapping[str, Words]) -> Plan:
    aside = dict(torn)
    aside |= {each.path: FOREIGN for each in found if each.footer.home not in (home, "")}
    aside |= {each.path: MISPLACED for each in found if each.path not in aside and not _in_place(each)}
    ours = [each for each in found if each.path not in aside]
    replaced = {path for each in ours for path in each.footer.supersedes}
    live = [each for each in ours if each.path not in replaced]
    there = replaced | {each.path for each in ours}
    newest = _resumed(live, there)
    to_seq = newest.to_seq if newest else max((each.footer.bounds.to_seq for each in live), default=0)
    kept = [each for each in live if each.footer.bounds.to_seq <= to_seq]
    aside |= {each.path: UNFINISHED for each in live if each.footer.bounds.to_seq > to_seq}
    ledger = _ledger(kept, to_seq)
    return Plan(
        kept=kept,
        superseded=sorted(each.path for each in ours if each.path in replaced),
        aside=aside,
        to_seq=to_seq,
        state=newest.state if newest else None,
        ledger=ledger,
        incomplete=_incomplete(kept, ledger),
    )


def _resumed(live: Sequence[Surveyed], there: set[str]) -> Seal | None:
    """The newest whole seal; the newest with a hole, where the whole ones would set a compacted day aside."""
    days_to = max((each.footer.bounds.to_seq for each in live if each.footer.kind == DAILY), default=0)
    seals = [each.footer.seal for each in live if each.footer.seal.state and each.footer.seal.to_seq >= days_to]
    whole = [seal for seal in seals if there.issuperset(seal.parts)]
    return max(whole or seals, key=lambda seal: seal.to_seq, default=None)


def _in_place(each: Surveyed) -> bool:
    """A copy under another name would be there twice."""
    footer, bounds = each.footer, each.footer.bounds
    if footer.kind == DAILY:
        return each.path.endswith(f"/{footer.day}/day-{bounds.from_seq}-{bounds.to_seq}.parquet")
    return f"/{footer.day}/" in each.path and each.path in footer.seal.parts


def _ledger(kept: Iterable[Surveyed], to_seq: int) -> list[LedgerRow]:
    """The newest that the seals say of each day and source, from the oldest day that has a segment on."""
    rows: dict[tuple[str, str], LedgerRow] = {}
    for each in sorted(kept, key=lambda each: each.footer.seal.to_seq):
        state = each.footer.seal.state
        if state is not None and state.seq <= to_seq:
            rows |= {(row.day, row.source): row for row in state.ledger}
    oldest = min((each.footer.day for each in kept), default="")
    return [row for key, row in sorted(rows.items()) if key[0] >= oldest]


def _incomplete(kept: Sequence[Surveyed], ledger: Sequence[LedgerRow]) -> list[str]:
    sums = {
        day: added(each.footer.sources for each in kept if each.footer.day == day)
        for day in {each.footer.day for each in kept} | {row.day for row in ledger}
    }
    differ = {
        row.day
        for row in ledger
        if int(row.digest, 16) != (int(sums[row.day][row.source].digest, 16) if row.source in sums[row.day] else 0)
    }
    return sorted(differ)
