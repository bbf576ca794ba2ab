"""What Huawei VRP and H3C Comware devices write after the header.

Both write ``%%NN`` (01 Huawei, 10 H3C), module, severity digit, mnemonic: ``%%01SHELL/4/LOGINFAILED(s)[1027]:text``.
H3C's own log files leave ``%%10`` out. Severity digits are syslog's.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.addresses import canonical, put_peer, put_port
from collectors.parsers.flags import AMBIGUOUS, Doc
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
_USER_KEYS: Final = frozenset(("UserName", "User", "Username", "user", "UserID", "USER"))
_ADDRESS_KEYS: Final = frozenset(
    (
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
)


def vendor_of(body: re.Match[str], default: str) -> str:
    """``huawei`` or ``h3c``; ``default`` where the line names none."""
    return _VENDORS.get(body[1] or "", default)


def read(body: re.Match[str], doc: Doc) -> tuple[str, ...]:
    """Adds module, mnemonic and level, and who logged in from where; gives flags."""
    _mark, module, digit, mnemonic, _kind, text = body.groups()
    doc["event.code"] = f"{module}/{digit}/{mnemonic}"
    doc["event.provider"] = module
    doc["log.syslog.msgid"] = mnemonic
    doc["event.action"] = mnemonic.lower()
    doc["message"] = text
    if int(digit) < len(LEVELS):
        doc["log.level"] = LEVELS[int(digit)]
    if _LOGIN.search(mnemonic) or _LOGIN.search(text):
        failed = _FAILED.search(mnemonic) or _FAILED.search(text)
        doc["event.category"] = "authentication"
        doc["event.action"] = "login_failed" if failed else doc["event.action"]
        doc["event.outcome"] = "failure" if failed else "success"
    pairs = _PAIR.findall(text)
    _put_user(text, pairs, doc)
    return _put_source(text, pairs, doc)


def _put_user(text: str, pairs: list[tuple[str, str]], doc: Doc) -> None:
    named = next((value for key, value in pairs if key in _USER_KEYS and value), "")
    if named:
        doc["user.name"] = named
    elif (found := _USER.search(text)) is not None:
        doc["user.name"] = found[1]


def _put_source(text: str, pairs: list[tuple[str, str]], doc: Doc) -> tuple[str, ...]:
    """The address that stands alone; a name that looks like a second one makes both doubtful."""
    held = {ip for key, value in pairs if key in _ADDRESS_KEYS and (ip := canonical(value)) is not None}
    if len(held) > 1:
        return (AMBIGUOUS,)
    if held:
        doc["source.ip"] = held.pop()
    elif found := _FROM.findall(text):
        put_peer(doc, "source", found[-1][0])
        put_port(doc, "source", found[-1][1])
    return ()
