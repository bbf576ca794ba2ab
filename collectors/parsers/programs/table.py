"""Which program's lines are read by what, and which logs they belong to. A plain dict; a new program is one line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from collectors.parsers.flags import Doc
from collectors.parsers.programs import (
    accounts,
    cron,
    device,
    dnsmasq,
    login,
    mysql,
    netfilter,
    pam,
    postgresql,
    sshd,
    su,
    sudo,
    vpn,
)
from collectors.shapes.text import firewall_shape, linux_shape
from shouwang.model import Logsource, Shape

Reader: TypeAlias = Callable[[str, Doc], tuple[str, ...]]
"""Adds to the document what the message says; gives flags."""


class Program(NamedTuple):
    read: Reader | None
    dataset: str
    services: tuple[str, ...]
    """Sigma services of its lines, beside ``syslog``."""
    logsources: tuple[Logsource, ...] = ()
    """What else they are: a database's, a name server's."""


_SSHD: Final = Program(sshd.read, "linux.sshd", ("sshd", "auth"))
_AUTH: Final = Program(None, "linux.auth", ("auth",))
_ACCOUNTS: Final = Program(accounts.read, "linux.auth", ("auth",))
_CRON: Final = Program(cron.read, "linux.cron", ("cron",))
_LOGIN: Final = Program(login.read, "linux.auth", ("auth",))
_OPENVPN: Final = Program(vpn.read_openvpn, "linux.vpn", ("openvpn",))
_STRONGSWAN: Final = Program(vpn.read_strongswan, "linux.vpn", ("strongswan",))
_MYSQL: Final = Program(mysql.read, "mysql.log", (), (Logsource("mysql", "database", None),))
_POSTGRESQL: Final = Program(postgresql.read, "postgresql.log", (), (Logsource("postgresql", "database", None),))
_PLAIN: Final = Program(None, "linux.syslog", ())

PROGRAMS: Final[Mapping[str, Program]] = {
    **dict.fromkeys(("sshd", "sshd-session", "sshd-auth", "internal-sftp"), _SSHD),
    "dropbear": Program(login.read_dropbear, "linux.sshd", ("sshd", "auth")),
    "sudo": Program(sudo.read, "linux.sudo", ("sudo", "auth")),
    "su": Program(su.read, "linux.auth", ("auth",)),
    **dict.fromkeys(
        ("useradd", "usermod", "userdel", "groupadd", "groupmod", "groupdel", "gpasswd", "passwd", "chage", "chpasswd"),
        _ACCOUNTS,
    ),
    **dict.fromkeys(("CRON", "cron", "crond", "crontab", "anacron", "/usr/sbin/cron"), _CRON),
    **dict.fromkeys(("login", "systemd-logind"), _LOGIN),
    **dict.fromkeys(("polkitd", "pkexec", "gdm-password", "lightdm", "runuser", "systemd-user"), _AUTH),
    **dict.fromkeys(("clamd", "freshclam", "clamscan"), Program(None, "linux.syslog", ("clamav",))),
    "guacd": Program(None, "linux.syslog", ("guacamole",)),
    "vsftpd": Program(None, "linux.auth", ("vsftpd", "auth")),
    "kernel": Program(vpn.read_kernel, "linux.syslog", ()),
    "openvpn": _OPENVPN,
    **dict.fromkeys(("charon", "charon-systemd"), _STRONGSWAN),
    **dict.fromkeys(("postgres", "postgresql"), _POSTGRESQL),
    **dict.fromkeys(("mariadbd", "mysqld", "mysqld_safe"), _MYSQL),
    "dnsmasq": Program(dnsmasq.read, "dnsmasq.log", (), (Logsource("dnsmasq", "dns", None),)),
}

_REPEATED: Final = re.compile(r"message repeated (\d{1,9}) times: \[ ?(.*)\]\Z", re.DOTALL)
_AUTH_FACILITIES: Final = frozenset(("auth", "authpriv"))


@lru_cache(maxsize=256)
def _shape(parser: str, program: Program) -> Shape:
    return linux_shape(program.dataset, parser, *program.services, also=program.logsources)


@lru_cache(maxsize=8)
def _firewall(parser: str) -> Shape:
    return firewall_shape(parser)


def program_of(name: str) -> Program:
    return _OPENVPN if name.startswith("ovpn-") else PROGRAMS.get(name, _PLAIN)


def read_program(parser: str, name: str, message: str, doc: Doc) -> tuple[Shape, tuple[str, ...]]:
    """Hand the message to its program's reader; ``parser`` is the one that split the record. What syslog folded,
    ``message repeated 5 times: [ ... ]``, is read as the message that it was, and ``event.repeated`` says how often."""
    if message.startswith("message repeated ") and (folded := _REPEATED.match(message)) is not None:
        doc["event.repeated"] = int(folded[1])
        message = folded[2]
    if name == "kernel" and netfilter.is_packet(message):
        return _firewall(parser), netfilter.read(message, doc)
    if name == "device" and (event := device.read(parser, message, doc)) is not None:
        return event
    program = program_of(name)
    if pam.is_pam(message):
        flags = pam.read(message, doc)
        if program is _PLAIN:
            program = _AUTH
    else:
        flags = program.read(message, doc) if program.read is not None else ()
        if program is _PLAIN and doc.get("log.syslog.facility.name") in _AUTH_FACILITIES:
            program = _AUTH
    return _shape(parser, program), flags
