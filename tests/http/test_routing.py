"""Targets, methods, parameters, keys and media types, over a socket."""
import json

import pytest

from echo import request


def problem(answer, status):
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status and document["title"] and document["detail"]
    return document


@pytest.mark.parametrize("raw, decoded", [
    ("plain", "plain"), ("a%2Fb", "a/b"), ("a%2fb", "a/b"), ("a%252Fb", "a%2Fb"), ("a+b", "a+b"),
    ("a%20b", "a b"), ("%C3%A4", "ä"), ("%E2%82%AC", "€"), ("%F0%9F%8D%B7", "🍷"), ("urn:x:1", "urn:x:1"),
    ("a%3Amerge", "a:merge"), ("%3F%23", "?#"), ("a;b=c,d", "a;b=c,d"), ("%22%5C", '"\\'), ("...", "..."),
    ("x" * 256, "x" * 256), ("%C3%A4" * 256, "ä" * 256), ("a:b?", "a:b"), ("%7B%7D", "{}"),
])
def test_an_id_is_decoded_once(server, raw, decoded):
    answer = server.get(f"/v1/users/{raw}")
    assert answer.status == 200 and answer.json()["values"] == [decoded]


@pytest.mark.parametrize("raw, status", [
    ("%", 400), ("%2", 400), ("%zz", 400), ("%00", 400), ("a%00b", 400), ("%FF", 400), ("%C3", 400),
    ("%ED%A0%80", 400), ("%C0%AF", 400), ("a#b", 400), (".", 422), ("..", 422), ("%2e", 422),
    ("%2E%2e", 422), ("%01", 422), ("%7F", 422), ("%C2%80", 422), ("x" * 257, 422), ("%0D%0Ax:y", 422),
    ("", 404), ("a/b", 404), ("a/", 404), ("a/items/b/c", 404),
])
def test_what_is_no_id_is_refused(server, raw, status):
    problem(server.get(f"/v1/users/{raw}"), status)


def test_an_absolute_target_is_taken(server):
    assert server.get("http://localhost/v1/users/a").json()["values"] == ["a"]


def test_an_action_is_not_part_of_the_id(server):
    answer = server.ask(request("POST", "/v1/users/a%2Fb:merge", "{}"))
    assert answer.json()["operation"] == "merge_user" and answer.json()["values"] == ["a/b"]
    refused = server.get("/v1/users/a:merge")
    problem(refused, 405)
    assert refused.headers["allow"] == "POST"


@pytest.mark.parametrize("method, target, allow", [
    ("POST", "/v1/users/a", "GET, HEAD, PUT, PATCH, DELETE"), ("GET", "/json", "POST"),
    ("OPTIONS", "/json", "POST"), ("TRACE", "/text", "GET, HEAD"), ("DELETE", "/text", "GET, HEAD"),
    ("HEAD", "/json", "POST"),
])
def test_a_wrong_method_is_405_with_the_right_ones(server, method, target, allow):
    answer = server.ask(request(method, target), head_only=method == "HEAD")
    assert answer.status == 405 and answer.headers["allow"] == allow


def test_an_unknown_method_is_405_too(server):
    problem(server.ask(request("BREW", "/text")), 405)
    problem(server.ask(request("get", "/text")), 405)
    problem(server.ask(request("BREW", "/nothing")), 404)


def test_head_is_get_without_the_body(server):
    client = server.client()
    got = client.send(request("GET", "/text")).read()
    head = client.send(request("HEAD", "/text")).read(head_only=True)
    again = client.send(request("GET", "/text")).read()
    assert head.status == 200 and head.headers["content-length"] == "600" == got.headers["content-length"]
    assert again.body == got.body and head.headers.keys() == got.headers.keys()
    client.close()


@pytest.mark.parametrize("query, expected", [
    ("", []), ("?", []), ("?limit=5", [{"limit": "5"}]), ("?&&limit=5&", [{"limit": "5"}]),
    ("?exclude=b&exclude=a%26b", [{"exclude": "b"}, {"exclude": "a&b"}]),
    ("?text=a+b%2B", [{"text": "a b+"}]), ("?te%78t=%C3%A4", [{"text": "ä"}]), ("?text=a=b", [{"text": "a=b"}]),
    ("?flag=true&colour=green", [{"flag": "true"}, {"colour": "green"}]),
])
def test_parameters_come_decoded_and_in_order(server, query, expected):
    assert server.get(f"/v1/users/a{query}").json()["parameters"] == expected


