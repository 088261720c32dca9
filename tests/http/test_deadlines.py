"""Deadlines, limits of connections and queues, and the end of the daemon.

No test asserts how long something took, only that it came to its end.
"""
import socket
import threading
import time

import pytest

from echo import request, wait_until


def drip(client, data: bytes, step: float = 0.02, seconds: float = 20):
    """Sends a byte at a time, for ever, until the server has had enough."""
    end = time.monotonic() + seconds
    client.socket.settimeout(step)
    i = 0
    while time.monotonic() < end:
        try:
            client.socket.sendall(data[i % len(data):][:1])
            more = client.socket.recv(65536)
            if not more:
                return client.rest
            client.rest += more
        except TimeoutError:
            pass
        except OSError:
            return client.rest
        i += 1
    raise AssertionError("the connection outlived its deadline")


SHORT = {"header_timeout_ms": 300, "body_timeout_ms": 300, "idle_timeout_ms": 300}


def test_a_dripped_request_line_ends(start):
    server = start(**SHORT)
    assert drip(server.client(), b"GET /" + b"a" * 10000) == b""


def test_dripped_headers_end_with_408(start):
    server = start(**SHORT)
    client = server.client().send("GET /text HTTP/1.1\r\nHost: a\r\n")
    assert drip(client, b"X-A: b\r\n").startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("head", [
    request("POST", "/json", Content_Length="5000", Content_Type="application/json"),
    request("POST", "/nothing", Content_Length="5000", Content_Type="application/json"),
    request("POST", "/json", Transfer_Encoding="chunked", Content_Type="application/json") + b"1388\r\n",
])
def test_a_dripped_body_ends_with_408(start, head):
    server = start(**SHORT)
    client = server.client().send(head)
    assert drip(client, b"x").startswith(b"HTTP/1.1 408 ")
    assert server.is_alive()


def test_the_second_request_has_deadlines_too(start):
    server = start(**SHORT)
    client = server.client()
    assert client.send(request("GET", "/text")).read().status == 200
    client.send("GET /text HTTP/1.1\r\nHost: a\r\n")
    assert drip(client, b"X-A: b\r\n").startswith(b"HTTP/1.1 408 ")


def test_silent_connections_end_without_a_word(start):
    server = start(**SHORT)
    fresh, used = server.client(), server.client()
    assert used.send(request("GET", "/text")).read().status == 200
    assert fresh.is_closed() and used.is_closed()


def test_a_handler_has_no_deadline(start):
    server = start(**SHORT)
    assert server.get("/slow?ms=1200").status == 200
    assert server.get("/later?ms=1200").status == 200


def test_an_answer_that_nobody_takes_ends(start):
    server = start(**SHORT)
    client = server.client()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.send(request("GET", "/large?bytes=50000000"))

    def connections():
        return socket_count(server.port)

    wait_until(lambda: connections() == 0)
    client.close()


def socket_count(port: int) -> int:
    """Connections that the server has not closed yet (established, or left by the client)."""
    count = 0
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in list(table)[1:]:
            fields = line.split()
            count += int(fields[1].split(":")[1], 16) == port and fields[3] in ("01", "08")
    return count


def test_a_full_queue_is_503_with_retry_after(start):
    server = start(workers=1)
    clients = [server.client().send(request("GET", "/slow?ms=100")) for _ in range(100)]
    answers = [client.read() for client in clients]
    statuses = [answer.status for answer in answers]
    assert set(statuses) == {200, 503} and statuses.count(200) >= 64
    assert all(a.headers["retry-after"] == "1" for a in answers if a.status == 503)
    for client in clients:
        client.close()


def test_more_connections_than_allowed_wait_for_their_turn(start):
    server = start(max_connections=4, threads=2)
    clients = [server.client().send(request("GET", "/text", Connection="close")) for _ in range(40)]
    for client in clients:
        assert client.read().status == 200
        client.close()


def test_bodies_share_a_budget(start):
    server = start(max_body=20000000)
    clients = []
    for _ in range(12):
        client = server.client()
        client.send(request("POST", "/json", Content_Length="19999999", Content_Type="application/json"))
        clients.append(client)
    refused = []

    def fill(client):
        try:
            client.send(b"x" * 19000000)
        except OSError:
            pass

    threads = [threading.Thread(target=fill, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.socket.settimeout(0.5)
        try:
            client.fill()
        except TimeoutError:
            continue
        refused.append(client.rest)
    assert 1 <= len(refused) <= 5
    assert any(rest.startswith(b"HTTP/1.1 503 ") for rest in refused)
    for client in clients:
        client.close()
    assert server.is_alive()
    wait_until(lambda: socket_count(server.port) == 0)
    server.stop()
    assert "\ntastevin_http_body_bytes 0\n" in server.metrics


# ---- the end ----

def test_what_runs_is_finished_before_the_end(start):
    server = start(drain_ms=20000)
    clients = [server.client().send(request("GET", target))
               for target in ("/slow?ms=700", "/later?ms=700", "/worker-later?ms=700")]
    time.sleep(0.2)
    server.terminate()
    for client in clients:
        answer = client.read()
        assert answer.status == 200 and answer.closes
    assert server.wait() == 0


def test_requests_during_the_end_are_refused(start):
    server = start(drain_ms=20000)
    open_one = server.client()
    assert open_one.send(request("GET", "/text")).read().status == 200
    slow = server.client().send(request("GET", "/slow?ms=1500"))
    time.sleep(0.2)
    server.terminate()
    time.sleep(0.3)
    answer = open_one.send(request("GET", "/text")).read()
    assert answer is None or (answer.status == 503 and answer.closes and answer.headers["retry-after"])
    assert slow.read().status == 200
    assert server.wait() == 0


def test_suspended_requests_do_not_keep_the_daemon(start):
    server = start(drain_ms=50, workers=2)
    clients = [server.client().send(request("GET", target))
               for target in ["/later?ms=60000"] * 20 + ["/worker-later?ms=60000"] * 20 + ["/slow?ms=500"] * 20]
    half = [server.client().send("GET /text HTTP/1.1\r\nHo"),
            server.client().send(request("POST", "/json", Content_Length="50", Content_Type="application/json")),
            server.client()]
    time.sleep(0.3)
    server.terminate()
    assert server.wait() == 0
    for client in clients + half:
        while client.fill():
            pass
        assert client.rest == b"" or client.rest[:12] in (b"HTTP/1.1 200", b"HTTP/1.1 503")
        client.close()


def test_the_end_under_load_is_clean(start):
    for _ in range(3):
        server = start(drain_ms=20)
        stops = threading.Event()

        def load():
            while not stops.is_set():
                try:
                    client = server.client()
                    for target in ("/text", "/slow?ms=1", "/later?ms=1", "/at-once", "/worker-later?ms=2"):
                        client.send(request("GET", target))
                        if client.read() is None:
                            break
                    client.close()
                except (OSError, AssertionError):
                    return

        threads = [threading.Thread(target=load) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.4)
        server.terminate()
        status = server.wait()
        stops.set()
        for thread in threads:
            thread.join()
        assert status == 0
