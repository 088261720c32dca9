"""How requests end: pipelining, halves, bodies that are slow, long, doubtful or broken."""
import random
import time

import pytest

from echo import request


def test_pipelined_requests_are_answered_in_order(server):
    client = server.client()
    client.send(b"".join(request("GET", f"/v1/users/u{i}") for i in range(200)))
    for i in range(200):
        assert client.read().json()["values"] == [f"u{i}"]
    client.close()


def test_pipelining_goes_on_past_suspended_and_refused_ones(server):
    client = server.client()
    parts, expected = [], []
    for i in range(30):
        for target, status in (("/slow?ms=2", 200), ("/text", 200), ("/nothing", 404), ("/later?ms=1", 200),
                               ("/at-once", 200), ("/hand-over", 200), ("/v1/users/..", 422)):
            parts.append(request("GET", target))
            expected.append(status)
        parts.append(request("POST", "/json", '{"i": %d}' % i))
        expected.append(200)
    client.send(b"".join(parts))
    assert [client.read().status for _ in expected] == expected
    client.close()


def test_a_refused_request_with_a_short_body_does_not_end_the_connection(server):
    client = server.client()
    for _ in range(3):
        assert client.send(request("POST", "/nothing", "x" * 1000)).read().status == 404
        assert client.send(request("PUT", "/v1/users/..", "GET /text HTTP/1.1\r\n\r\n")).read().status == 422
    assert client.send(request("GET", "/text")).read().status == 200
    client.close()


def test_requests_arrive_byte_by_byte(server):
    client = server.client()
    for byte in request("POST", "/json", '{"a": [1, 2]}'):
        client.send(bytes([byte]))
    assert client.read().json() == {"a": [1, 2]}
    client.close()


def test_bodies_arrive_in_any_cut(server):
    generator = random.Random(1)
    body = b'{"a": "' + b"x" * 90000 + b'"}'
    whole = request("POST", "/v1/users/a:merge", body)
    for _ in range(5):
        client = server.client()
        at = 0
        while at < len(whole):
            size = generator.choice([1, 7, 1000, 20000])
            client.send(whole[at:at + size])
            at += size
        assert client.read().json()["body_size"] == len(body)
        client.close()


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks) + b"0\r\n\r\n"


CHUNKED = {"Transfer_Encoding": "chunked", "Content_Type": "application/json"}


def test_chunks_are_joined_and_the_connection_goes_on(server):
    client = server.client()
    for _ in range(2):
        client.send(request("POST", "/json", **CHUNKED) + chunked(b'{"a"', b": ", b"1}"))
        assert client.read().json() == {"a": 1}
    client.close()


def test_a_body_may_have_exactly_the_limit(server):
    body = b'"' + b"x" * (100000 - 2) + b'"'
    assert server.ask(request("POST", "/json", body)).status == 200
    assert server.ask(request("POST", "/json", **CHUNKED) + chunked(body[:70000], body[70000:])).status == 200


def test_one_byte_more_than_the_limit_is_refused(server):
    body = b'"' + b"x" * (100001 - 2) + b'"'
    assert server.ask(request("POST", "/json", body)).status == 413
    answer = server.ask(request("POST", "/json", **CHUNKED) + chunked(body[:70000], body[70000:]))
    assert answer.status == 413 and answer.closes and answer.json()["status"] == 413


def test_a_gigabyte_is_refused_before_it_is_read(server):
    client = server.client()
    client.send(request("POST", "/json", Content_Length=str(1 << 30), Content_Type="application/json"))
    answer = client.read()
    assert answer.status == 413 and answer.closes and client.is_closed()


def test_a_gigabyte_in_chunks_is_cut_at_the_limit(server):
    client = server.client()
    client.send(request("POST", "/json", **CHUNKED))
    sent, block = 0, b"%x\r\n%s\r\n" % (1 << 16, b"x" * (1 << 16))
    try:
        while sent < 1 << 30:
            client.send(block)
            sent += 1 << 16
    except OSError:
        pass
    assert sent < 1 << 26
    assert server.is_alive()


def test_expect_is_answered_before_the_body_is_sent(server):
    client = server.client()
    client.send(request("POST", "/json", Expect="100-continue", Content_Length="2", Content_Type="application/json"))
    time.sleep(0.1)
    client.send(b"{}")
    answer = client.read()
    assert answer.status == 200 and answer.interim == [100]
    client.close()
    for target, length, status in (("/json", 1 << 30, 413), ("/nothing", 10, 404)):
        client = server.client()
        client.send(request("POST", target, Expect="100-continue", Content_Length=str(length),
                            Content_Type="application/json"))
        answer = client.read()
        assert answer.status == status and answer.interim == [] and answer.closes
        client.close()


