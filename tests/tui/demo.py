"""``python -m tests.tui.demo [zh|en] [alerts] [role] [drill]``: the console over the fake service, to look at it."""

from __future__ import annotations

import random
import sys
import time
from datetime import datetime

from shouwang.model import Value
from tests.tui.fake import Service
from tests.tui.samples import ZONE
from tui.app import ShouwangApp


def main(arguments: list[str]) -> int:
    language = arguments[0] if arguments else "zh"
    count = int(arguments[1]) if len(arguments) > 1 else 60
    role = arguments[2] if len(arguments) > 2 else "analyst"
    service = Service(alerts=count, role=role, drill="drill" in arguments, now=lambda: datetime.now(ZONE))
    service.hunts.over = True
    last = time.monotonic()

    def call(act: str, lang: str, file: int | None = None, /, **args: Value) -> Value:
        nonlocal last
        if act == "events.tail" and time.monotonic() - last > 1:
            service.arrive(random.randint(0, 3))  # a picture, not a secret
            last = time.monotonic()
        return service.call(act, lang, file, **args)

    return ShouwangApp(call, lang=language).run() or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
