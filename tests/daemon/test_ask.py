"""POST /v1/recommendations: the same answers as the GET, a history that is told and not stored, and
strictness about everything else."""
import pytest

from conftest import checkerboard, put_items

PATH = "/v1/recommendations"
BORN = {"recommendation_id"}  # differs between any two answers


@pytest.fixture
def board(daemon):
    put_items(daemon, 40)
    daemon.call("PATCH", "/v1/items/i7", json={"categories": ["shoes/high"]})
    daemon.call("PATCH", "/v1/items/i9", json={"categories": ["sale"]})
    daemon.post("/v1/interactions", checkerboard())
    assert daemon.train()["state"] == "published"
    return daemon


def plain(answer: dict) -> dict:
    return {name: value for name, value in answer.items() if name not in BORN}


def ids(answer: dict) -> list[str]:
    return [item["id"] for item in answer["items"]]


@pytest.mark.parametrize("body, query", [
    ({}, {}),
    ({"n": 3}, {"n": 3}),
    ({"n": 1000}, {"n": 1000}),
    ({"n": 5, "offset": 4}, {"n": 5, "offset": 4}),
    ({"category": "shoes"}, {"category": "shoes"}),
    ({"category": ["sale", "shoes"]}, {"category": ["sale", "shoes"]}),
    ({"exclude": ["i3", "i4", "nowhere"]}, {"exclude": ["i3", "i4", "nowhere"]}),
    ({"seen": "include", "n": 40}, {"seen": "include", "n": 40}),
    ({"hide_types": ["view", "like"], "n": 40}, {"hide_types": "view,like", "n": 40}),
    ({"fields": ["title", "price"]}, {"fields": "title,price"}),
    ({"context": {"device": "tv"}}, {"context": "device:tv"}),
    ({"model": "popular"}, {"model": "popular"}),
])
@pytest.mark.parametrize("user", ["u3", "nobody"])
def test_it_answers_as_the_get_does(board, user, body, query):
    got = board.call("GET", f"/v1/users/{user}/recommendations", params=query).json()
    asked = board.post(PATH, {"user": user, **body})
    assert plain(asked) == plain(got)


def events(steps) -> list[dict]:
    return [{"item": f"i{i}", "type": kind, "timestamp": f"2026-03-01T00:{minute:02}:00Z"}
            for minute, (i, kind) in enumerate(steps)]


STEPS = [(4, "like"), (6, "like"), (8, "view"), (8, "view"), (10, "purchase"), (5, "dislike"), (12, "click")]


def test_a_told_history_answers_as_a_stored_one(board):
    """Of a guest, and on top of what is stored of a user; and it is stored nowhere."""
    history = events(STEPS)
    before = board.get("/v1/users/u3/interactions?limit=1000")
    told, guest = board.post(PATH, {"user": "u3", "history": history, "n": 40}), board.post(PATH, {"history": history, "n": 40})
    assert board.get("/v1/users/u3/interactions?limit=1000") == before
    assert plain(board.post(PATH, {"user": "u3", "n": 40})) != plain(told)
    for user, answer in (("u3", told), ("new", guest)):
        board.post("/v1/interactions", [{"user": user, **event} for event in history])
        stored = board.get(f"/v1/users/{user}/recommendations?n=40")
        assert ids(answer) == ids(stored) and answer["strategy"] == stored["strategy"] == "fold_in"
        for a, b in zip(answer["items"], stored["items"]):
            assert a["score"] == pytest.approx(b["score"], abs=1e-5)
    assert "user" not in guest and told["user"] == "u3"


def test_the_order_in_which_a_history_stands_is_that_of_its_times(board):
    history = events(STEPS)
    assert plain(board.post(PATH, {"history": history})) == plain(board.post(PATH, {"history": history[::-1]}))


def test_a_history_hides_by_its_types_rules(board):
    answer = board.post(PATH, {"history": events([(4, "like"), (6, "view")]), "n": 40})
    assert "i4" not in ids(answer) and "i6" in ids(answer)
    assert "i4" in ids(board.post(PATH, {"history": events([(4, "like")]), "seen": "include", "n": 40}))


def test_even_likes_lead_to_even_items(board):
    answer = board.post(PATH, {"history": [{"item": f"i{i}", "type": "like"} for i in range(0, 20, 2)], "n": 8})
    assert answer["strategy"] == "fold_in" and all(int(i[1:]) % 2 == 0 for i in ids(answer)), ids(answer)


def test_a_basket_tells_of_taste_and_never_comes_again(board):
    basket = [f"i{i}" for i in range(1, 20, 2)]
    answer = board.post(PATH, {"basket": basket, "n": 8})
    assert all(int(i[1:]) % 2 == 1 for i in ids(answer)) and not set(ids(answer)) & set(basket)
    whole = board.post(PATH, {"basket": basket, "exclude": ["i0"], "n": 40})
    assert set(ids(whole)) == {f"i{i}" for i in range(40)} - set(basket) - {"i0"}


