"""Who comes in through OpenVPN, strongSwan and WireGuard.

OpenVPN writes "Peer Connection Initiated" also after it has refused the password: a login is the line that gives the
client its address. strongSwan names the peer's address only where it lets him in. WireGuard speaks only when
the kernel's dynamic debug is on. Tried on OpenVPN 2.6.14 and strongSwan 5.9.8; WireGuard from its
drivers/net/wireguard/receive.c.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.addresses import put_peer, put_port
from collectors.parsers.flags import Doc

_CLIENT: Final = re.compile(r"(?:([\w.@-]{1,64})/)?(\d[\d.]*\d|\[?[0-9A-Fa-f:]+\]?):(\d{1,5}) (.*)\Z", re.DOTALL)
_GIVEN: Final = re.compile(r"MULTI: primary virtual IP for .*: ([0-9A-Fa-f.:]+)\Z", re.DOTALL)
_CERTIFICATE: Final = re.compile(r"VERIFY ERROR: depth=\d+, error=([a-z][\w -]*): ")
_AT_END: Final = re.compile(r" from \[AF_INET6?\]([0-9A-Fa-f.:]+):(\d{1,5})\Z")
_UNPROVEN: Final = ("TLS Error: cannot locate HMAC", "Authenticate/Decrypt packet error", "tls-crypt unwrap error")
_IKE: Final = re.compile(r"\d+\[IKE\] (?:<[^>]*> )?(.*)\Z", re.DOTALL)
_IKE_UP: Final = re.compile(
    r"IKE_SA \S+\[\d+\] established between [0-9A-Fa-f.:%]+\[[^\]]*\]\.\.\.([0-9A-Fa-f.:%]+)\[(.*)\]\Z", re.DOTALL
)
_IKE_REFUSED: Final = re.compile(
    r"(?:tried \d+ shared keys? for '[^']*' - '(.*)', but MAC mismatched|no shared key found for '[^']*' - '(.*)'"
    r"|EAP method \S+ failed for peer (.*)|no trusted \S+ public key found for '(.*)')\Z",
    re.DOTALL,
)
_GUARD: Final = re.compile(
    r"(?:\[ *\d+\.\d+\] ?)?wireguard: (\S+): (Invalid handshake initiation|Invalid MAC of handshake, dropping packet"
    r"|Receiving handshake initiation) from (?:peer \d+ \()?(\[?[0-9A-Fa-f.:]+\]?):(\d+)\)?\Z"
)


def _act(doc: Doc, action: str, outcome: str, user: str | None = None) -> None:
    doc["event.category"] = "authentication"
    doc["event.action"] = action
    doc["event.outcome"] = outcome
    if user:
        doc["user.name"] = user


def read_openvpn(message: str, doc: Doc) -> tuple[str, ...]:
    """The server's lines; the client's certificate or user name stands before its address once it is proved."""
    if (found := _CLIENT.match(message)) is None:
        if message.startswith(_UNPROVEN) and (found := _AT_END.search(message)) is not None:
            _act(doc, "vpn_handshake_refused", "failure")
            put_peer(doc, "source", found[1])
            put_port(doc, "source", found[2])
        return ()
    user, address, port, text = found.groups()
    if (given := _GIVEN.match(text)) is not None:
        _act(doc, "vpn_login", "success", user)
        doc["vpn.client.ip"] = given[1]
    elif text.startswith("TLS Auth Error: "):
        _act(doc, "vpn_login_failed", "failure")
    elif (refused := _CERTIFICATE.match(text)) is not None:
        _act(doc, "vpn_certificate_refused", "failure")
        doc["event.reason"] = refused[1]
    elif text.startswith(_UNPROVEN):
        _act(doc, "vpn_handshake_refused", "failure")
    else:
        return ()
    put_peer(doc, "source", address)
    put_port(doc, "source", port)
    return ()


def read_strongswan(message: str, doc: Doc) -> tuple[str, ...]:
    """charon's lines of its IKE part; the peer's identity is his own text and stands last."""
    if (line := _IKE.match(message)) is None:
        return ()
    if (found := _IKE_UP.match(line[1])) is not None:
        _act(doc, "vpn_login", "success", found[2])
        put_peer(doc, "source", found[1])
    elif (found := _IKE_REFUSED.match(line[1])) is not None:
        _act(doc, "vpn_login_failed", "failure", next((name for name in found.groups() if name), None))
    return ()


def read_kernel(message: str, doc: Doc) -> tuple[str, ...]:
    """WireGuard's lines among the kernel's."""
    if (found := _GUARD.match(message)) is None:
        return ()
    interface, what, address, port = found.groups()
    came = what.startswith("Receiving")
    _act(doc, "vpn_handshake" if came else "vpn_handshake_refused", "success" if came else "failure")
    doc["observer.ingress.interface.name"] = interface
    put_peer(doc, "source", address)
    put_port(doc, "source", port)
    return ()
