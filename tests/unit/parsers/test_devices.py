"""The community's devices, VPN gateways and the name server at the edge."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from collectors.shapes.device import ACTIONS, KINDS
from tests.unit.parsers.reading import read, serves, tags, us, view

ROOT = Path(__file__).parents[3]


def event(**more: object) -> str:
    return json.dumps({"event": {"dataset": "device.camera", "action": "tampered"}, "device": {"id": "cam-1"}, **more})


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_device_is_its_own_logsource_and_all_are_devices(kind: str) -> None:
    read_event = read("json", json.dumps({"event.dataset": f"device.{kind}", "event.action": "offline"}))
    assert read_event.shape.dataset == f"device.{kind}"
    assert serves(read_event, "device", kind, None)
    assert serves(read_event, "device", None, None)
    assert not serves(read_event, "linux", None, None)


def test_a_device_without_a_host_name_goes_by_its_own() -> None:
    assert read("json", event()).get("host.name") == "cam-1"
    assert read("json", event(host={"name": "cam-1.lan"})).get("host.name") == "cam-1.lan"


def test_over_syslog_the_sender_is_the_reporter_and_the_heads_time_counts() -> None:
    line = "<30>1 2026-11-25T08:00:00+08:00 gw-east device - - - " + event()
    sent = read("syslog", line)
    assert view(sent, "device.id", "host.name", "observer.name", "event.action") == {
        "device.id": "cam-1",
        "host.name": "cam-1",
        "observer.name": "gw-east",
        "event.action": "tampered",
    }
    assert sent.time_us == us("2026-11-25T08:00:00+08:00")
    assert serves(sent, "device", "camera", None)


def test_a_devices_object_does_not_speak_for_the_syslog_head() -> None:
    inside = event(log={"syslog": {"facility": {"name": "kern"}, "priority": 0}})
    sent = read("syslog", f"<30>Nov 25 08:00:00 gw-east device[7]: {inside}")
    assert view(sent, "log.syslog.facility.name", "log.syslog.priority", "process.name") == {
        "log.syslog.facility.name": "daemon",
        "log.syslog.priority": 30,
    }


@pytest.mark.parametrize(
    "message", ['{"event.dataset":"linux.sshd","event.action":"ssh_login"}', "{", "[1]", "{}", '{"a":' * 3000, "text"]
)
def test_what_is_no_devices_event_stays_a_line(message: str) -> None:
    sent = read("syslog", f"<30>Nov 25 08:00:00 gw-east device: {message}")
    assert sent.shape.dataset == "linux.syslog"
    assert sent.get("message") == message


def test_only_the_program_device_speaks_for_devices() -> None:
    assert read("syslog", f"<30>Nov 25 08:00:00 gw-east app: {event()}").shape.dataset == "linux.syslog"


def test_an_action_that_no_rule_knows_is_marked() -> None:
    assert "unknown_action" not in tags(read("json", event()))
    for said in ({"event.action": "up"}, {"event.action": ["offline"]}, {}):
        assert "unknown_action" in tags(read("json", json.dumps({"event.dataset": "device.lift", **said})))


def test_the_page_lists_exactly_the_kinds_and_actions_that_are_read() -> None:
    page = (ROOT / "docs" / "how-to" / "devices.md").read_text(encoding="utf-8")
    kinds = page.partition("| field | meaning |")[0]
    assert set(re.findall(r"^\| `device\.(\w+)` \|", kinds, re.MULTILINE)) == set(KINDS)
    assert set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)) == ACTIONS


VPN = ("event.action", "user.name", "source.ip", "event.reason", "vpn.client.ip")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "ovpn-server[8]: li/203.0.113.7:39270 MULTI: primary virtual IP for li/203.0.113.7:39270: 10.99.0.6",
            ("vpn_login", "li", "203.0.113.7", "10.99.0.6"),
        ),
        (
            "openvpn[8]: 203.0.113.7:51760 TLS Auth Error: Auth Username/Password verification failed for peer",
            ("vpn_login_failed", "203.0.113.7"),
        ),
        (
            "openvpn[8]: 203.0.113.7:4 VERIFY ERROR: depth=0, error=certificate revoked: CN=a, error=b: c, serial=45",
            ("vpn_certificate_refused", "203.0.113.7", "certificate revoked"),
        ),
        (
            "charon: 13[IKE] IKE_SA rw[3] established between 10.78.0.1[gw]...203.0.113.7[li]...10.0.0.1[root]",
            ("vpn_login", "li]...10.0.0.1[root", "203.0.113.7"),
        ),
        ("charon: 09[IKE] tried 1 shared key for 'gw' - 'li', but MAC mismatched", ("vpn_login_failed", "li")),
        (
            "kernel: [ 3529.289825] wireguard: wg0: Invalid handshake initiation from 203.0.113.7:51820",
            ("vpn_handshake_refused", "203.0.113.7"),
        ),
        ("dnsmasq[22]: query[A] pool.example from 10.20.0.7", ("dns_query", "10.20.0.7")),
        ("dnsmasq[22]: query[A] <name unprintable> from 10.20.0.7", ()),
    ],
)
def test_gateways_say_who_came_from_where(line: str, expected: tuple[str, ...]) -> None:
    found = view(read("syslog", f"<29>Nov 25 08:00:00 vpn-1 {line}"), *VPN)
    assert sorted(map(str, found.values())) == sorted(expected)


def test_openvpns_peer_connection_initiated_is_no_login() -> None:
    """OpenVPN 2.6.14 writes it also after "Auth Username/Password verification failed"."""
    line = "ovpn-server[8]: 203.0.113.7:51760 [li] Peer Connection Initiated with [AF_INET]203.0.113.7:51760"
    assert view(read("syslog", f"<29>Nov 25 08:00:00 vpn-1 {line}"), *VPN) == {}
