"""shouwang.toml is read strictly, and every mistake is named with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shouwang.access import Role
from shouwang.config import Operator, load, read
from shouwang.errors import UsageError
from shouwang.firstconfig import first_config
from shouwang.model import Importance

WHOLE = """\
[site]
name = "滨河社区"
timezone = "Asia/Shanghai"
operator = "cii"

[roles]
zhangsan = "analyst"

[[asset]]
id = "portal"
name = "平台"
importance = "重要"
networks = ["192.0.2.10/32"]

[[asset]]
id = "db"
name = "库"
hosts = ["db01"]

[[source]]
type = "file"
path = "/opt/*.log"
encoding = "gb18030"
"""


def test_a_whole_file_is_read() -> None:
    config = read(WHOLE, "shouwang.toml")
    assert config.site.operator is Operator.CII
    assert config.roles == {"zhangsan": Role.ANALYST}
    assert config.asset[0].importance is Importance.IMPORTANT
    assert [asset.id for asset in config.register()] == ["portal", "db"]
    found = config.register().find(None, ["192.0.2.10"])
    assert found is not None
    assert found.id == "portal"


def test_the_first_file_explains_itself_and_gives_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "shouwang.toml"
    path.write_text(first_config(name='滨河 "社区"\n\x7f', roles={"root": "administrator"}), encoding="utf-8")
    config = load(path)
    assert config.site.name == '滨河 "社区"\n\x7f'
    assert config.site.timezone == "Asia/Shanghai"
    assert config.listen.syslog_udp == config.listen.syslog_tcp == "127.0.0.1:5514"
    assert config.roles == {"root": Role.ADMINISTRATOR}
    assert config == read('[site]\nname = "滨河 \\"社区\\"\\n\\u007f"\n[roles]\nroot = "administrator"', "x")


def test_every_setting_that_the_first_file_shows_as_a_comment_can_be_used() -> None:
    setting = re.compile(r"""^# (\[\[[a-z]+\]\]|[a-z_]+ = ["'\[].*)$""", re.MULTILINE)
    config = read(setting.sub(r"\1", first_config(name="x")), "x")
    assert config.roles == {"zhangsan": Role.ANALYST, "lisi": Role.AUDITOR}
    assert len(config.asset) == 1
    assert config.source[0].start_pattern == r"^\d{4}-"
    assert config.listen.zone == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('operator = "cii"', 'operator = "bank"', 4, "site.operator"),
        ('operator = "cii"', 'operater = "cii"', 4, "no such setting"),
        ("Asia/Shanghai", "Asia/Peking", 3, "no time zone"),
        ("Asia/Shanghai", "../../etc/passwd", 3, "no time zone"),
        ('"analyst"', '"boss"', 7, "roles.zhangsan"),
        ("192.0.2.10/32", "192.0.2.10/24", 13, "no address and no network"),
        ('id = "db"\n', "", 15, "missing"),
        ('id = "db"', 'id = ""', 16, "asset.2.id"),
        ("重要", "很重要", 12, "importance"),
        ("gb18030", "gbk", 23, "encoding"),
        ('type = "file"', 'type = "pipe"', 21, "source.1.type"),
        ("[site]\n", "[[site]]\n", 1, "site"),
        ("[roles]", "[rolls]", 6, "no such setting"),
        ('name = "平台"', 'name = "平台', 11, "in quotes is not closed"),
    ],
)
def test_a_mistake_is_named_with_its_line(old: str, new: str, line: int, said: str) -> None:
    assert old in WHOLE
    with pytest.raises(UsageError) as wrong:
        read(WHOLE.replace(old, new), "/h/shouwang.toml")
    assert said in str(wrong.value)
    assert re.search("[\u4e00-\u9fff]", wrong.value.message.zh.replace(new, ""))
    assert f"/h/shouwang.toml:{line}:" in str(wrong.value)
    assert wrong.value.hint


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("", "f: site: 缺少此表：请写 [site]。", "f: site: this table is missing: write [site]."),
        ("[site]\n", "f:1: site.name: 缺少此项。", "f:1: site.name: this is missing."),
        ("[site]\nname = 5\n", "f:2: site.name: 应为文本。", "f:2: site.name: this must be text."),
        ('[site]\nname = ""\n', "f:2: site.name: 不得为空。", "f:2: site.name: this must not be empty."),
        (
            '[site]\nname = "x"\nlang = "zh"\n',
            "f:3: site.lang: 没有这一项。可用：name、timezone、language、operator。",
            "f:3: site.lang: there is no such setting. One of: name, timezone, language, operator.",
        ),
        (
            'site.name = "x"\nsite.language = "de"\n',
            "f:2: site.language: 应为 'zh'、'en'。",
            "f:2: site.language: this must be 'zh' or 'en'.",
        ),
        (
            '[site]\nname = "x"\n[source]\npath = "x"\n',
            "f:3: source: 应为表：请写 [[source]]。",
            "f:3: source: this must be a table: write [[source]].",
        ),
        (
            '[site]\nname = "x"\n[watch]\njournald = "yes"\n',
            "f:4: watch.journald: 应为 true 或 false。",
            "f:4: watch.journald: this must be true or false.",
        ),
        (
            '[site]\nname = "x"\n[metrics]\ninterval_s = 9000\n',
            "f:4: metrics.interval_s: 不得大于 3600。",
            "f:4: metrics.interval_s: the most is 3600.",
        ),
        (
            '[site]\nname = "x"\nname = "y"\n',
            "f:3: 同一项或同一表写了两次。",
            "f:3: a setting or a table stands here for the second time.",
        ),
        ('[site]\nname = "x"\n\0', "f:3: 不符合 TOML 的写法。", "f:3: this is no TOML."),
    ],
)
def test_a_mistake_is_said_in_our_own_words_in_both_languages(text: str, zh: str, en: str) -> None:
    with pytest.raises(UsageError) as wrong:
        read(text, "f")
    assert (wrong.value.message.zh, wrong.value.message.en) == (zh, en)


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(UsageError) as wrong:
        read(WHOLE.replace("cii", "x").replace("analyst", "y"), "f")
    assert "f:4:" in str(wrong.value)
    assert "f:7:" in str(wrong.value)


def test_two_assets_with_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="db"):
        read(WHOLE.replace('id = "portal"', 'id = "portal"\nhosts = ["DB01"]'), "f")


@pytest.mark.parametrize("listen", ["127.0.0.1", "127.0.0.1:x", ":514", "127.0.0.1:99999"])
def test_an_address_to_listen_on_needs_host_and_port(listen: str) -> None:
    with pytest.raises(UsageError, match="f:4:"):
        read(f'[site]\nname = "x"\n[listen]\nsyslog_udp = "{listen}"\n', "f")


def test_no_file_and_no_text_are_told_apart_from_wrong_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        load(tmp_path / "none.toml")
    (tmp_path / "gbk.toml").write_bytes("[site]\nname = '社区'".encode("gb18030"))
    with pytest.raises(UsageError, match="UTF-8"):
        load(tmp_path / "gbk.toml")
