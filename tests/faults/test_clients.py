"""Clients that send half, go slowly, or leave while their answer is being made.

What this catches: a connection, a thread or a descriptor that is lost with its client, an answer to
the wrong client, a write that is half there, and others that have to wait.
"""
import json
import os
import re
import select
import socket
import struct
import time

from conftest import exported, put_items, rounds


def post(body: bytes, length: int | None = None) -> bytes:
    return (b"POST /v1/interactions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length)) + body


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def descriptors(daemon) -> int:
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def test_broken_clients_leave_nothing_behind(make_daemon, rng):
    daemon = make_daemon(**{"server.header_timeout": "2s", "server.body_timeout": "2s"}).start()
    put_items(daemon, 20)
    daemon.post("/v1/interactions", {"user": "u", "item": "i1", "type": "like"})
    before = descriptors(daemon)
    kept, sent = [], {}
    for number in range(rounds(300)):
        client = socket.create_connection(("127.0.0.1", daemon.port))
        events = [{"user": f"b{number}", "item": "i2", "type": "view", "event_id": f"b{number}-{i}"}
                  for i in range(rng.choice([1, 50]))]
        whole = post(json.dumps(events).encode())
        kind = rng.randrange(5)
        if kind == 0:  # a part, then a reset
            client.sendall(whole[: rng.randrange(len(whole))])
            reset(client)
        elif kind == 1:  # a part, then silence
            client.sendall(whole[: rng.randrange(len(whole))])
            kept.append(client)
        elif kind == 2:  # all of it, then a reset while it is being written
            client.sendall(whole)
            sent[number] = len(events)
            time.sleep(rng.choice([0, 0.0005, 0.002]))
            reset(client)
        elif kind == 3:  # many recommendations asked for, none read
            client.sendall(b"GET /v1/users/u/recommendations HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
            reset(client)
        else:  # the end of the client's half; libmicrohttpd takes that for the end of both
            client.sendall(whole)
            client.shutdown(socket.SHUT_WR)
            sent[number] = len(events)
            assert client.recv(12) in (b"HTTP/1.1 200", b"")
            client.close()
        if number % 20 == 0:
            assert "i1" not in daemon.recommended("u")
    for _ in range(200):
        if descriptors(daemon) <= before + 2:
            break
        time.sleep(0.1)
    assert descriptors(daemon) <= before + 2, "descriptors of clients that left are still open"
    for client in kept:
        client.close()
    assert len(daemon.recommended("u")) == 10
    assert daemon.stop() == 0
    by_client: dict[str, int] = {}
    for event in exported(daemon.folder):
        by_client[event["user"]] = by_client.get(event["user"], 0) + 1
    del by_client["u"]
    for user, n in by_client.items():
        assert n == sent[int(user[1:])], "a part of an array is there"


SLOW = 500


def go_slowly(port: int, kind: int) -> socket.socket:
    """A header that never ends, a body that stops half-way, silence after an answer, a reader who
    does not read."""
    client = socket.socket()
    if kind == 3:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall([
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        post(b"[" * 100, length=100000),
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/items?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n" * 30,
    ][kind])
    return client


def sockets(daemon) -> int:
    folder = f"/proc/{daemon.process.pid}/fd"
    count = 0
    for name in os.listdir(folder):
        try:
            count += os.readlink(f"{folder}/{name}").startswith("socket:")
        except FileNotFoundError:
            pass  # closed meanwhile
    return count


def resident_kb(daemon) -> int:
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


def was_closed(client: socket.socket) -> bool:
    try:
        while client.recv(1 << 20):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_five_hundred_slow_clients_hold_up_nobody(make_daemon):
    """Their latency is measured by bench/slow_clients; here everyone is answered, and the slow ones
    end by their deadlines and leave neither descriptors nor memory behind."""
    daemon = make_daemon(**{f"server.{what}_timeout": "3s" for what in ("header", "body", "idle")}).start()
    for start in range(0, 1000, 250):
        daemon.post("/v1/items:batch", [{"id": f"i{i}", "title": "t" * 500} for i in range(start, start + 250)])
    for _ in range(50):
        daemon.recommended("u")
    before, kb_before = sockets(daemon), resident_kb(daemon)
    slow = [go_slowly(daemon.port, i % 4) for i in range(SLOW)]
    end = time.monotonic() + 30
    for client in slow:
        client.setblocking(False)
    waiting, answered = set(slow), 0
    while waiting and time.monotonic() < end:
        for client in slow[::4]:  # a byte at a time, as long as somebody takes them
            if client in waiting:
                try:
                    client.send(b"x")
                except OSError:
                    pass
        for number in range(20):
            assert len(daemon.recommended(f"u{number}")) == 10
            answered += 1
        # those who never read see no end: looking would be reading
        ready, _, _ = select.select([c for i, c in enumerate(slow) if i % 4 != 3 and c in waiting], [], [], 0.05)
        waiting -= {client for client in ready if was_closed(client)}
        if sockets(daemon) <= before:
            break
    assert answered > 20
    assert sockets(daemon) <= before, "slow clients are still connected after their deadlines"
    for client in slow:
        client.close()
    assert len(daemon.recommended("u")) == 10
    assert resident_kb(daemon) < kb_before + (64 << 10), "what slow clients held is not given back"


def test_one_address_may_not_take_all_connections(make_daemon):
    """server.max_connections_per_address: the others of the same address wait, other addresses go on."""
    daemon = make_daemon(**{"server.max_connections_per_address": "8", "server.header_timeout": "60s"}).start()
    daemon.http.close()
    kept = []
    for _ in range(8):
        client = socket.create_connection(("127.0.0.1", daemon.port))
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        kept.append(client)
    refused = socket.create_connection(("127.0.0.1", daemon.port))
    refused.settimeout(5)
    try:
        refused.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert refused.recv(100) == b"", "a ninth connection was served"
    except ConnectionError:
        pass
    other = socket.socket()
    other.bind(("127.0.0.2", 0))
    other.connect(("127.0.0.1", daemon.port))
    other.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert other.recv(12) == b"HTTP/1.1 200"
    for client in kept:
        client.close()