@pytest.mark.parametrize("query, status, place", [
    ("?limt=5", 422, "?limt"), ("?limit=0", 422, "?limit"), ("?limit=5&limit=6", 422, "?limit"),
    ("?limit=", 422, "?limit"), ("?exclude=" + "&exclude=".join("abcd"), 422, "?exclude"),
    ("?exclude=..", 422, "?exclude"), ("?flag=1", 422, "?flag"), ("?colour=blue", 422, "?colour"),
    ("?text=%", 400, None), ("?text=%00", 400, None), ("?text=%ff", 400, None), ("?text", 200, None),
])
def test_a_bad_parameter_is_refused_with_its_place(server, query, status, place):
    answer = server.get(f"/v1/users/a{query}")
    if status == 200:
        assert answer.status == 200
        return
    document = problem(answer, status)
    assert not place or document["errors"][0]["pointer"] == place
    assert "limt" not in query or '"limit"' in document["detail"]


@pytest.mark.parametrize("method, target, key, status", [
    ("GET", "/v1/users/a", None, 401), ("GET", "/v1/users/a", "x", 401), ("GET", "/v1/users/a", "r", 200),
    ("GET", "/v1/users/a", "e", 403), ("GET", "/v1/users/a", "w", 200), ("GET", "/v1/users/a", "a", 200),
    ("DELETE", "/v1/users/a", "r", 403), ("DELETE", "/v1/users/a", "w", 204), ("GET", "/healthz", None, 204),
    ("GET", "/healthz", "x", 204), ("GET", "/nothing", None, 404),
])
def test_a_key_may_what_its_scopes_say(keyed, method, target, key, status):
    answer = keyed.ask(request(method, target, Authorization=f"Bearer {key}" if key else None))
    assert answer.status == status
    assert ("www-authenticate" in answer.headers) == (status == 401)


def test_a_refused_key_without_a_body_keeps_the_connection(keyed):
    client = keyed.client()
    for _ in range(3):
        assert client.send(request("GET", "/v1/users/a")).read().status == 401
    assert client.send(request("GET", "/v1/users/a", Authorization="Bearer r")).read().status == 200
    client.close()


def test_a_refused_key_with_a_body_ends_the_connection_unread(keyed):
    client = keyed.client()
    client.send(request("PUT", "/v1/users/a", Content_Length="1000000", Content_Type="application/json"))
    answer = client.read()
    assert answer.status == 401 and answer.closes and client.is_closed()


@pytest.mark.parametrize("method, target, media, status", [
    ("POST", "/json", "application/json", 200), ("POST", "/json", "Application/JSON; charset=utf-8", 200),
    ("POST", "/json", "text/plain", 415), ("POST", "/json", None, 415), ("POST", "/json", "application/x-ndjson", 415),
    ("POST", "/json", "application/merge-patch+json", 415), ("POST", "/v1/users:batch", "application/x-ndjson", 200),
    ("POST", "/v1/users:batch", "application/json", 200), ("PATCH", "/v1/users/a", "application/merge-patch+json", 200),
    ("PATCH", "/v1/users/a", "application/x-ndjson", 415), ("GET", "/v1/users/a", "application/json", 413),
    ("DELETE", "/v1/users/a", "application/json", 413),
])
def test_the_media_type_decides(server, method, target, media, status):
    answer = server.ask(request(method, target, "{}", Content_Type=media))
    assert answer.status == status
    if status == 200 and target == "/v1/users:batch":
        assert answer.json()["is_ndjson"] == (media == "application/x-ndjson") and answer.json()["body_size"] == 2


def test_an_empty_body_is_no_body(server):
    assert server.ask(request("GET", "/v1/users/a", Content_Length="0")).status == 200
    assert server.ask(request("DELETE", "/v1/users/a", Content_Length="0")).status == 204
    problem(server.ask(request("POST", "/json", "")), 400)
    problem(server.ask(request("POST", "/json")), 400)


