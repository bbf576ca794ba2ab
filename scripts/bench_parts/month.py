"""A month of a community's logs, made up and always the same: nested ECS as JSON lines of some 820 bytes, seven sources."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC
from typing import NamedTuple

import orjson

from shouwang.timespan import rfc3339

START_US = 1_792_900_800_000_000
"""2026-10-25T04:00:00Z."""
DAYS = 30
DAY_US = 86_400_000_000
END_US = START_US + DAYS * DAY_US
RARE = "CobaltStrike"
"""A word that stands in one of some 8,400 records."""
BLOCK = 1000
Doc = dict[str, object]


class Line(NamedTuple):
    time_us: int
    source: str
    raw: bytes


def blocks(number: int) -> Iterator[list[Line]]:
    """In the order of time, a thousand at once."""
    for first in range(0, number, BLOCK):
        chance = random.Random(first)
        yield [line(n, number, chance) for n in range(first, min(first + BLOCK, number))]


def line(number: int, total: int, chance: random.Random) -> Line:
    time_us = START_US + number * DAYS * DAY_US // total + chance.randrange(1000)
    kind = chance.choices(KINDS, WEIGHTS)[0]
    host = f"{kind.__name__.strip('_')}-{zipf(chance, 40):02d}"
    doc: Doc = {
        "@timestamp": rfc3339(time_us, UTC),
        "agent": {"type": "filebeat", "version": "8.17.1"},
        "host": {"name": host, "ip": f"10.{zipf(chance, 8)}.{zipf(chance, 40)}.11", "os": {"family": "linux", "version": "12"}},
        "log": {"level": chance.choice(LEVELS), "offset": number * 211 % 104_857_600},
    }  # fmt: skip
    kind(doc, number, chance)
    if number % 8_400 == 17:
        doc["message"] = f"{doc.get('message', '')} {RARE} beacon"
    return Line(time_us, f"file:/var/log/{host}/{kind.__name__.strip('_')}.json", orjson.dumps(doc))


LEVELS = ["informational"] * 12 + ["notice"] * 4 + ["warning"] * 2 + ["error"]


def zipf(chance: random.Random, number: int, shape: float = 1.1) -> int:
    """0 most often, then 1 ..."""
    return min(int(chance.paretovariate(shape)) - 1, number - 1)


def address(chance: random.Random) -> str:
    """Few of them come again and again, most seldom."""
    return f"203.{zipf(chance, 200)}.{zipf(chance, 200, 0.6)}.{chance.randrange(1, 255)}"


def user(chance: random.Random) -> str:
    return USERS[zipf(chance, len(USERS))]


USERS = ["root", "ops", "www-data", "backup", "postgres", *(f"user{n:03d}" for n in range(300))]
PATHS = [
    "/",
    "/login",
    "/notice/list",
    "/static/app.js",
    "/static/site.css",
    *(f"/api/v1/gates/{n}/state" for n in range(200)),
]
NAMES = [f"{word}{n}.example.{end}" for n in range(60) for word in ("cdn", "www", "api") for end in ("com", "cn")]
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0 Safari/537.36"


def _between(doc: Doc, chance: random.Random, port: int) -> tuple[str, int]:
    ip, local = address(chance), 32768 + chance.randrange(28000)
    doc["source"] = {"ip": ip, "port": local, "address": ip}
    doc["destination"] = {"ip": f"10.{zipf(chance, 8)}.0.{zipf(chance, 60) + 1}", "port": port}
    return ip, local


def nftables(doc: Doc, number: int, chance: random.Random) -> None:
    ip, local = _between(doc, chance, chance.choice([22, 23, 80, 443, 445, 3389, 8080]))
    doc["event"] = {
        "kind": "event",
        "dataset": "nftables",
        "module": "nftables",
        "category": ["network"],
        "type": ["denied"],
        "action": "drop",
        "outcome": "failure",
    }
    doc["network"] = {
        "transport": "tcp",
        "type": "ipv4",
        "iana_number": "6",
        "bytes": 40 + number % 1400,
        "direction": "ingress",
    }
    doc["observer"] = {"ingress": {"interface": {"name": "eth0"}}, "type": "firewall"}
    doc["message"] = (
        f"[nft drop] IN=eth0 OUT= SRC={ip} DST=10.1.0.9 LEN=60 TTL=53 ID={number % 65536} PROTO=TCP SPT={local} WINDOW=64240 SYN URGP=0"
    )


def nginx(doc: Doc, number: int, chance: random.Random) -> None:
    ip, _ = _between(doc, chance, 443)
    path, status, size = chance.choice(PATHS), chance.choice([200] * 8 + [304, 302, 404, 500]), chance.randrange(90_000)
    doc["event"] = {
        "kind": "event",
        "dataset": "nginx.access",
        "module": "nginx",
        "category": ["web"],
        "type": ["access"],
        "outcome": "success" if status < 400 else "failure",
    }
    doc["http"] = {
        "request": {"method": "GET", "id": f"{chance.getrandbits(64):016x}"},
        "response": {"status_code": status, "body": {"bytes": size}},
        "version": "1.1",
    }
    doc["url"] = {"path": path, "original": path, "domain": "portal.example.com"}
    doc["user_agent"] = {"original": AGENT}
    doc["message"] = f'{ip} - - "GET {path} HTTP/1.1" {status} {size} "https://portal.example.com/"'


def sshd(doc: Doc, number: int, chance: random.Random) -> None:
    ip, local = _between(doc, chance, 22)
    name, failed = user(chance), chance.random() < 0.4
    doc["event"] = {
        "kind": "event",
        "dataset": "system.auth",
        "module": "system",
        "category": ["authentication"],
        "type": ["start"],
        "action": "ssh_login",
        "outcome": "failure" if failed else "success",
    }
    doc["user"] = {"name": name, "id": str(1000 + len(name))}
    doc["process"] = {"name": "sshd", "pid": number % 32768, "executable": "/usr/sbin/sshd"}
    doc["related"] = {"ip": [ip], "user": [name]}
    doc["system"] = {
        "auth": {"ssh": {"method": "password" if failed else "publickey", "event": "Failed" if failed else "Accepted"}}
    }
    doc["message"] = f"{'Failed password' if failed else 'Accepted publickey'} for {name} from {ip} port {local} ssh2"


def auditd(doc: Doc, number: int, chance: random.Random) -> None:
    name, program = (
        user(chance),
        chance.choice(["systemctl", "ls", "cat", "python3", "rsync", "curl", "pg_dump", "find"]),
    )
    line = f"/usr/bin/{program} --option{number % 50} /srv/data/{number % 1000}"
    doc["event"] = {
        "kind": "event",
        "dataset": "auditd.log",
        "module": "auditd",
        "category": ["process"],
        "type": ["start"],
        "action": "executed",
        "outcome": "success",
    }
    doc["user"] = {"name": name, "id": "0", "effective": {"name": "root", "id": "0"}}
    doc["process"] = {
        "name": program,
        "pid": number % 32768,
        "parent": {"pid": number % 30000, "name": "bash"},
        "executable": f"/usr/bin/{program}",
        "command_line": line,
        "args": line.split(),
        "working_directory": f"/home/{name}",
    }
    doc["auditd"] = {"message_type": "syscall", "sequence": number, "session": str(number % 900)}
    doc["message"] = (
        f'type=SYSCALL msg=audit({number}.{number % 1000:03d}:{number}): arch=c000003e syscall=59 success=yes exit=0 comm="{program}"'
    )


def zeek(doc: Doc, number: int, chance: random.Random) -> None:
    _between(doc, chance, 53)
    name = chance.choice(NAMES)
    answer = address(chance)
    doc["event"] = {
        "kind": "event",
        "dataset": "zeek.dns",
        "module": "zeek",
        "category": ["network"],
        "type": ["protocol"],
        "id": f"C{chance.getrandbits(80):020x}",
    }
    doc["dns"] = {
        "id": str(number % 65536),
        "question": {"name": name, "type": "A", "class": "IN", "registered_domain": name.split(".", 1)[1]},
        "answers": [{"data": answer, "ttl": 300, "type": "A"}],
        "response_code": "NOERROR",
        "resolved_ip": [answer],
    }
    doc["network"] = {"transport": "udp", "protocol": "dns", "community_id": f"1:{chance.getrandbits(120):030x}="}
    doc["message"] = f"dns {name} A {answer} NOERROR rtt 0.0{number % 900:03d}"


def windows(doc: Doc, number: int, chance: random.Random) -> None:
    ip, local = _between(doc, chance, 445)
    code, name = chance.choice(
        [("4624", "logged-in"), ("4625", "logon-failed"), ("4634", "logged-out"), ("4672", "privileges")]
    )
    account = user(chance)
    doc["host"] = {"name": f"win-{zipf(chance, 20):02d}", "os": {"family": "windows"}}
    doc["event"] = {
        "kind": "event",
        "dataset": "system.security",
        "module": "security",
        "code": code,
        "action": name,
        "provider": "Microsoft-Windows-Security-Auditing",
        "category": ["authentication"],
    }
    doc["winlog"] = {
        "channel": "Security",
        "record_id": number,
        "event_id": code,
        "computer_name": "win.community.example.cn",
        "event_data": {
            "TargetUserName": account,
            "TargetDomainName": "COMMUNITY",
            "LogonType": str(3 + number % 7),
            "IpAddress": ip,
            "IpPort": str(local),
            "ProcessName": "C:\\Windows\\System32\\svchost.exe",
        },
    }
    doc["user"] = {
        "name": account,
        "domain": "COMMUNITY",
        "id": f"S-1-5-21-1004336348-1177238915-{1000 + number % 300}",
    }


def suricata(doc: Doc, number: int, chance: random.Random) -> None:
    ip, local = _between(doc, chance, 443)
    doc["event"] = {
        "kind": "alert",
        "dataset": "suricata.eve",
        "module": "suricata",
        "category": ["network", "intrusion_detection"],
        "severity": 1 + number % 3,
        "action": "allowed",
    }
    doc["rule"] = {
        "id": str(2_000_000 + number % 400),
        "name": f"ET SCAN suspicious inbound {number % 400}",
        "category": "Attempted Information Leak",
    }
    doc["suricata"] = {
        "eve": {
            "flow_id": chance.getrandbits(50),
            "event_type": "alert",
            "alert": {"gid": 1, "rev": number % 9, "metadata": {"signature_severity": ["Minor"]}},
        }
    }
    doc["network"] = {"transport": "tcp", "community_id": f"1:{chance.getrandbits(120):030x}=", "bytes": number % 4096}
    doc["message"] = f"ET SCAN suspicious inbound {number % 400} {ip}:{local} -> 10.1.0.9:443"


KINDS = (nginx, nftables, sshd, auditd, zeek, windows, suricata)
WEIGHTS = (25, 20, 15, 12, 14, 8, 6)
