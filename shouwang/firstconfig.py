"""The ``shouwang.toml`` that a first start writes: every setting, explained in Chinese and English."""

from __future__ import annotations

import json
from collections.abc import Mapping

_TEXT = """\
# 守望 Shouwang 配置文件。改后重新启动生效；[rules]、[[inhibit]]、[silences] 也可用 `shouwang rules reload`。
# Settings of this home. Changes take effect on the next start; of [rules], [[inhibit]] and [silences]
# by `shouwang rules reload` too.
# docs/reference/config.md

[site]
# 单位或社区名称，出现在界面和报告中。
# The name of the site, shown on screens and papers.
name = {name}
# 时区。建库时确定，此后不能更改：台账按此时区分日。
# Time zone. Fixed when the home is made: it decides where the ledger's day begins.
timezone = {timezone}
# 界面与报告语言：zh 或 en。
# Language of screens and papers: zh or en.
language = {language}
# 运营者类型，决定报告时限：other（其他）、cii（关键信息基础设施）、central_state_organ（中央和国家机关）。
# Kind of operator; decides the legal time limit for reports.
operator = "other"

[roles]
# 操作系统用户名 = 角色。administrator 管理员、analyst 分析员、auditor 审计员（只读）。
# 本目录的所有者始终是管理员；未列出的用户什么都不能做。
# OS user name = role. The owner of this folder is administrator always; who is not listed may do nothing.
{roles}# zhangsan = "analyst"
# lisi = "auditor"

# 资产登记：事件按主机名或地址归到资产，重要程度参与定级。
# The asset register: events are assigned by host name or address; importance counts in the grade.
# importance: ordinary 一般, important 重要, especially_important 特别重要
# [[asset]]
# id = "portal"
# name = "社区服务平台"
# importance = "important"
# hosts = ["web01", "web01.community.example"]
# networks = ["192.0.2.10", "198.51.100.0/24"]

[watch]
# 不作任何设置时监视：systemd 日志，以及 /var/log 下本用户可读的日志。
# Watched without any set-up: the systemd journal, and the logs of /var/log that this user may read.
journald = {watch}
var_log = {watch}

# 其他日志文件。path 可用 *；format 为解析器名或 auto；encoding 为 utf-8 或 gb18030。
# Further log files. path may hold *; format is a parser or auto; encoding is utf-8 or gb18030.
# [[source]]
# type = "file"
# path = "/opt/platform/logs/*.log"
# format = "auto"
# encoding = "gb18030"
# zone = "Asia/Shanghai"          # 日志中的时间未带时区时 / for times without a zone
# start_pattern = '^\\d{{4}}-'      # 多行记录的首行 / a record's first line, when records have several

[listen]
# 接收其他设备的 syslog。默认只听本机；改为 "0.0.0.0:5514" 对网络开放；"" 关闭。
# Syslog from other machines. Loopback only by default; "0.0.0.0:5514" opens it to the network; "" closes it.
syslog_udp = {listen}
syslog_tcp = {listen}
# 发送方的文本编码与时区（时间未带时区时；默认同 site.timezone）。
# The senders' encoding, and their zone where times have none (default: the site's).
encoding = "utf-8"
# zone = "Asia/Shanghai"

[metrics]
# 主机指标的采集间隔（秒）；0 关闭。
# Interval of the host's own metrics, in seconds; 0: none.
interval_s = {interval}

[store]
# 日志存放处：留空为本机；一台机器不够时填 Elasticsearch 地址，多个节点用逗号分隔（docs/how-to/elasticsearch.md）。
# Where events are kept: empty for this home, or the nodes of an Elasticsearch cluster, with commas.
url = {url}
# 集群证书的 CA（PEM），以及凭据文件（权限 0600）。
# The authority of the cluster's certificates (PEM), and the credentials' file (mode 0600).
ca = {ca}
credentials = {credentials}
# 日志留存天数（按接收日）；法律要求不少于六个月，即 184 天。更早的日子每天删除，并留下删除记录。
# Days that logs are kept, by day of receipt; the law asks for six months, 184 days. Older days go, each with a record.
keep_days = 184
# 磁盘写满时供清理用的预留文件（MiB）；0 为不预留。
# A file set aside for cleaning up on a full disk, in MiB; 0: none.
reserve_mb = {reserve}

[detection]
# 事件晚到多久仍能准确关联；带上限的条件、平均值等也要等这么久才判定。
# How late an event may come and be correlated exactly; conditions with an upper bound and averages wait so long.
lateness = "1h"

[silences]
# 各角色的静默最长可设几天。
# How many days a role may silence.
analyst_days = 7
administrator_days = 90

# 一条告警生效期间，压制说同一件事的次要告警（docs/how-to/noise.md），例如关联规则压制其成员：
# While one alert speaks, hold back lesser ones that say the same, such as the members of a correlation:
# [[inhibit]]
# name = "members"
# members = true
# target = {{ severity = ["medium"] }}
# equal = ["source.ip"]
# within = "1h"

[rules]
# 自带规则；另外加载的文件或目录（home 的 rules/ 总会加载）；不加载的规则 id。
# Our own rules; further files or folders (rules/ of the home is always loaded); ids that are not loaded.
builtin = true
folders = []
disabled = []
# 自备的 pySigma 处理管道，先于自带映射使用。
# pySigma pipelines of yours, applied before our own mapping.
pipelines = []

# 规则中 %名称% 占位符（修饰符 expand）的取值，例如：
# What %name% stands for in rules with the modifier expand, such as:
# [rules.placeholders]
# Administrators = ["root", "adm*"]
"""


def first_config(
    *,
    name: str,
    timezone: str = "Asia/Shanghai",
    language: str = "zh",
    roles: Mapping[str, str] | None = None,
    store: Mapping[str, str] | None = None,
    quiet: bool = False,
) -> str:
    """``quiet``: nothing is watched and nothing listens (a drill's home, a test's)."""
    given = (roles or {}).items()
    return _TEXT.format(
        name=_quoted(name),
        timezone=_quoted(timezone),
        language=_quoted(language),
        roles="".join(f"{_quoted(user)} = {_quoted(role)}\n" for user, role in given),
        watch="false" if quiet else "true",
        listen='""' if quiet else '"127.0.0.1:5514"',
        interval="0" if quiet else "10",
        **{name: _quoted((store or {}).get(name, "")) for name in ("url", "ca", "credentials")},
        reserve="0" if quiet else "256",
    )


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are among TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
