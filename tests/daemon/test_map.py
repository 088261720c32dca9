"""GET /v1/map: drawn after a round, kept beside the snapshot, of what may be shown now."""
import shutil
import time

from conftest import checkerboard

ITEMS = 40


def post(daemon) -> None:
    daemon.post("/v1/items:batch", [{"id": f"i{i}", "title": f"Item {i}", "categories": [f"kind/{i % 2}", "all"]}
                                    for i in range(ITEMS)])
    daemon.post("/v1/interactions", checkerboard(items=ITEMS))


def map_of(daemon, query: str = "") -> dict:
    """Waits until it is drawn."""
    for _ in range(12000):
        answer = daemon.get(f"/v1/map{query}", expect=None)
        if "items" in answer:
            return answer
        assert "being drawn" in answer["detail"], answer
        time.sleep(0.05)
    raise AssertionError("the map was never drawn")


def places(answer: dict) -> dict:
    return {item["id"]: (item["x"], item["y"]) for item in answer["items"]}


def test_items_that_are_alike_lie_together(make_daemon):
    daemon = make_daemon(**{"training.map": "20000"}).start()
    post(daemon)
    version = daemon.train()["version"]
    answer = map_of(daemon)
    assert answer["model"] == "ials" and answer["model_version"] == version and answer["cut"] is False
    assert len(answer["items"]) == ITEMS and set(answer["items"][0]) == {"id", "x", "y", "category"}
    at = places(answer)
    assert all(item["category"] == f"kind/{int(item['id'][1:]) % 2}" for item in answer["items"])
    for name, (x, y) in at.items():
        nearest = min((other for other in at if other != name),
                      key=lambda other: (at[other][0] - x) ** 2 + (at[other][1] - y) ** 2)
        assert int(nearest[1:]) % 2 == int(name[1:]) % 2, (name, nearest)
    assert daemon.stop() == 0
    file = daemon.folder / "snapshots" / str(version) / "map.tvs"
    drawn = file.stat().st_mtime_ns
    daemon.start()
    assert places(map_of(daemon)) == at, "the same file answers after a restart"
    assert file.stat().st_mtime_ns == drawn


def test_what_may_not_be_shown_is_left_out_at_once(make_daemon):
    daemon = make_daemon(**{"training.map": "20000"}).start()
    post(daemon)
    daemon.train()
    before = places(map_of(daemon))
    daemon.call("DELETE", "/v1/items/i3", 204)
    daemon.call("PATCH", "/v1/items/i4", 200, json={"hidden": True})
    daemon.call("PATCH", "/v1/items/i5", 200, json={"expires_at": "2001-01-01T00:00:00Z"})
    daemon.call("PATCH", "/v1/items/i6", 200, json={"categories": ["elsewhere"]})
    answer = map_of(daemon, "?fields=title")
    assert places(answer) == {name: at for name, at in before.items() if name not in ("i3", "i4", "i5")}
    assert all(item["title"] == f"Item {item['id'][1:]}" for item in answer["items"])
    assert [item["id"] for item in map_of(daemon, "?category=elsewhere")["items"]] == ["i6"]
    kinds = map_of(daemon, "?category=kind/0&category=elsewhere")["items"]
    assert {item["id"] for item in kinds} == {f"i{i}" for i in range(0, ITEMS, 2)} - {"i4"}
    few = map_of(daemon, "?n=5")["items"]
    assert [item["id"] for item in few] == [item["id"] for item in map_of(daemon)["items"]][:5]
    assert daemon.get("/v1/map?n=0", expect=422) and daemon.get("/v1/map?fields=titel", expect=422)


def test_without_a_map_the_answer_says_why_and_what_to_do(make_daemon):
    off = make_daemon("off").start()
    assert "POST /v1/training" in off.get("/v1/map", expect=404)["detail"]
    post(off)
    off.train()
    assert "training.map" in off.get("/v1/map", expect=404)["detail"]
    without = make_daemon("without", **{"training.map": "100", "models.retrievers": "itemknn"}).start()
    post(without)
    without.train()
    for _ in range(12000):
        detail = without.get("/v1/map", expect=404)["detail"]
        if "being drawn" not in detail:
            break
        time.sleep(0.05)
    assert "models.retrievers" in detail, detail


def test_of_too_many_items_the_most_popular_stay(make_daemon):
    daemon = make_daemon(**{"training.map": "7"}).start()
    post(daemon)
    daemon.post("/v1/interactions", [{"user": f"more{u}", "item": f"i{i}", "type": "like"}
                                     for u in range(20) for i in range(7)])
    daemon.train()
    assert {item["id"] for item in map_of(daemon)["items"]} == {f"i{i}" for i in range(7)}


def test_a_broken_map_is_drawn_again_and_harms_nothing(make_daemon):
    daemon = make_daemon(**{"training.map": "20000"}).start()
    post(daemon)
    version = daemon.train()["version"]
    whole = places(map_of(daemon))
    path = daemon.folder / "snapshots" / str(version) / "map.tvs"
    daemon.stop()
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    daemon.start()
    assert places(map_of(daemon)) == whole, "the same snapshot and seed give the same map"
    assert daemon.get("/readyz")["model_version"] == version
    path.unlink()
    assert "drawn again when the daemon starts" in daemon.get("/v1/map", expect=404)["detail"]


def test_a_daemon_that_draws_stops_and_trains_at_once(make_daemon, demo_folder, tmp_path):
    shutil.copytree(demo_folder, tmp_path / "data")
    daemon = make_daemon(**{"training.map": "20000", "items.auto": "true"}).start()
    for _ in range(2):
        version = daemon.train()["version"]
        assert "being drawn" in daemon.get("/v1/map", expect=404)["detail"]
    assert daemon.stop() == 0
    assert not (daemon.folder / "snapshots" / str(version) / "map.tvs").exists()
    daemon.start("--set", "training.map=300")  # fewer: idle workers get little of a busy machine
    assert len(map_of(daemon)["items"]) == 300
