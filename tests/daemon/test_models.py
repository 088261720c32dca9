"""The models beside the main one: what is new is known by its content at once, and in lists after the
next round; what is bought together is answered from baskets; guests get what is growing."""
import json
import re
import time

import pytest

SIDE = 40
PLAIN = {"items.auto": "true", "training.gate": "false"}


def put_kinds(daemon, numbers=range(SIDE)):
    """Items of two kinds, by parity."""
    items = [{"id": f"i{i}", "title": f"Number {i}", "categories": [f"kinds/{i % 2}"],
              "attributes": {"colour": ["black", "white"][i % 2]}} for i in numbers]
    answer = daemon.post("/v1/items:batch", items)
    assert answer.get("stored", len(items)) == len(items)


def likes(days_apart=0):
    """User u likes the items of their parity, but for their own."""
    return [{"user": f"u{u}", "item": f"i{i}", "type": "like",
             "timestamp": f"2026-01-{1 + i * days_apart % 28:02}T10:{u % 60:02}:00Z"}
            for u in range(SIDE) for i in range(u % 2, SIDE, 2) if i != u]


@pytest.fixture
def shop(make_daemon):
    daemon = make_daemon(**PLAIN, **{"models.retrievers": "ials,content,cooccurrence",
                                     "models.guests": "trending"}).start()
    put_kinds(daemon)
    daemon.post("/v1/interactions", likes())
    assert daemon.train()["state"] == "published"
    return daemon


def similar(daemon, item, by="content", n=40):
    answer = daemon.get(f"/v1/items/{item}/similar?by={by}&n={n}")
    assert answer["model"] == {"content": "content", "bought_together": "cooccurrence", "behaviour": "item2vec"}.get(by, "ials")
    return [i["id"] for i in answer["items"]]


def test_a_new_item_is_among_its_kind_in_the_next_request(shop):
    before = similar(shop, "i3")
    assert before and "new" not in before
    shop.put("/v1/items/new", {"categories": ["kinds/1"], "attributes": {"colour": "white"}})
    for item in ("i3", "i17", "i39"):
        assert similar(shop, item)[0] == "new"  # the rest have words of their own in the title
    assert set(similar(shop, "new", n=20)) == {f"i{i}" for i in range(1, SIDE, 2)}
    shop.put("/v1/items/newer", {"categories": ["kinds/1"], "attributes": {"colour": "white", "brand": "none before"}})
    assert "newer" in similar(shop, "new") and "new" in similar(shop, "newer")
    shop.put("/v1/items/new", {"categories": ["kinds/0"], "attributes": {"colour": "black"}})
    assert "new" not in similar(shop, "i3", n=20) and similar(shop, "i4")[0] == "new"
    shop.call("DELETE", "/v1/items/new", 204)
    assert "new" not in similar(shop, "i4")


def test_a_new_item_survives_a_restart_before_the_next_round(shop):
    shop.put("/v1/items/new", {"categories": ["kinds/1"], "attributes": {"colour": "white"}})
    shop.kill()
    shop.start()
    assert similar(shop, "i3")[0] == "new"


def test_a_new_item_is_in_lists_of_who_likes_its_kind_after_the_next_round(shop):
    for name, kind in (("black", 0), ("white", 1)):
        shop.put(f"/v1/items/{name}", {"categories": [f"kinds/{kind}"], "attributes": {"colour": name}})
    assert shop.train()["state"] == "published"
    for user in range(8):
        mine = ["black", "white"][user % 2]
        listed = shop.recommended(f"u{user}", n=12, seen="include")
        assert listed[9] == mine  # the tenth place, by models.cold_every
        assert listed == shop.recommended(f"u{user}", n=12, seen="include")
        pages = [shop.recommended(f"u{user}", n=3, offset=o, seen="include") for o in range(0, 12, 3)]
        assert sum(pages, []) == listed
    shop.call("PATCH", "/v1/items/white", json={"hidden": True})
    assert "white" not in shop.recommended("u1", n=40, seen="include")


