"""Reads the words of a command; what is wrong with them is said in the reader's language, with what to do."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NoReturn

from shouwang.cli.options import named_language
from shouwang.words import Words

_SAID: Final = tuple(
    (re.compile(pattern, re.DOTALL), zh, en)
    for pattern, zh, en in (
        (r"unrecognized arguments: (?P<a>.+)", "没有这样的参数：{a}", "there is no such argument: {a}"),
        (r"the following arguments are required: (?P<a>.+)", "缺少参数：{a}", "missing: {a}"),
        (r"one of the arguments (?P<a>.+) is required", "须给出其中之一：{a}", "one of these is needed: {a}"),
        (r"expected one argument", "须带一个值", "takes a value"),
        (r"expected at least one argument", "须至少带一个值", "takes at least one value"),
        (r"expected at most one argument", "至多带一个值", "takes one value at most"),
        (r"expected (?P<a>\d+) arguments?", "须带 {a} 个值", "takes {a} values"),
        (r"not allowed with argument (?P<a>.+)", "不能与 {a} 同用", "cannot be given together with {a}"),
        (r"ignored explicit argument (?P<a>.+)", "不带值，却给了 {a}", "takes no value, but was given {a}"),
        (
            r"ambiguous option: (?P<a>.+?) could match (?P<b>.+)",
            "选项 {a} 不明确，可能是 {b}",
            "the option {a} may be any of {b}",
        ),
        (
            r"invalid choice: (?P<a>.+) \(choose from (?P<b>.+)\)",
            "{a} 不可用；可用：{b}",
            "{a} cannot stand here; there are: {b}",
        ),
        (r"invalid (?:int|float) value: (?P<a>.+)", "{a} 不是数字", "{a} is no number"),
    )
)
"""What argparse says -> what we say."""
_OF_ONE: Final = re.compile(r"argument (?P<name>[^:]+): (?P<what>.+)", re.DOTALL)


def told(message: str) -> Words:
    """argparse's sentence in ours; what is not known stands as it is."""
    if one := _OF_ONE.fullmatch(message):
        name, what = one["name"], told(one["what"])
        return Words(f"{name}：{what.zh}", f"{name}: {what.en}")
    for pattern, zh, en in _SAID:
        if found := pattern.fullmatch(message):
            return Words(zh.format_map(found.groupdict()), en.format_map(found.groupdict()))
    return Words(message, message)


class Parser(argparse.ArgumentParser):
    """As argparse's, and its commands are of the same kind. ``lang``: of the reader."""

    def __init__(self, *, lang: str = "", **options: Any) -> None:
        super().__init__(**options, add_help=False)
        self._lang = lang
        self._positionals.title = "参数 / arguments"
        self._optionals.title = "选项 / options"
        self.add_argument("-h", "--help", action="help", help="显示帮助 / show this help")

    def add_subparsers(self, **options: Any) -> argparse._SubParsersAction[argparse.ArgumentParser]:  # type: ignore[override]
        return super().add_subparsers(**options, parser_class=partial(type(self), lang=self._lang))  # type: ignore[call-overload,no-any-return]

    def read(self, argv: Sequence[str] | None) -> argparse.Namespace:
        """What is left over is told by the command that it was said to. Ends the program when something is wrong."""
        args, left = self.parse_known_args(argv)
        if left:
            command: argparse.ArgumentParser = getattr(args, "command", self)
            command.error(f"unrecognized arguments: {' '.join(left)}")
        return args

    def error(self, message: str) -> NoReturn:
        said = told(message)
        usage = self.format_usage().strip()
        if self._lang == "zh":
            usage = usage.replace("usage:", "用法：", 1)
        wrong = Words(f"错误：{said.zh}。见 `{self.prog} --help`。", f"error: {said.en}. See `{self.prog} --help`.")
        print(f"{usage}\n{self.prog}: {wrong.of(self._lang)}", file=sys.stderr)
        sys.exit(2)


def asked_language(argv: Sequence[str] | None) -> str:
    """Before the words are read: ``--lang`` among them, else as ``options.language``."""
    words = list(sys.argv[1:] if argv is None else argv)
    for place, word in enumerate(words):
        option, _, value = word.partition("=")
        if option == "--lang":
            given = value or next(iter(words[place + 1 :]), "")
            if given in ("zh", "en"):
                return given
    return named_language()
