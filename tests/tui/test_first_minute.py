"""A new home's first events."""

from __future__ import annotations

from shouwang.model import Value
from tests.tui.driving import console, sees
from tests.tui.fake import Service


class New(Service):
    """Has no event of the last day until it has some."""

    has_events = False

    def call(self, act: str, lang: str = "", file: int | None = None, /, **args: Value) -> Value:
        if act == "events.count" and args.get("bucket_s") and not self.has_events:
            return []
        return super().call(act, lang, file, **args)


async def test_the_first_events_of_a_new_home_are_not_denied_until_the_next_minute() -> None:
    service = New()
    async with console(service, size=(160, 40)) as pilot:
        await sees(pilot, "24 小时内没有事件")
        service.has_events = True
        await sees(pilot, "合计")
