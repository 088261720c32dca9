"""Predicted ratings: by autorec where it is configured, by means without it; the last rating counts at once, and
what cannot be predicted is refused with a sentence."""
import pytest

from conftest import put_items

USERS, ITEMS = 60, 40


def rating(user: int, item: int) -> int:
    return 5 if (user + item) % 2 == 0 else 1


def post(daemon) -> None:
    """Everyone rates what is of the same kind 5 and the rest 1, and leaves a tenth out."""
    put_items(daemon, ITEMS)
    for user in range(USERS):
        daemon.post("/v1/interactions", [
            {"user": f"u{user}", "item": f"i{item}", "type": "rating", "rating": rating(user, item)}
            for item in range(ITEMS) if (user * 3 + item) % 10])


def predicted(daemon, user: str, item: str, expect: int = 200, query: str = "") -> dict:
    return daemon.get(f"/v1/users/{user}/items/{item}/prediction{query}", expect=expect)


@pytest.fixture
def rated(make_daemon):
    daemon = make_daemon(**{"models.retrievers": "ials,autorec", "models.autorec.loss": "ratings",
                            "models.autorec.lambda": "1"}).start()
    post(daemon)
    assert daemon.train()["state"] in ("published", "refused")
    return daemon


def test_ratings_are_predicted_and_the_last_one_counts(rated):
    for user, item in ((1, 7), (2, 4), (4, 8)):
        assert (user * 3 + item) % 10 == 0
        answer = predicted(rated, f"u{user}", f"i{item}")
        assert answer["scale"] == {"low": 1, "high": 5} and answer["model"] == "autorec"
        assert abs(answer["rating"] - rating(user, item)) < 1.5, answer
    rated.post("/v1/interactions", [{"user": "new", "item": f"i{item}", "type": "rating", "rating": rating(0, item)}
                                    for item in range(2, 12)])
    assert predicted(rated, "new", "i20")["rating"] > predicted(rated, "new", "i21")["rating"] + 1
    by_means = predicted(rated, "new", "i20", query="?model=popular")
    assert by_means["model"] == "popular" and 1 <= by_means["rating"] <= 5


def test_what_cannot_be_predicted_is_refused_with_a_sentence(rated):
    assert "there is no user 'nobody'" in predicted(rated, "nobody", "i1", expect=404)["detail"]
    assert "there is no item 'nothing'" in predicted(rated, "u1", "nothing", expect=404)["detail"]
    assert "predicts no ratings" in predicted(rated, "u1", "i1", expect=409, query="?model=ials")["detail"]
    assert predicted(rated, "u1", "i1", expect=422, query="?model=magic")["status"] == 422


def test_without_ratings_nothing_is_predicted(make_daemon):
    daemon = make_daemon(**{"models.retrievers": "ials,autorec", "models.autorec.loss": "ratings"}).start()
    put_items(daemon, 20)
    daemon.post("/v1/interactions", [{"user": f"u{user}", "item": f"i{item}", "type": "like"}
                                     for user in range(20) for item in range(user % 2, 20, 2)])
    daemon.train()
    assert "trained on ratings" in predicted(daemon, "u1", "i1", expect=409)["detail"]