@pytest.mark.parametrize("fields", [
    "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
    "Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 20\r\n",
    "Content-Length: 2\r\ncontent-length: 0\r\n", "Content-Length: +2\r\n", "Content-Length: -2\r\n",
    "Content-Length: 2, 2\r\n", "Content-Length: 0x2\r\n", "Content-Length: 2 2\r\n", "Content-Length: \r\n",
    "Content-Length: 99999999999999999999999\r\n", "Content-Length : 2\r\n", "Content-Length\t: 2\r\n",
    "Transfer-Encoding: identity\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding: chunked\r\n\tContent-Length: 2\r\n", "Content-Length: 2\r\n 0\r\n",
    "Content-Length:\r\n 2\r\n", "Content-Length: 2\r\n\t0\r\n", "Transfer-Encoding: chun\r\n ked\r\n",
    "Transfer-Encoding:\r\n chunked\r\n", "X: a\r\n b\r\nContent-Length: 2\r\n", "X: a\r\n Content-Length: 2\r\n",
    "X: a\nContent-Length: 2\r\n", "Content-Length: 2\r\nX: a\r\n b\r\n",
    ": x\r\n", "A b: c\r\n", "Host: a\r\nHost: b\r\n", "A\x00: b\r\nContent-Length: 2\r\nContent-Length: 2\r\n",
])
def test_doubtful_framing_is_refused_and_nothing_after_it_is_read(server, fields):
    """Whatever answers, it is a refusal, and the smuggled request behind it is never answered."""
    client = server.client()
    host = "" if fields.startswith("Host") else "Host: a\r\n"
    client.send(f"POST /json HTTP/1.1\r\n{host}Content-Type: application/json\r\n{fields}\r\n"
                "{}GET /v1/users/smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = client.read()
    assert answer is None or 400 <= answer.status < 500
    rest = client.rest
    while client.fill():
        pass
    assert b"smuggled" not in rest + client.rest
    client.close()
    assert server.is_alive()


@pytest.mark.parametrize("length", [2, 12, 0])
def test_a_whole_chunked_body_with_a_length_is_refused_too(server, length):
    """Here nothing breaks by itself: whoever forwards it may believe the one or the other."""
    client = server.client()
    client.send(request("POST", "/json", Content_Length=str(length), **CHUNKED) + chunked(b"{}"))
    answer = client.read()
    assert answer.status == 400 and answer.closes
    client.close()


@pytest.mark.parametrize("body", [
    b"zz\r\n{}\r\n0\r\n\r\n", b"-2\r\n{}\r\n0\r\n\r\n", b"2\r\n{}0\r\n\r\n", b"2\r\n{}xx0\r\n\r\n",
    b"fffffffffffffffff\r\n{}\r\n0\r\n\r\n", b"0x2\r\n{}\r\n0\r\n\r\n", b"\r\n\r\n", b"2 \r\n{}\r\n0\r\n\r\n",
])
def test_a_broken_chunk_is_refused(server, body):
    client = server.client()
    client.send(request("POST", "/v1/users/a:merge", **CHUNKED) + body +
                b"GET /v1/users/smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = client.read()
    assert answer is None or 400 <= answer.status < 500, answer.body
    while client.fill():
        pass
    assert b"smuggled" not in client.rest
    client.close()
    assert server.is_alive()


@pytest.mark.parametrize("data", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"\r\n\r\n\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"GET /text HTTP/1.1\r\n\r\n", b"\x00" * 1000, b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /text HTTP/1.1\r\nHost: a\r\n" + b"X: " + b"y" * 200000 + b"\r\n\r\n",
    b"GET /text HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(20000)) + b"\r\n",
    b"GET  /text HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
], ids=lambda data: repr(data[:40]))
def test_what_is_no_request_ends_without_harm(start, data):
    """At its deadline at the latest: libmicrohttpd does not always see an end that comes with data."""
    server = start(header_timeout_ms=300, body_timeout_ms=300, idle_timeout_ms=300)
    client = server.client()
    try:
        client.send(data)
        client.socket.shutdown(1)
    except OSError:
        pass
    while client.fill():
        pass
    assert b" 200 " not in client.rest[:20] and b" 5" not in client.rest[8:12].replace(b"505", b"")
    client.close()
    assert server.is_alive()


@pytest.mark.parametrize("fields", [
    "", "A: b\r\n", "A:b\r\n", "A: \t  b\r\n", "A: b \t\r\n", "A:\r\n", "A: \r\n", "Cookie: a=b; c=\"d\"\r\n",
    "A: b  c\r\n", "A: \xe4\r\n", "A: b\r\na: c\r\n", "".join(f"X-{i}: {'y' * i}\r\n" for i in range(150)),
], ids=lambda fields: repr(fields[:40]))
def test_ordinary_fields_are_taken(server, fields):
    client = server.client()
    for start in ("", "\r\n"):
        client.send(f"{start}GET /text HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
        assert client.read().status == 200
    client.close()


def test_http_1_0_closes_after_its_answer(server):
    client = server.client()
    answer = client.send("GET /text HTTP/1.0\r\n\r\n").read()
    assert answer.status == 200 and client.is_closed()


def test_connection_close_is_kept(server):
    client = server.client()
    answer = client.send(request("GET", "/text", Connection="close")).read()
    assert answer.status == 200 and client.is_closed()


def test_a_large_answer_arrives_whole(server):
    answer = server.get("/large?bytes=30000000")
    assert len(answer.body) == 30000000 and answer.body.count(b"y") == 30000000


def test_many_requests_on_one_connection(server):
    client = server.client()
    for i in range(3000):
        assert client.send(request("GET", "/text")).read().status == 200
    client.close()


@pytest.mark.parametrize("target", ["/slow?ms=20", "/later?ms=20", "/worker-later?ms=20", "/hand-over", "/at-once"])
def test_clients_that_reset_while_they_wait_do_no_harm(start, target):
    server = start(workers=4)
    for wait in (0, 0.005, 0.03):
        clients = [server.client().send(request("GET", target) * 2) for _ in range(20)]
        time.sleep(wait)
        for client in clients:
            client.reset()
    assert server.is_alive()
    server.stop()


def test_clients_that_leave_at_any_point_do_no_harm(server):
    whole = [request("POST", "/json", '{"a": 1}'), request("GET", "/slow?ms=5"), request("GET", "/later?ms=5"),
             request("GET", "/large?bytes=5000000"), request("POST", "/json", **CHUNKED) + chunked(b"{}")]
    for data in whole:
        for cut in range(1, len(data) + 1, 9):
            client = server.client()
            client.send(data[:cut])
            client.close()
    assert server.is_alive()
