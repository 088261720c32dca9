"""Ranked lists kept in memory: no answer may tell that there are any, but by how soon it comes."""
import pytest

from conftest import checkerboard, put_items


@pytest.fixture
def board(daemon):
    put_items(daemon, 40)
    daemon.post("/v1/interactions", checkerboard())
    assert daemon.train()["state"] == "published"
    return daemon


def metric(daemon, name: str) -> float:
    text = daemon.call("GET", "/metrics").text
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"tastevin_{name} "))


def ask_twice(daemon, user: str, **parameters) -> list[str]:
    """The second answer, which comes from the list that the first one left."""
    daemon.recommended(user, **parameters)
    hits = metric(daemon, "cache_hits_total")
    answer = daemon.recommended(user, **parameters)
    assert metric(daemon, "cache_hits_total") == hits + 1
    return answer


def test_the_second_answer_comes_from_the_list_and_has_a_name_of_its_own(board):
    first = board.get("/v1/users/u3/recommendations")
    second = board.get("/v1/users/u3/recommendations")
    assert metric(board, "cache_hits_total") == 1 and metric(board, "cache_misses_total") == 1
    assert metric(board, "cache_lists") == 1
    assert first.pop("recommendation_id") != second.pop("recommendation_id")
    assert first == second


def test_the_last_event_counts_at_once(board):
    liked = ask_twice(board, "u3")[0]
    board.post("/v1/interactions", {"user": "u3", "item": liked, "type": "like"})
    answer = board.get("/v1/users/u3/recommendations")
    assert liked not in [item["id"] for item in answer["items"]] and answer["strategy"] == "fold_in"
    assert ask_twice(board, "u3") == [item["id"] for item in answer["items"]]


def test_an_item_vanishes_at_once_and_is_back_at_once(board):
    before = board.get("/v1/users/u3/recommendations")
    first = before["items"][0]["id"]
    for change in ({"hidden": True}, {"available": False}, {"expires_at": "2020-01-01T00:00:00Z"}):
        ask_twice(board, "u3")
        board.call("PATCH", f"/v1/items/{first}", json=change)
        answer = board.get("/v1/users/u3/recommendations")
        assert first not in [item["id"] for item in answer["items"]]
        assert answer["eligible"] == before["eligible"] - 1 and len(answer["items"]) == 10
        board.put(f"/v1/items/{first}", {"title": "again"})
        assert board.recommended("u3")[0] == first


def test_exclusions_categories_and_groups_take_from_the_list(board):
    whole = ask_twice(board, "u3", n=20)
    assert board.recommended("u3", n=5, exclude=whole[:3]) == whole[3:8]
    board.call("PATCH", f"/v1/items/{whole[1]}", json={"group_id": "g", "categories": ["a"]})
    board.call("PATCH", f"/v1/items/{whole[4]}", json={"group_id": "g", "categories": ["a"]})
    assert board.recommended("u3", n=5) == [whole[i] for i in (0, 1, 2, 3, 5)]
    assert board.recommended("u3", category="a") == [whole[1]]


def test_an_erased_user_is_forgotten_at_once(board):
    ask_twice(board, "u3")
    board.recommended("u4")
    assert metric(board, "cache_lists") == 2
    board.call("DELETE", "/v1/users/u3", 204)
    assert metric(board, "cache_lists") == 1
    answer = board.get("/v1/users/u3/recommendations")
    assert answer["strategy"] == "popular"


def test_a_round_and_a_roll_back_change_the_answer_at_once(board):
    before = board.get("/v1/users/u3/recommendations")
    ask_twice(board, "u3")
    board.post("/v1/interactions", [{"user": f"u{u}", "item": "i2", "type": "like"} for u in range(1, 40, 2)])
    second = board.train()["version"]
    if board.get("/readyz")["model_version"] != second:
        board.call("POST", f"/v1/models/{second}:activate")
    answer = board.get("/v1/users/u3/recommendations")
    assert answer["model_version"] == second and answer["strategy"] == "ials"
    ask_twice(board, "u3")
    board.call("POST", f"/v1/models/{before['model_version']}:activate")
    assert board.get("/v1/users/u3/recommendations")["model_version"] == before["model_version"]


def test_switched_off_it_answers_the_same(make_daemon):
    answers = []
    for lists in ("0", "100"):
        daemon = make_daemon("off" + lists, **{"server.cache": lists}).start()
        put_items(daemon, 40)
        daemon.post("/v1/interactions", checkerboard())
        daemon.train()
        asked = [daemon.recommended(f"u{u}", n=n) for n in (3, 10, 40) for u in (1, 2, 3, 99) for _ in range(2)]
        answers.append(asked)
        assert (metric(daemon, "cache_hits_total") > 0) == (lists != "0")
        assert daemon.stop() == 0
    assert answers[0] == answers[1]


def test_lists_are_no_more_than_the_setting_says(make_daemon):
    daemon = make_daemon(**{"server.cache": "8"}).start()
    put_items(daemon, 40)
    daemon.post("/v1/interactions", checkerboard())
    daemon.train()
    for user in range(40):
        daemon.recommended(f"u{user}")
    assert 0 < metric(daemon, "cache_lists") <= 8
    assert daemon.stop() == 0
