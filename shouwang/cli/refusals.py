"""An act's refusal of an argument, in the words of the command that asked: its option, its help."""

from __future__ import annotations

import argparse
import re
from typing import Final

from shouwang.cli.options import language
from shouwang.errors import ShouwangError, UsageError
from shouwang.words import Words

_OF_SOCKET: Final = "docs/reference/socket.md"
_OF_AN_ARGUMENT: Final = re.compile(r"[a-z]+(?:\.[a-z]+)?: (?P<place>\w+)[\w.]*: (?P<what>.+)", re.DOTALL)
"""As ``shouwang.api.table`` says it."""


def said(refused: ShouwangError, args: argparse.Namespace) -> str:
    lang = language(args)
    found = _OF_AN_ARGUMENT.fullmatch(refused.message.of(lang))
    command: argparse.ArgumentParser | None = getattr(args, "command", None)
    if not isinstance(refused, UsageError) or command is None or found is None or refused.hint.en != _OF_SOCKET:
        return refused.whole.of(lang)
    option = f"--{found['place'].replace('_', '-')}"
    name = option if option in command.format_help() else found["place"]
    see = Words(f"见 `{command.prog} --help`。", f"See `{command.prog} --help`.").of(lang)
    return f"{name}: {found['what']}{'' if lang == 'zh' else ' '}{see}"
