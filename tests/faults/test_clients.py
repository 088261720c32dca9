"""Clients that send half, go slowly, or leave while their answer is being made.

What this catches: a connection, a thread or a descriptor that is lost with its client, an answer to
the wrong client, a write that is half there, and others that have to wait.
"""
import json
import os
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
