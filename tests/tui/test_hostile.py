"""An attacker writes logs, host names and user names; the console shows them and obeys none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

from shouwang.model import Value
from tests.tui.driving import console, sees, shown, widths
from tests.tui.fake import Service
from tests.tui.hostile import CORPUS, FORBIDDEN

KEPT = frozenset(
    ("event.id", "at", "found_at", "latest", "last", "first", "now", "started", "last_event", "@timestamp", "next")
)


def poison(value: Value, texts: Iterator[str]) -> Value:
    """Every text of the answer replaced by the next one, but for what is a time or a place to go on from."""
    if isinstance(value, dict):
        return {name: each if name in KEPT else poison(each, texts) for name, each in value.items()}
    if isinstance(value, list):
        return [poison(each, texts) for each in value]
    return next(texts) if isinstance(value, str) else value


class Poisoned(Service):
    """Answers as the service does, with hostile text wherever text stands, ids and levels too."""

    texts = cycle(CORPUS)

    def call(self, act: str, lang: str = "", file: int | None = None, /, **args: Value) -> Value:
        known = {"alerts.show": "A-20931", "incidents.show": "INC-20261124-0001"}
        if act in known:
            args["id"] = known[act]
        return poison(super().call(act, lang, file, **args), self.texts)


async def test_hostile_text_in_every_field_of_every_answer_is_only_shown() -> None:
    async with console(Poisoned(alerts=40), size=(100, 30)) as pilot:
        for _ in range(5):
            for keys in (["1"], ["2", "j", "enter"], ["escape", "3", "j", "enter"], ["escape", "y"]):
                await pilot.press(*keys)
                await pilot.pause()
                assert not FORBIDDEN & set("".join(shown(pilot))), keys
                assert widths(pilot) == {100}, keys


async def test_a_hostile_log_line_is_shown_in_the_tail_and_whole_in_its_detail() -> None:
    service = Service()
    async with console(service, size=(100, 30)) as pilot:
        await pilot.press("7")
        await sees(pilot, "08:24:04")
        for text in CORPUS:
            service.arrive(1, {"message": text, "event.original": text, "host.name": text, text[:200]: text})
        await sees(pilot, "not markup")
        await pilot.press("enter")
        for number in range(len(CORPUS)):
            await pilot.press("ctrl+up", "end")
            assert not FORBIDDEN & set("".join(shown(pilot))), number
            assert widths(pilot) == {100}, number
