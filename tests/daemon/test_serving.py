"""What a user sees: eligible items only, the last event counted, lists that go on."""
import socket

import pytest

from conftest import checkerboard, put_items


@pytest.fixture
def board(daemon):
    put_items(daemon, 40)
    daemon.post("/v1/interactions", checkerboard())
    assert daemon.train()["state"] == "published"
    return daemon


def test_a_new_daemon_serves_the_newest_items(daemon):
    assert daemon.get("/readyz")["trained"] is False
    assert daemon.get("/v1/users/x/recommendations")["items"] == []
    put_items(daemon, 5)
    answer = daemon.get("/v1/users/x/recommendations?n=3&fields=title")
    assert answer["strategy"] == "latest" and answer["eligible"] == 5 and len(answer["items"]) == 3
    assert answer["items"][0]["title"].startswith("Item")


def test_the_withheld_item_comes_first(board):
    hits = sum(board.recommended(f"u{u}", n=1) == [f"i{u}"] for u in range(40))
    assert hits == 40  # everything else of the own parity is hidden as seen
    answer = board.get("/v1/users/u3/recommendations")
    assert answer["strategy"] == "ials" and answer["eligible"] == 21


def test_what_was_posted_a_moment_ago_is_hidden(board):
    first = board.recommended("u3", n=1)[0]
    board.post("/v1/interactions", {"user": "u3", "item": first, "type": "like"})
    assert first not in board.recommended("u3", n=40)
    assert first in board.recommended("u3", n=40, seen="include")
    event = board.post("/v1/interactions", {"user": "u3", "item": "i0", "type": "view"})
    assert "i0" in board.recommended("u3", n=40)  # views hide nothing
    assert "i0" not in board.recommended("u3", n=40, hide_types="view")
    board.call("DELETE", "/v1/interactions/" + event["event_ids"][0], 204)
    assert "i0" in board.recommended("u3", n=40, hide_types="view")


def test_a_retraction_of_something_learnt_shows_it_again(board):
    assert "i5" not in board.recommended("u3", n=40)
    assert board.call("DELETE", "/v1/users/u3/interactions?item=i5").json()["retracted"] == 1
    assert "i5" in board.recommended("u3", n=40)


@pytest.mark.parametrize("change", [{"hidden": True}, {"available": False}, {"expires_at": "2020-01-01T00:00:00Z"}, {"published_at": "2900-01-01T00:00:00Z"}, "delete"])
def test_an_item_that_may_not_be_shown_is_never_answered(board, change):
    before = board.get("/v1/users/nobody/recommendations?n=40")
    if change == "delete":
        board.call("DELETE", "/v1/items/i7", 204)
    else:
        board.call("PATCH", "/v1/items/i7", json=change)
    after = board.get("/v1/users/nobody/recommendations?n=40")
    assert after["eligible"] == before["eligible"] - 1
    assert "i7" in [i["id"] for i in before["items"]] and "i7" not in [i["id"] for i in after["items"]]
    board.put("/v1/items/i7", {"title": "again"})
    assert "i7" in board.recommended("nobody", n=40)


def test_a_ghost_is_not_recommended_until_it_is_put(board):
    board.post("/v1/interactions", [{"user": f"u{u}", "item": "ghost", "type": "like"} for u in range(0, 40, 2)])
    assert "ghost" not in board.recommended("nobody", n=1000)
    assert "tastevin_ghost_items 1" in board.call("GET", "/metrics").text
    board.put("/v1/items/ghost", {}, None)
    assert "ghost" in board.recommended("nobody", n=1000)


def test_exclusion_categories_and_groups(board):
    board.call("PATCH", "/v1/items/i1", json={"categories": ["a/b/c"], "group_id": "g"})
    board.call("PATCH", "/v1/items/i3", json={"categories": ["a/d"], "group_id": "g"})
    board.call("PATCH", "/v1/items/i5", json={"categories": ["ab"]})
    assert set(board.recommended("nobody", category="a/b")) == {"i1"}
    assert len(board.recommended("nobody", category="a")) == 1  # one of the group
    assert set(board.recommended("nobody", category=["a/b", "ab"])) == {"i1", "i5"}
    assert board.recommended("nobody", category="nothing") == []
    assert "i9" not in board.recommended("nobody", n=40, exclude=["i9", "unknown"])


def test_pages_of_a_list_do_not_overlap(board):
    whole = board.recommended("nobody", n=40)
    assert len(whole) == len(set(whole)) == 40
    assert sum((board.recommended("nobody", n=10, offset=o) for o in range(0, 40, 10)), []) == whole


def test_similar_items_are_of_the_same_parity(board):
    alike = board.get("/v1/items/i4/similar?n=10")
    assert alike["item"] == "i4" and len(alike["items"]) == 10
    assert all(int(i["id"][1:]) % 2 == 0 and i["id"] != "i4" for i in alike["items"])
    board.call("GET", "/v1/items/none/similar", 404)


@pytest.mark.parametrize("query,word", [("n=0", "n"), ("n=1001", "n"), ("n=1000000000", "n"), ("n=x", "n"), ("offset=1995&n=10", "offset"),
                                        ("fields=titel", "title"), ("hide_types=viw", "view"), ("model=nope", "nope"),
                                        ("scenario=home", "scenario"), ("diversity=1", "diversity"), ("seen=maybe", "include")])
def test_bad_parameters_are_refused(board, query, word):
    problem = board.call("GET", "/v1/users/u1/recommendations?" + query, 422).json()
    assert word in str(problem)


def test_another_model_of_the_snapshot_can_be_asked(board):
    answer = board.get("/v1/users/u3/recommendations?model=popular")
    assert answer["model"] == "popular" and answer["strategy"] == "popular"


def test_more_parameters_than_the_library_holds_leak_nothing(daemon):
    """libmicrohttpd then closes without telling the end; a build with sanitizers sees what is left."""
    for n in (400, 1200):
        with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as client:
            client.sendall(b"GET /v1/items/0/similar?n=1" + b"&exclude=0" * n + b" HTTP/1.1\r\nHost: a\r\n\r\n")
            try:
                client.recv(100)
            except OSError:
                pass
    assert daemon.get("/healthz")["status"] == "ok"
