"""What Huawei VRP and H3C Comware devices write after the header.

Both write ``%%NN`` (01 Huawei, 10 H3C), module, severity digit, mnemonic: ``%%01SHELL/4/LOGINFAILED(s)[1027]:text``.
H3C's own log files leave ``%%10`` out. Severity digits are syslog's.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.addresses import put_peer, put_port
from collectors.parsers.flags import Doc
from collectors.parsers.severity import LEVELS

BODY: Final = re.compile(
    r"\s*(?:%%(\d\d))?([A-Za-z][\w-]*)/(\d)/([A-Za-z][\w-]*)(?:\((\w+)\))?(?:\[\d+\])?:?\s?(.*)\Z", re.DOTALL
)
_VENDORS: Final = {"01": "huawei", "10": "h3c"}
_PAIR: Final = re.compile(r"(?:\A|[(\s,;-])([A-Za-z][\w-]{0,40})=([^,;)\s]*)")
_USER: Final = re.compile(
    r"\b(?:for )?user(?: name)?:? ['\"]?([^\s'\",;()]+)['\"]? (?:from|failed|logged|login)", re.IGNORECASE
)
_FROM: Final = re.compile(r"\b(?:from|IP address:?) ([0-9A-Fa-f:.]*[0-9A-Fa-f])(?: port (\d+))?")
_FAILED: Final = re.compile(r"fail|denied|reject", re.IGNORECASE)
_LOGIN: Final = re.compile(r"log[_ ]?(?:in|on)\b|_log(?:in|on)|loginfail|logged (?:in|on)|authenticat", re.IGNORECASE)
_USER_KEYS: Final = ("UserName", "User", "Username", "user", "UserID", "USER")
_ADDRESS_KEYS: Final = (
    "Ip",
    "IPAddr",
    "IpAddress",
    "IP",
    "SrcIP",
    "SourceIP",
    "UserIP",
    "PeerIp",
    "IPAddress",
    "RemoteIP",
)


def vendor_of(body: re.Match[str], default: str) -> str:
    """``huawei`` or ``h3c``; ``default`` where the line names none."""
    return _VENDORS.get(body[1] or "", default)


def read(body: re.Match[str], doc: Doc) -> None:
    """Adds module, mnemonic and level, and who logged in from where."""
    _mark, module, digit, mnemonic, _kind, text = body.groups()
    doc["event.code"] = f"{module}/{digit}/{mnemonic}"
    doc["event.provider"] = module
    doc["log.syslog.msgid"] = mnemonic
    doc["event.action"] = mnemonic.lower()
    doc["message"] = text
    if int(digit) < len(LEVELS):
        doc["log.level"] = LEVELS[int(digit)]
    pairs: dict[str, str] = {}
    for found in _PAIR.finditer(text):
        pairs.setdefault(found[1], found[2])
    _put_user(text, pairs, doc)
    _put_source(text, pairs, doc)
    if _LOGIN.search(mnemonic) or _LOGIN.search(text):
        failed = _FAILED.search(mnemonic) or _FAILED.search(text)
        doc["event.category"] = "authentication"
        doc["event.action"] = "login_failed" if failed else doc["event.action"]
        doc["event.outcome"] = "failure" if failed else "success"


def _put_user(text: str, pairs: dict[str, str], doc: Doc) -> None:
    for key in _USER_KEYS:
        if value := pairs.get(key):
            doc["user.name"] = value
            return
    if (found := _USER.search(text)) is not None:
        doc["user.name"] = found[1]


def _put_source(text: str, pairs: dict[str, str], doc: Doc) -> None:
    for key in _ADDRESS_KEYS:
        if value := pairs.get(key):
            put_peer(doc, "source", value)
            return
    if found := _FROM.findall(text):
        put_peer(doc, "source", found[-1][0])
        put_port(doc, "source", found[-1][1])