def test_what_shares_baskets_is_bought_together(make_daemon):
    daemon = make_daemon(**PLAIN, **{
        "models.retrievers": "ials,cooccurrence", "models.cooccurrence.within": "days",
        "models.cooccurrence.from": "view", "models.cooccurrence.to": "purchase"}).start()
    put_kinds(daemon)
    events = []
    for u in range(30):  # who looks at i0 buys i1 the same day, and something else another day
        other = 10 + u % 20
        events += [{"user": f"u{u}", "item": "i0", "type": "view", "timestamp": "2026-01-05T09:00:00Z"},
                   {"user": f"u{u}", "item": "i1", "type": "purchase", "timestamp": "2026-01-05T20:00:00Z"},
                   {"user": f"u{u}", "item": f"i{other}", "type": "view", "timestamp": "2026-01-07T09:00:00Z"}]
    daemon.post("/v1/interactions", events)
    assert daemon.train()["state"] == "published"
    assert similar(daemon, "i0", "bought_together") == ["i1"]
    assert similar(daemon, "i1", "bought_together") == []  # who looks at i1 buys nothing


def test_what_follows_one_another_is_alike_by_behaviour(make_daemon):
    daemon = make_daemon(**PLAIN, **{"models.retrievers": "ials,item2vec", "models.item2vec.window": "2",
                                     "models.item2vec.dimensions": "16"}).start()
    put_kinds(daemon)
    daemon.post("/v1/interactions", [  # each user walks through five neighbours of a circle of twenty
        {"user": f"u{u}", "item": f"i{(u + step) % 20}", "type": "like", "timestamp": f"2026-01-05T09:0{step}:00Z"}
        for u in range(60) for step in range(5)])
    assert daemon.train()["state"] == "published"
    near = {f"i{k}" for k in range(4, 11)}
    assert len(near & set(similar(daemon, "i7", "behaviour")[:4])) >= 3
    assert daemon.get("/v1/items/i7/similar?by=interactions")["model"] == "ials"


def test_orders_are_baskets_where_they_have_ids(make_daemon):
    daemon = make_daemon(**PLAIN, **{"models.retrievers": "ials,cooccurrence",
                                     "models.cooccurrence.within": "orders"}).start()
    put_kinds(daemon)
    events = []
    for u in range(20):  # i0 and i1 in one order; i2 the same minute in another
        for item, order in (("i0", "a"), ("i1", "a"), ("i2", "b"), (f"i{10 + u}", "b")):
            events.append({"user": f"u{u}", "item": item, "type": "purchase", "order_id": f"{order}{u}",
                           "timestamp": "2026-01-05T20:00:00Z"})
    daemon.post("/v1/interactions", events)
    assert daemon.train()["state"] == "published"
    assert similar(daemon, "i0", "bought_together") == ["i1"]


def test_a_likeness_that_no_model_knows_is_refused_with_the_remedy(make_daemon):
    daemon = make_daemon(**PLAIN).start()
    put_kinds(daemon)
    daemon.post("/v1/interactions", likes())
    daemon.train()
    for by, model in (("content", "content"), ("bought_together", "cooccurrence"), ("behaviour", "item2vec")):
        problem = daemon.get(f"/v1/items/i0/similar?by={by}", 422)
        assert f"'{model}'" in problem["detail"] and "models.retrievers" in problem["detail"]
    assert daemon.get("/v1/items/i0/similar?by=interactions")["items"]
    assert "content" in str(daemon.get("/v1/items/i0/similar?by=something", 422))


def test_guests_get_the_model_that_is_named_for_them(shop):
    answer = shop.get("/v1/users/nobody/recommendations?n=5")
    assert answer["strategy"] == "trending" and answer["model"] == "trending" and len(answer["items"]) == 5


