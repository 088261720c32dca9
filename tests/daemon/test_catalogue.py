"""Users and items over HTTP: what was put is what comes back; bad input names its place."""
import http.client
from urllib.parse import quote

import pytest


def test_what_was_put_comes_back(daemon):
    item = {
        "title": "Toy Story", "categories": ["film/animation"], "price": 9.5, "currency": "EUR",
        "attributes": {"year": 1995, "colour": True, "tags": ["a", "b"], "studio": "P"},
        "published_at": "2020-01-02T03:04:05.678Z", "group_id": "g", "vector": [0.5, -1.25],
    }
    made = daemon.put("/v1/items/toy", item, 201)
    got = daemon.get("/v1/items/toy")
    assert made == got
    assert {k: got[k] for k in item} == item
    assert got["id"] == "toy" and got["hidden"] is False and got["available"] is True
    daemon.put("/v1/items/toy", got, 200)  # what GET gives, PUT takes


def test_put_replaces_and_patch_merges(daemon):
    daemon.put("/v1/users/a", {"attributes": {"age": 30, "city": "Aix"}}, 201)
    daemon.call("PATCH", "/v1/users/a", json={"attributes": {"city": None, "x": "y"}})
    assert daemon.get("/v1/users/a")["attributes"] == {"age": 30, "x": "y"}
    daemon.put("/v1/users/a", {}, 200)
    assert daemon.get("/v1/users/a")["attributes"] == {}
    daemon.call("PATCH", "/v1/users/nobody", 404, json={})


@pytest.mark.parametrize("name", ["a/b", "50%", "ü", "a b", "it's \"it\"", "x" * 256, "a:merge", "...", "%41"])
def test_any_id_survives_the_path(daemon, name):
    path = "/v1/items/" + quote(name, safe="")
    daemon.put(path, {"title": "t"}, 201)
    assert daemon.get(path)["id"] == name
    assert [i["id"] for i in daemon.get("/v1/items")["items"]] == [name]
    daemon.call("DELETE", path, 204)
    daemon.call("GET", path, 404)


@pytest.mark.parametrize(
    "path,status", [("%00", 400), ("a%ZZ", 400), ("%ff", 400), ("x" * 257, 422), ("%0a", 422), ("%2e%2e", 422)]
)
def test_bad_ids_are_refused(daemon, path, status):
    for method in ("GET", "PUT", "DELETE"):  # by http.client: requests would mend the escapes
        connection = http.client.HTTPConnection("127.0.0.1", daemon.port)
        connection.request(method, "/v1/items/" + path, b"{}", {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == (status if method == "PUT" else answer.status)
        assert answer.getheader("Content-Type") == "application/problem+json"
        connection.close()


def test_unknown_fields_name_the_nearest(daemon):
    problem = daemon.call("PUT", "/v1/items/a", 422, json={"titel": "x"}).json()
    assert problem["errors"][0]["pointer"] == "/titel"
    assert "title" in problem["errors"][0]["detail"]
    problem = daemon.call("GET", "/v1/items?limitt=3", 422).json()
    assert "limit" in str(problem)


def test_an_attribute_keeps_its_type(daemon):
    daemon.put("/v1/items/a", {"attributes": {"size": 3}}, 201)
    problem = daemon.call("PUT", "/v1/items/b", 409, json={"attributes": {"size": "L"}}).json()
    assert "size" in str(problem)


def test_pages_show_everything_once(daemon):
    daemon.post("/v1/users:batch", [{"id": f"u{i}"} for i in range(25)])
    seen, cursor = [], None
    while True:
        page = daemon.get("/v1/users", params={"limit": 10, **({"cursor": cursor} if cursor else {})})
        seen += [u["id"] for u in page["users"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"u{i}" for i in range(25)]


def test_a_refused_batch_stores_nothing(daemon):
    problem = daemon.post("/v1/items:batch", [{"id": "a"}, {"id": "b", "price": "x"}], None)
    assert problem["status"] in (400, 422) and problem["errors"][0]["pointer"] == "/1/price"
    daemon.call("GET", "/v1/items/a", 404)


def test_skipping_stores_the_good_ones(daemon):
    result = daemon.post("/v1/items:batch?on_error=skip", [{"id": "a"}, {"id": ".."}, {"id": "c"}])
    assert (result["stored"], result["refused"]) == (2, 1)
    assert [r["status"] for r in result["results"]] == ["stored", "refused", "stored"]
    daemon.get("/v1/items/c")


def test_ndjson_is_taken(daemon):
    body = '{"id":"a"}\n\n{"id":"b"}\n'
    headers = {"Content-Type": "application/x-ndjson"}
    assert daemon.call("POST", "/v1/items:batch", data=body, headers=headers).json()["stored"] == 2
    problem = daemon.call("POST", "/v1/items:batch", None, data='{"id":"c"}\n{"id"\n', headers=headers)
    assert problem.status_code == 400 and problem.json()["errors"][0]["pointer"] == "/line/2"
