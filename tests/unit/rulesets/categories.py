"""GB/T 20986-2023: the categories of network security events and their sub-classes, by name."""

from __future__ import annotations

from typing import Final

GBT_20986_2023: Final = {
    "恶意程序事件": frozenset(
        "计算机病毒 网络蠕虫 特洛伊木马 僵尸网络 恶意代码内嵌网页 恶意代码宿主站点 勒索软件 挖矿病毒 混合攻击程序 其他".split()
    ),
    "网络攻击事件": frozenset(
        "网络扫描探测 网络钓鱼 漏洞利用 后门利用 后门植入 凭据攻击 信号干扰 拒绝服务 网页篡改 暗链植入 域名劫持 域名转嫁 "
        "DNS污染 WLAN劫持 流量劫持 BGP劫持攻击 广播欺诈 失陷主机 供应链攻击 APT 其他".split()
    ),
    "数据安全事件": frozenset(
        "数据篡改 数据假冒 数据泄露 社会工程 数据窃取 数据拦截 位置检测 数据投毒 数据滥用 隐私侵犯 数据损失 其他".split()
    ),
    "信息内容安全事件": frozenset("反动宣传 暴恐宣扬 色情传播 虚假信息传播 权益侵害 信息滥发 网络欺诈 其他".split()),
    "设备设施故障事件": frozenset("技术故障 配套设施故障 物理损害 辐射干扰 其他".split()),
    "违规操作事件": frozenset(
        "权限滥用 权限伪造 行为抵赖 故意违规操作 误操作 人员可用性破坏 资源未授权使用 其他".split()
    ),
    "安全隐患事件": frozenset("网络漏洞 网络配置合规缺陷 其他".split()),
    "异常行为事件": frozenset("访问异常 流量异常 其他".split()),
    "不可抗力事件": frozenset("自然灾害 事故灾难 公共卫生 社会安全 其他".split()),
}
