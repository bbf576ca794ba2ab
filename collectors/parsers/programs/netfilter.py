"""Netfilter's LOG target (iptables, nftables, ufw, firewalld) in the kernel's log.

Flags have no value, LEN stands twice (packet, then UDP), an ICMP error quotes the packet it is about in brackets, and
the prefix is free text in front. So: cut the bracket, take addresses only where they are addresses, last one wins.
Source: net/ipv4/netfilter/nf_log_ipv4.c, net/ipv6/netfilter/nf_log_ipv6.c.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.addresses import canonical, put_port
from collectors.parsers.flags import Doc

_UPTIME: Final = re.compile(r"\s*\[\s*\d+\.\d+\]\s?")
_PACKET: Final = re.compile(r"(?:\A|.*?\s)(?=IN=\S* OUT=)", re.DOTALL)
_PREFIX_NAME: Final = re.compile(r"\[([^\]]*)\]|(\S.*?):?\s*\Z", re.DOTALL)
_FLAGS: Final = frozenset(["CWR", "ECE", "URG", "ACK", "PSH", "RST", "SYN", "FIN", "DF", "MF", "CE"])
_PROTOCOLS: Final = {
    "1": "icmp",
    "2": "igmp",
    "6": "tcp",
    "17": "udp",
    "47": "gre",
    "50": "esp",
    "51": "ah",
    "58": "ipv6-icmp",
}
_BLOCK: Final = re.compile(r"block|drop|deny|denied|reject|refuse", re.IGNORECASE)
_ALLOW: Final = re.compile(r"allow|accept|permit|pass", re.IGNORECASE)


def is_packet(message: str) -> bool:
    """Whether a kernel message is a logged packet."""
    return "IN=" in message and " OUT=" in message and " SRC=" in message


def read(message: str, doc: Doc) -> tuple[str, ...]:
    """Who wanted to reach whom, by which rule, and whether the rule's name says it was blocked."""
    if (uptime := _UPTIME.match(message)) is not None:
        message = message[uptime.end() :]
    if (start := _PACKET.match(message)) is None:
        return ()
    prefix, packet = message[: start.end()].strip(), message[start.end() :]
    outer, bracket, inner = packet.partition(" [SRC=")
    pairs: dict[str, str] = {}
    flags: list[str] = []
    for word in outer.split():
        name, equals, value = word.partition("=")
        if not equals:
            if name in _FLAGS:
                flags.append(name)
        elif name in {"SRC", "DST"}:
            if canonical(value) is not None:
                pairs[name] = value
        elif name == "LEN" and "LEN" in pairs:
            pairs["PAYLOAD"] = value
        else:
            pairs.setdefault(name, value)
    doc["event.category"] = "network"
    _put_action(prefix, doc)
    _put_packet(pairs, doc)
    if flags:
        doc["netfilter.flags"] = list(flags)
    if bracket:
        doc["netfilter.quoted_packet"] = "SRC=" + inner.removesuffix("]").rstrip()
    return ()


def _put_action(prefix: str, doc: Doc) -> None:
    if prefix and (found := _PREFIX_NAME.match(prefix)) is not None:
        doc["rule.name"] = (found[1] or found[2] or "").strip()
    if _BLOCK.search(prefix):
        doc["event.action"] = "block"
        doc["event.outcome"] = "failure"
    elif _ALLOW.search(prefix):
        doc["event.action"] = "allow"
        doc["event.outcome"] = "success"
    else:
        doc["event.action"] = "firewall_log"


def _put_packet(pairs: dict[str, str], doc: Doc) -> None:
    for side, name in (("source", "SRC"), ("destination", "DST")):
        if (ip := canonical(pairs.get(name, ""))) is not None:
            doc[side + ".ip"] = ip
    put_port(doc, "source", pairs.get("SPT"))
    put_port(doc, "destination", pairs.get("DPT"))
    if protocol := pairs.get("PROTO"):
        doc["network.transport"] = _PROTOCOLS.get(protocol, protocol.lower())
        if protocol in _PROTOCOLS:
            doc["network.iana_number"] = protocol
    for name, interface in (("observer.ingress.interface.name", "IN"), ("observer.egress.interface.name", "OUT")):
        if value := pairs.get(interface):
            doc[name] = value
    octets = pairs.get("MAC", "").split(":")
    if len(octets) >= 12:
        doc["destination.mac"] = ":".join(octets[:6])
        doc["source.mac"] = ":".join(octets[6:12])
    _put_numbers(pairs, doc)


def _put_numbers(pairs: dict[str, str], doc: Doc) -> None:
    for key, name in (
        ("LEN", "netfilter.length_bytes"),
        ("PAYLOAD", "netfilter.udp.length_bytes"),
        ("TTL", "netfilter.ttl"),
        ("TYPE", "netfilter.icmp.type"),
        ("CODE", "netfilter.icmp.code"),
    ):
        value = pairs.get(key, "")
        if value.isascii() and value.isdigit() and len(value) < 10:
            doc[name] = int(value)
    if user := pairs.get("UID"):
        doc["user.id"] = user
