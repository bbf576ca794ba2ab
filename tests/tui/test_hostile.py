"""An attacker writes logs, host names and user names; the console shows them and obeys none."""

from __future__ import annotations

from shouwang.model import Value
from tests.tui.driving import console, shown, until, widths
from tests.tui.fake import Service
from tests.tui.hostile import CORPUS, FORBIDDEN

KEPT = frozenset(
    ("event.id", "at", "found_at", "latest", "last", "first", "now", "started", "last_event", "@timestamp", "next")
)


def poison(value: Value, text: str) -> Value:
    """Every text of the answer replaced, but for what is a time or a place to go on from."""
    if isinstance(value, dict):
        return {name: each if name in KEPT else poison(each, text) for name, each in value.items()}
    if isinstance(value, list):
        return [poison(each, text) for each in value]
    return text if isinstance(value, str) else value


class Poisoned(Service):
    """Answers as the service does, with hostile text wherever text stands, ids and levels too."""

    text = ""

    def call(self, act: str, **args: Value) -> Value:
        known = {"alerts.show": "A-20931", "incidents.show": "INC-20261124-0001"}
        if act in known:
            args["id"] = known[act]
        return poison(super().call(act, **args), self.text)


async def test_hostile_text_in_every_field_of_every_answer_is_only_shown() -> None:
    service = Poisoned(alerts=6)
    async with console(service, size=(100, 30)) as pilot:
        for number, text in enumerate(CORPUS):
            service.text = text
            looks = len(service.did("status"))
            await until(pilot, lambda seen=looks: len(service.did("status")) > seen + 1)  # type: ignore[misc]
            for keys in (["1"], ["2", "enter"], ["escape", "3", "enter"], ["y"]):
                await pilot.press(*keys)
                await pilot.pause()
                assert not FORBIDDEN & set("".join(shown(pilot))), (number, keys)
                assert widths(pilot) == {100}, (number, keys)


async def test_a_hostile_log_line_is_shown_in_the_tail_and_whole_in_its_detail() -> None:
    service = Service()
    async with console(service, size=(100, 30)) as pilot:
        await pilot.press("7", "enter")
        for number, text in enumerate(CORPUS):
            await pilot.press("escape", "end")
            service.arrive(1, {"message": text, "event.original": text, "host.name": text, text[:200]: text})
            asked = len(service.did("events.tail"))
            await until(pilot, lambda seen=asked: len(service.did("events.tail")) > seen + 1)  # type: ignore[misc]
            await pilot.press("enter", "end")
            await pilot.pause()
            assert not FORBIDDEN & set("".join(shown(pilot))), number
            assert widths(pilot) == {100}, number
