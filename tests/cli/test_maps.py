"""`tastevin map`: the items of a snapshot on a plane."""
import json

from conftest import run


def places(demo, *words, number=300):
    words = ["--iterations", 60, "--number", number, *words]
    return json.loads(run("map", "--data", demo, "--json", *words).stdout)


def test_the_same_snapshot_gives_the_same_map_for_any_number_of_threads(demo):
    one, two = places(demo, "--threads", "1"), places(demo, "--threads", "2")
    assert one == two
    assert len(one["items"]) == 300
    assert .5 < one["trustworthiness"] <= 1 and .5 < one["continuity"] <= 1
    assert {"id", "x", "y", "category"} == set(one["items"][0])


def test_pictures_are_written_by_their_ending(demo, tmp_path):
    svg, png = tmp_path / "map.svg", tmp_path / "map.png"
    run("map", "--data", demo, "--iterations", "20", "--number", "100", "--out", svg, "--out", png)
    assert svg.read_bytes().startswith(b"<?xml")
    assert png.read_bytes().startswith(b"\x89PNG")


def test_a_perplexity_past_the_items_and_one_item_are_sensible(demo):
    assert places(demo, "--perplexity", "1000")["perplexity"] < 100
    alone = places(demo, number=1)["items"]
    assert [(item["x"], item["y"]) for item in alone] == [(0, 0)]


def test_what_cannot_be_drawn_is_said_with_its_remedy(demo, tmp_path):
    assert "--out" in run("map", "--data", demo, status=2).stderr
    assert ".svg" in run("map", "--data", demo, "--out", "map.gif", status=2).stderr
    assert "popular" in run("map", "--data", demo, "--json", "--model", "popular", status=1).stderr
    run("import", "csv", "--columns", "user,item", "--type", "click", "-", "--data", tmp_path / "new", input="a,b\n")
    assert "tastevin train" in run("map", "--data", tmp_path / "new", "--json", status=1).stderr