def test_only_these_may_come(board):
    answer = board.post(PATH, {"user": "u3", "only": ["i3", "i4", "i6", "nowhere"]})
    assert set(ids(answer)) == {"i3", "i4", "i6"} and answer["eligible"] == 3
    assert ids(board.post(PATH, {"user": "u3", "only": []})) == []
    assert ids(board.post(PATH, {"user": "u3", "only": ["i4", "i6"], "exclude": ["i4"]})) == ["i6"]
    assert len(ids(board.post(PATH, {"user": "u3"}))) == 10  # the list that was kept is not the short one


def test_a_session_is_known_before_and_after_the_training(board):
    likes = [{"session": "s1", "item": f"i{i}", "type": "like"} for i in range(0, 20, 2)]
    board.post("/v1/interactions", likes)
    for _ in range(2):
        answer = board.post(PATH, {"session": "s1", "n": 5})
        assert answer["session"] == "s1" and answer["strategy"] != "popular"
        assert all(int(i[1:]) % 2 == 0 and int(i[1:]) >= 20 for i in ids(answer)), ids(answer)
        assert ids(board.post(PATH, {"session": "s1", "user": "nobody", "n": 5})) == ids(answer)
        board.train()
    assert ids(board.post(PATH, {"session": "s1", "user": "u3", "n": 5})) == board.recommended("u3", n=5)
    assert board.post(PATH, {"session": "never"})["strategy"] == board.post(PATH, {})["strategy"] == "popular"


def test_ten_thousand_of_each_are_taken_and_one_more_is_not(board):
    many = [f"i{i}" for i in range(10000)]
    answer = board.post(PATH, {"history": [{"item": i} for i in many], "only": many, "exclude": many[:5],
                               "seen": "include", "n": 1000})
    assert len(answer["items"]) == 35
    for name, value in (("only", many + ["x"]), ("exclude", many + ["x"]), ("basket", many + ["x"]),
                        ("history", [{"item": i} for i in many + ["x"]])):
        problem = board.post(PATH, {name: value}, expect=413)
        assert problem["errors"][0]["pointer"] == "/" + name and "10000" in problem["errors"][0]["detail"], problem


@pytest.mark.parametrize("body, status, pointer, says", [
    ([], 400, "", "object"),
    ({"usr": "u1"}, 422, "/usr", "'user'"),
    ({"diversity": 0.5}, 422, "/diversity", "unknown field"),
    ({"user": 3}, 400, "/user", "string"),
    ({"user": ""}, 422, "/user", ""),
    ({"session": "a\u0001"}, 422, "/session", ""),
    ({"session": None}, 400, "/session", "string"),
    ({"n": 0}, 422, "/n", "1 to 1000"),
    ({"n": 1.5}, 400, "/n", "whole"),
    ({"n": "10"}, 400, "/n", "whole"),
    ({"n": 1000, "offset": 1500}, 422, "/offset", "2000"),
    ({"only": "i1"}, 400, "/only", "list"),
    ({"only": ["i1", 2]}, 400, "/only/1", "string"),
    ({"exclude": ["i1", "."]}, 422, "/exclude/1", ""),
    ({"category": 1}, 400, "/category", "list"),
    ({"category": ["a", ""]}, 422, "/category/1", "bytes"),
    ({"seen": "no"}, 422, "/seen", "include"),
    ({"hide_types": ["veiw"]}, 422, "/hide_types/0", "'view'"),
    ({"hide_types": "view"}, 400, "/hide_types", "list"),
    ({"fields": ["titel"]}, 422, "/fields/0", "'title'"),
    ({"model": "nothing"}, 422, "/model", "GET /v1/models"),
    ({"context": {"a": {"b": 1}}}, 400, "/context/a", ""),
    ({"context": []}, 400, "/context", ""),
    ({"history": {"item": "i1"}}, 400, "/history", "list"),
    ({"history": ["i1"]}, 400, "/history/0", "object"),
    ({"history": [{"item": "i1"}, {"type": "like"}]}, 422, "/history/1/item", "missing"),
    ({"history": [{"item": "i1", "tpye": "like"}]}, 422, "/history/0/tpye", "'type'"),
    ({"history": [{"item": "i1", "type": "lik"}]}, 422, "/history/0/type", "'like'"),
    ({"history": [{"item": "i1", "type": "rating"}]}, 422, "/history/0/rating", ""),
    ({"history": [{"item": "i1", "user": "u1"}]}, 422, "/history/0/user", "the one who asks"),
    ({"history": [{"item": "i1", "timestamp": "2999-01-01T00:00:00Z"}]}, 422, "/history/0/timestamp", ""),
    ({"history": [{"item": "i1", "timestamp": "soon"}]}, 422, "/history/0/timestamp", ""),
])
def test_what_is_wrong_is_named_with_its_place(daemon, body, status, pointer, says):
    problem = daemon.post(PATH, body, expect=None)
    assert problem["status"] == status, problem
    place = problem["errors"][0]["pointer"] if pointer else ""
    assert place == pointer and says in str(problem), problem
