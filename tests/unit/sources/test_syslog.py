"""Listeners: every message once, senders that misbehave cost only themselves, losses are counted."""

from __future__ import annotations

import resource
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from collectors.registry import PARSERS
from collectors.sources.base import Chunk
from collectors.sources.inbox import Endpoint, Wire, endpoint, peer_address
from collectors.sources.syslogtcp import Limits, SyslogTcpSource
from collectors.sources.syslogudp import SyslogUdpSource
from shouwang.clock import SystemClock
from shouwang.errors import ShouwangError, UsageError
from shouwang.model import Level
from tests.unit.sources.following import Kept, Running, flags, wait_for

WIRE = Wire("syslog", PARSERS["syslog"])
LOCAL = Endpoint("127.0.0.1", 0)
HEAD = time.strftime("<13>%b %d %H:%M:%S gate app: ", time.gmtime()).encode()


@contextmanager
def tcp(
    kept: Kept, limits: Limits | None = None, listen: Endpoint = LOCAL
) -> Iterator[tuple[SyslogTcpSource, Endpoint]]:
    source = SyslogTcpSource(listen, WIRE, SystemClock(), limits or Limits(connections_per_peer=1000))
    with Running(source, kept):
        assert source.ready.wait(10)
        assert source.bound
        yield source, source.bound


@contextmanager
def udp(kept: Kept, buffer_bytes: int = 8 << 20) -> Iterator[tuple[SyslogUdpSource, Endpoint]]:
    source = SyslogUdpSource(LOCAL, WIRE, SystemClock(), buffer_bytes=buffer_bytes)
    with Running(source, kept):
        assert source.ready.wait(10)
        assert source.bound
        yield source, source.bound


def connect(at: Endpoint) -> socket.socket:
    return socket.create_connection((at.host, at.port), timeout=10)


def messages(kept: Kept) -> list[str]:
    return [str(event.get("message")) for event in kept.records]


def test_tcp_messages_of_both_framings_and_formats_arrive_with_their_sender() -> None:
    kept = Kept()
    five = "<86>1 2026-11-24T08:00:00.123456+08:00 gate sshd 7 - - Invalid user 登录 from 192.0.2.7 port 9"
    with tcp(kept) as (_, at), connect(at) as sender:
        sender.sendall(HEAD + b"one\n")
        sender.sendall(b"%d %s" % (len(five.encode()), five.encode()))
        wait_for(lambda: len(kept.records) == 2)
    assert kept.records[0].get("message") == "one"
    assert kept.records[0].get("log.source.address") == "127.0.0.1"
    assert kept.records[1].get("source.ip") == "192.0.2.7"
    assert kept.records[1].get("user.name") == "登录"


def test_tcp_half_message_of_a_sender_that_vanished_is_kept_and_flagged() -> None:
    kept = Kept()
    with tcp(kept) as (_, at):
        with connect(at) as sender:
            sender.sendall(HEAD + b"whole\n" + HEAD + b"ha")
        wait_for(lambda: len(kept.records) == 2)
    assert [flags(event) for event in kept.records] == [[], ["fragment"]]


def test_tcp_takes_a_thousand_connections_and_refuses_more() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip("needs 4,096 descriptors")
    kept = Kept()
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    with tcp(kept) as (source, at):
        senders = [connect(at) for _ in range(1000)]
        try:
            wait_for(lambda: "1000 connections" in str(source.status().detail))
            with connect(at) as refused:
                refused.settimeout(10)
                with suppress(ConnectionError):
                    assert refused.recv(1) == b""
            for number, sender in enumerate(senders):
                sender.sendall(HEAD + b"n=%d\n" % number)
            wait_for(lambda: len(kept.records) == 1000)
            assert source.status().level is Level.DEGRADED
        finally:
            for sender in senders:
                sender.close()
        wait_for(lambda: " 0 connections" in str(source.status().detail))
    assert sorted(messages(kept)) == sorted(f"n={number}" for number in range(1000))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_tcp_one_sender_cannot_take_all_connections() -> None:
    with tcp(Kept(), Limits(connections_per_peer=2)) as (source, at), connect(at), connect(at), connect(at) as third:
        third.settimeout(10)
        with suppress(ConnectionError):
            assert third.recv(1) == b""
        wait_for(lambda: "1 refused" in str(source.status().detail))


def test_tcp_slow_writer_is_cut_off_with_what_it_wrote_and_the_quiet_one_stays() -> None:
    kept = Kept()
    with tcp(kept, Limits(frame_s=0.3)) as (source, at), connect(at) as slow, connect(at) as quiet:
        slow.sendall(HEAD + b"s")
        began = time.monotonic()
        while not kept.records:
            assert time.monotonic() - began < 10
            try:
                slow.sendall(b"l")
            except ConnectionError:
                break
            select.select([slow], [], [], 0.05)  # until it is cut off
        wait_for(lambda: len(kept.records) == 1)
        quiet.sendall(HEAD + b"quiet\n")
        wait_for(lambda: len(kept.records) == 2)
        assert "1 connections" in str(source.status().detail)
    assert flags(kept.records[0]) == ["fragment"]
    assert messages(kept)[1] == "quiet"