@pytest.mark.parametrize("body", ["{", '{"a":1,"a":2}', '"\\u0000"', "[" * 40, '"\xff"', "{} {}", "NaN"])
def test_bad_json_is_refused(server, body):
    answer = server.ask(request("POST", "/json", body.encode("latin-1")))
    assert answer.status in (400, 413)


def test_a_request_id_is_kept_if_it_is_fit(server):
    assert server.get("/text", X_Request_Id="abc-1").headers["x-request-id"] == "abc-1"
    assert server.get("/text", X_Request_Id="x" * 128).headers["x-request-id"] == "x" * 128
    made = {server.get("/text", X_Request_Id=bad).headers["x-request-id"]
            for bad in ("x" * 129, "a b", "\xe4", "a\tb", "")}
    client = server.client()
    made |= {client.send(request("GET", "/text")).read().headers["x-request-id"] for _ in range(5)}
    client.close()
    assert len(made) == 10 and all(len(one) == 32 for one in made)


def test_every_answer_has_its_headers(server):
    for target, status in (("/text", 200), ("/nothing", 404), ("/v1/users/a?x=1", 422), ("/slow", 200),
                           ("/forgotten", 500), ("/healthz", 204)):
        answer = server.get(target)
        assert answer.status == status and answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-request-id"] and "server" not in answer.headers
        assert ("content-type" in answer.headers) == (status != 204)


def test_only_event_routes_and_listed_origins_open_to_browsers(keyed):
    def preflight(target, origin, method="POST"):
        return keyed.ask(request("OPTIONS", target, Origin=origin, Access_Control_Request_Method=method))

    opened = preflight("/v1/interactions", "https://shop.example")
    assert opened.status == 204 and opened.headers["access-control-allow-origin"] == "https://shop.example"
    assert "Authorization" in opened.headers["access-control-allow-headers"] and opened.headers["vary"] == "Origin"
    for refused in (preflight("/v1/interactions", "https://evil.example"),
                    preflight("/v1/users/a", "https://shop.example", "GET"),
                    preflight("/v1/interactions", "https://shop.example", "DELETE")):
        assert refused.status == 405 and "access-control-allow-origin" not in refused.headers
    posted = keyed.ask(request("POST", "/v1/interactions", "{}", Origin="https://shop.example",
                               Authorization="Bearer e"))
    assert posted.status == 200 and posted.headers["access-control-allow-origin"] == "https://shop.example"
    read = keyed.get("/v1/users/a", Origin="https://shop.example", Authorization="Bearer r")
    assert read.status == 200 and "access-control-allow-origin" not in read.headers


def test_each_key_has_a_rate(start):
    server = start(rate=5, key=["a:1", "b:1"])
    answers = [server.get("/v1/users/x", Authorization="Bearer a") for _ in range(40)]
    refused = [a for a in answers if a.status == 429]
    assert refused and refused[0].headers["retry-after"] == "1"
    assert server.get("/v1/users/x", Authorization="Bearer b").status == 200
    assert all(server.get("/text").status == 200 for _ in range(20))


def test_metrics_count_each_answer_once(start):
    server = start()
    for target in ("/text", "/text", "/v1/users/a", "/nothing", "/slow"):
        server.get(target)
    server.stop()
    assert 'requests_total{method="GET",route="/text",status="200"} 2\n' in server.metrics
    assert 'requests_total{method="GET",route="/v1/users/{user}",status="200"} 1\n' in server.metrics
    assert 'requests_total{method="",route="none",status="404"} 1\n' in server.metrics
    assert 'requests_total{method="GET",route="/slow",status="200"} 1\n' in server.metrics
    assert "\ntastevin_http_suspended 0\n" in server.metrics
    assert "\ntastevin_http_body_bytes 0\n" in server.metrics


def test_an_address_that_cannot_be_bound_is_named(start, server):
    import subprocess
    from echo import binary
    ended = subprocess.run([binary(), "address=203.0.113.1"], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1 and "203.0.113.1" in ended.stderr
