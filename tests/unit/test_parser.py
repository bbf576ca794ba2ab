"""Wrong words on the command line are told of in the reader's language."""

from __future__ import annotations

import re

import pytest

from shouwang.cli.main import main

_CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("words", "zh", "en"),
    [
        ("rules chek", "'chek' 不可用；可用：'list'", "'chek' cannot stand here; there are: 'list'"),
        ("rules check", "缺少参数：PATH", "missing: PATH"),
        ("rules list --nope", "没有这样的参数：--nope", "there is no such argument: --nope"),
        ("alerts list --limit x", "--limit：'x' 不是数字", "--limit: 'x' is no number"),
        ("scan --jobs", "--jobs：须带一个值", "--jobs: takes a value"),
        ("silences add --reason x", "须给出其中之一：--for --until", "one of these is needed: --for --until"),
        ("silences add --for 1h --until 2h --reason x", "不能与 --for 同用", "cannot be given together with --for"),
        ("rules check --own=1 x", "不带值，却给了 '1'", "takes no value, but was given '1'"),
        ("", "缺少参数：VERB", "missing: VERB"),
    ],
)
def test_what_is_wrong_and_where_to_look_is_said(
    words: str, zh: str, en: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOUWANG_HOME", "/nowhere")
    for lang, wanted in (("zh", zh), ("en", en)):
        for asked in (["--lang", lang], [f"--lang={lang}"]):
            with pytest.raises(SystemExit) as ended:
                main([*asked, *words.split()])
            last = capsys.readouterr().err.splitlines()[-1]
            assert ended.value.code == 2
            assert wanted in last
            verb = re.match(r"shouwang( [a-z]+)*", last)
            assert verb is not None
            assert f"`{verb[0]} --help`" in last
            assert bool(_CHINESE.search(last)) is (lang == "zh")


def test_without_the_option_the_environment_decides(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for named, wanted in (("zh_CN.UTF-8", "没有这样的参数"), ("C", "there is no such argument")):
        monkeypatch.setenv("SHOUWANG_LANG", named)
        with pytest.raises(SystemExit):
            main(["version", "--nope"])
        assert wanted in capsys.readouterr().err
