"""What several sources say about themselves."""

from __future__ import annotations

import os
from typing import Final

from shouwang.errors import ShouwangError
from shouwang.words import Words

NOT_STARTED: Final = Words("尚未启动", "not started")


def cannot_listen(at: str, error: OSError) -> ShouwangError:
    """``at``: transport and address. asyncio says the reason in a sentence of its own: the system's is shorter."""
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
    return ShouwangError(
        Words(f"无法监听 {at}：{reason}", f"cannot listen at {at}: {reason}"),
        hint=Words(
            "请停止占用该端口的程序，或在 shouwang.toml 的 [listen] 中另选地址并重启；在此之前会不断重试。",
            "Stop what uses it, or choose another address under [listen] in shouwang.toml and start again; "
            "it is tried again until then.",
        ),
    )
