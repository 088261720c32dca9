"""Two stages in the daemon: where order decides a round publishes a ranker, where it means nothing it
does not; answers stay whole, count the last click, and go on by one stage when the ranker's file breaks."""
import random

import pytest

from conftest import put_items

USERS, ITEMS, STEPS = 240, 150, 24


def stamp(step: int, user: int) -> str:
    hours = step + 1
    return f"2026-01-{1 + hours // 24:02}T{hours % 24:02}:{user % 60:02}:00Z"


def walks(user: int) -> list[str]:
    """Around a ring of items: only the newest one tells which come next."""
    draw = random.Random(user)
    at, path = draw.randrange(ITEMS), []
    for _ in range(STEPS):
        path.append(f"i{at}")
        at = (at + draw.randint(1, 3)) % ITEMS
    return path


def post(daemon, path_of) -> None:
    put_items(daemon, ITEMS)
    for user in range(USERS):
        daemon.post("/v1/interactions", [
            {"user": f"u{user}", "item": item, "type": "like", "timestamp": stamp(step, user)}
            for step, item in enumerate(path_of(user))])


@pytest.fixture
def ranked(make_daemon):
    daemon = make_daemon(**{"models.ranker": "wide_deep", "items.auto": "true"}).start()
    post(daemon, walks)
    return daemon


def test_two_stages_serve_where_order_decides(ranked):
    version = ranked.train()
    ranker = version["report"]["ranker"]
    assert version["state"] == "published" and ranker["published"] and not ranker["calibrated"]
    assert "both stages serve" in version["reason"]
    assert 0 < ranker["over_retrieval"][0] <= ranker["over_retrieval"][1]
    whole = ranked.get("/v1/users/u1/recommendations?n=1000")
    assert whole["strategy"] == "ials+wide_deep" and whole["score_kind"] == "preference"
    ids = [item["id"] for item in whole["items"]]
    assert len(ids) == len(set(ids)) == whole["eligible"] == ITEMS - len(set(walks(1)))
    scores = [item["score"] for item in whole["items"]]
    assert scores == sorted(scores, reverse=True)
    pages = [ranked.recommended("u1", n=10, offset=at) for at in range(0, len(ids), 10)]
    assert sum(pages, []) == ids
    last = int(walks(1)[-1][1:])
    near = {f"i{(last + step) % ITEMS}" for step in range(1, 13)}
    assert len(near & set(ids[:5])) >= 3, ids[:5]


def test_the_last_click_moves_what_comes_next(ranked):
    ranked.train()
    far = (int(walks(2)[-1][1:]) + ITEMS // 2) % ITEMS
    ranked.post("/v1/interactions", {"user": "u2", "item": f"i{far}", "type": "like"})
    answer = ranked.get("/v1/users/u2/recommendations?n=10")
    assert answer["strategy"] == "fold_in+wide_deep"
    assert f"i{far}" not in [item["id"] for item in answer["items"]]


def test_one_stage_serves_where_order_means_nothing(make_daemon):
    daemon = make_daemon(**{"models.ranker": "wide_deep"}).start()

    def tastes(user: int) -> list[str]:
        draw = random.Random(1000 + user)
        group = [f"i{i}" for i in range(ITEMS) if i % 5 == user % 5]
        return draw.sample(group, STEPS)

    post(daemon, tastes)
    version = daemon.train()
    assert version["state"] == "published" and not version["report"]["ranker"]["published"]
    assert "one stage serves" in version["reason"]
    assert daemon.get("/v1/users/u1/recommendations")["strategy"] == "ials"


def test_a_broken_ranker_leaves_the_first_stage(ranked):
    version = ranked.train()["version"]
    assert ranked.stop() == 0
    path = ranked.folder / "snapshots" / str(version) / "ranker.tvs"
    with open(path, "r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"broken")
    ranked.start()
    assert "ranker_broken" in ranked.log.read_text()
    answer = ranked.get("/v1/users/u1/recommendations?n=1000")
    assert answer["strategy"] == "ials" and len(answer["items"]) == answer["eligible"]


def test_a_ranker_survives_a_restart(ranked):
    ranked.train()
    before = ranked.get("/v1/users/u3/recommendations?n=20")
    assert ranked.stop() == 0
    ranked.start()
    after = ranked.get("/v1/users/u3/recommendations?n=20")
    assert [i["id"] for i in before["items"]] == [i["id"] for i in after["items"]]
    assert after["strategy"] == "ials+wide_deep"
