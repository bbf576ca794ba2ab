"""The first reason why a rule does not fire, or does, in one line. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from detection.authoring.explain import Reading, Step

_LONGEST = 120


def shortfall(step: Step, *, wanted: bool) -> str:
    """The first test whose truth decides against ``wanted``, with what was read for it."""
    for leaf in _deciding(step, wanted=wanted):
        reads = "; ".join(_said(read) for read in leaf.reads)
        return f"{leaf.label}: {reads}" if reads else leaf.label
    return step.label


def _deciding(step: Step, *, wanted: bool) -> Iterator[Step]:
    if step.holds is wanted:
        return
    if step.kind == "item" or not step.parts:
        yield step
        return
    turned = wanted if step.kind != "not" else not wanted
    for part in step.parts:
        yield from _deciding(part, wanted=turned)


def _said(read: Reading) -> str:
    if not read.present:
        return f"no {read.name} in the event"
    text = f"{read.name} = {', '.join(map(str, read.values))}"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