def test_a_short_history_is_answered_by_sessions_of_a_moment_ago(make_daemon):
    daemon = make_daemon(**PLAIN, **{"models.retrievers": "ials,sessionknn"}).start()
    put_kinds(daemon)
    daemon.post("/v1/interactions", likes())
    assert daemon.train()["state"] == "published"
    answer = daemon.get("/v1/users/u0/recommendations")
    assert answer["strategy"] == "ials"  # a long history
    daemon.post("/v1/interactions", {"session": "s", "user": "short", "item": "i3", "type": "view"})
    answer = daemon.get("/v1/users/short/recommendations?n=19")
    assert answer["strategy"] == "sessionknn"
    assert {i["id"] for i in answer["items"]} <= {f"i{i}" for i in range(1, SIDE, 2)}
    for other in range(30):  # from now on, who looks at i3 looks at i20
        daemon.post("/v1/interactions", [{"user": f"n{other}", "item": i, "type": "view"} for i in ("i3", "i20")])
    assert "i20" in daemon.recommended("short", n=3)  # without a round, and from no kept list
    daemon.kill()
    daemon.start()
    assert "i20" in daemon.recommended("short", n=3)
    for other in range(30):
        daemon.call("DELETE", f"/v1/users/n{other}", 204)
    assert daemon.get("/v1/users/short/recommendations?n=3")["strategy"] == "sessionknn"
    assert "i20" not in daemon.recommended("short", n=10)


def test_ids_of_256_code_points_are_trained_on_and_answered(make_daemon):
    daemon = make_daemon(**PLAIN, **{
        "models.retrievers": "ials,itemknn,rp3beta,ease,slim,bpr,gfcf,autorec,item2vec,cooccurrence,content,sessionknn",
        "models.item2vec.epochs": "10", "models.item2vec.dimensions": "8", "training.map": "100"}).start()
    long = {i: chr(0x4e00 + i) * 256 for i in range(SIDE)}
    daemon.post("/v1/interactions", [{"user": "u" * 255 + chr(0x4e00 + u), "item": long[i], "type": "like"}
                                     for u in range(SIDE) for i in range(u % 2, SIDE, 2) if i != u])
    assert daemon.train()["state"] == "published"
    for model in ("ials", "itemknn", "rp3beta", "ease", "slim", "bpr", "gfcf", "cooccurrence", "sessionknn"):
        user = "u" * 255 + chr(0x4e00 + 3)
        answer = daemon.call("GET", f"/v1/users/{user}/recommendations", params={"n": 1, "model": model}).json()
        assert [i["id"] for i in answer["items"]] == [long[3]], model
    for model in ("autorec", "item2vec"):  # too few passes to say which is best
        answer = daemon.call("GET", f"/v1/users/{user}/recommendations", params={"n": SIDE, "model": model}).json()
        assert {i["id"] for i in answer["items"]} <= set(long.values()) and answer["items"], model
    for _ in range(12000):
        answer = daemon.get("/v1/map", expect=None)
        if "items" in answer:
            break
        time.sleep(0.05)
    assert {item["id"] for item in answer["items"]} == set(long.values())


def test_each_round_finds_a_model_serves_it_and_keeps_what_it_found(make_daemon):
    """training.models: auto. Catches a round that serves what was not chosen, one that never ends its
    search, and one that leaves nothing for the next."""
    daemon = make_daemon(**PLAIN, **{"training.models": "auto", "training.search_trials": "1",
                                     "training.search_time": "10s"}).start()
    daemon.post("/v1/interactions", likes())
    for _ in range(2):
        version = daemon.train()
        assert version["state"] == "published", version
        winner = re.match(r"Of all models (\w+) is the best on \d+ users", version["reason"])[1]
        answer = daemon.get("/v1/users/u3/recommendations?n=1")
        assert answer["model"] == winner and answer["model_version"] == version["version"]
        assert answer["items"][0]["id"] == "i3"
        manifest = daemon.folder / "snapshots" / str(version["version"]) / "manifest.json"
        assert winner in json.loads(manifest.read_text())["settings"]["found"]