def test_tcp_senders_of_endless_messages_cannot_fill_the_memory() -> None:
    kept = Kept()
    with tcp(kept, Limits(held_bytes=400_000)) as (source, at):
        senders = [connect(at) for _ in range(5)]
        for sender in senders:
            sender.setblocking(False)
        began = time.monotonic()
        while len(kept.records) < 3:
            assert time.monotonic() - began < 10
            for sender in senders:
                try:
                    sender.send(b"z" * 65536)
                except (BlockingIOError, ConnectionError):
                    continue
        for sender in senders:
            sender.close()
        wait_for(lambda: " 0 connections" in str(source.status().detail))
    assert all("fragment" in flags(event) for event in kept.records)
    assert all(len(event.raw) <= 256 * 1024 for event in kept.records)


def test_tcp_stream_that_cannot_be_followed_is_closed_and_told() -> None:
    kept = Kept()
    with tcp(kept) as (_, at), connect(at) as sender:
        sender.sendall(HEAD + b"one\n999999999 <13>x")
        wait_for(lambda: len(kept.told("stream_broken")) == 1)
    assert messages(kept)[0] == "one"


def test_tcp_reads_nothing_while_the_intake_is_full_and_loses_nothing() -> None:
    kept = Kept()
    full = threading.Event()
    source = SyslogTcpSource(LOCAL, WIRE, SystemClock())
    stop = threading.Event()

    def deliver(chunk: Chunk) -> None:
        assert full.wait(20)
        kept.put(chunk)

    thread = threading.Thread(target=source.run, args=(deliver, {}, stop))
    thread.start()
    assert source.ready.wait(10)
    assert source.bound
    line = HEAD + b"x" * 2000 + b"\n"
    with connect(source.bound) as sender:
        sender.settimeout(0.5)
        sent = 0
        with suppress(TimeoutError):
            while True:
                sender.sendall(line)
                sent += 1
        full.set()
    wait_for(lambda: len(kept.records) >= sent)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert len([event for event in kept.records if not flags(event)]) == sent


def test_tcp_ends_when_the_intake_is_closed() -> None:
    source = SyslogTcpSource(LOCAL, WIRE, SystemClock())

    def refuse(chunk: Chunk) -> None:
        raise RuntimeError("closed")

    failure: list[BaseException] = []

    def run() -> None:
        try:
            source.run(refuse, {}, threading.Event())
        except RuntimeError as error:
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert source.ready.wait(10)
    assert source.bound
    with connect(source.bound) as sender:
        sender.sendall(b"<13>x\n" * 3)
        thread.join(10)
    assert not thread.is_alive()
    assert failure


def test_udp_datagram_is_one_message_whatever_is_in_it() -> None:
    kept = Kept()
    with udp(kept) as (source, at), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        to = (at.host, at.port)
        for datagram in (
            HEAD + b"one\n",
            b"",
            HEAD + b"a\nb",
            b"\xff\x00\xfe",
        ):
            sender.sendto(datagram, to)
        sender.sendto(HEAD + b"x" * 60_000, to)
        wait_for(lambda: len(kept.records) == 4)
        assert source.status().level is Level.OK
    assert [event.raw for event in kept.records][1:3] == [HEAD + b"a\nb", b"\xff\x00\xfe"]
    assert kept.records[0].get("log.source.address") == "127.0.0.1"
    assert len(kept.records[3].raw) > 60_000


def test_udp_burst_is_stored_or_counted_to_the_last_datagram() -> None:
    kept = Kept()
    count = 50_000
    with udp(kept, buffer_bytes=64 * 1024) as (source, at), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(count):
            sender.sendto(HEAD + b"n=%d" % number, (at.host, at.port))
        wait_for(lambda: len(kept.records) + sum(kept.drops.values()) == count)
        assert set(kept.drops) <= {(source.id, "kernel_buffer")}
        if kept.drops:
            assert source.status().level is Level.DEGRADED
            assert kept.told("datagrams_lost")
    assert len(set(messages(kept))) == len(kept.records)


def test_a_port_that_is_taken_is_broken_and_says_so() -> None:
    with tcp(Kept()) as (_, at):
        second = SyslogTcpSource(at, WIRE, SystemClock())
        with pytest.raises(ShouwangError, match=rf"cannot listen at tcp {at}: Address already in use"):
            second.run(Kept().put, {}, threading.Event())
        assert second.status().level is Level.BROKEN
        assert str(at) in str(second.status().detail)


def test_endpoints_and_peers_are_read() -> None:
    assert endpoint("[::1]:5514") == Endpoint("::1", 5514)
    assert str(endpoint("[::1]:5514")) == "[::1]:5514"
    assert [peer_address(each) for each in ("::ffff:192.0.2.1", "fe80::1%eth0", "192.0.2.1")] == [
        "192.0.2.1",
        "fe80::1",
        "192.0.2.1",
    ]
    for wrong in ("5514", "host:", ":1", "h:99999"):
        with pytest.raises(UsageError) as refused:
            endpoint(wrong)
        assert refused.value.whole.zh.startswith(f"{wrong!r} 不是")
