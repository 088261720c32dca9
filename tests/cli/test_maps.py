"""`tastevin map`: the items of a snapshot on a plane."""
import json
import re
import signal
import subprocess

from conftest import BINARY, run


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


def vectors(folder, words):
    """Numbers near each other, letters near each other, rubbish anywhere."""
    path = folder / "vectors.txt"
    rows = [f"{word} {i % 2} {1 - i % 2} {(i * 7 % 11) / 100} 0.01" for i, word in enumerate(words)]
    path.write_text(f"{len(words)} 4\n" + "\n".join(rows) + "\n")
    return path


def test_words_of_a_file_are_mapped_by_what_they_stand_for(tmp_path):
    words = [f"word{i}" for i in range(60)]
    path, svg, png = vectors(tmp_path, words), tmp_path / "w.svg", tmp_path / "w.png"
    told = run("map", "--vectors", path, "--skip", 10, "--number", 40, "--json", "--out", svg, "--out", png)
    places = json.loads(told.stdout)
    assert "model" not in places and [word["id"] for word in places["words"]] == words[10:50]
    at = {word["id"]: (word["x"], word["y"]) for word in places["words"]}
    for name, (x, y) in at.items():
        near = min((other for other in at if other != name), key=lambda o: (at[o][0] - x) ** 2 + (at[o][1] - y) ** 2)
        assert int(near[4:]) % 2 == int(name[4:]) % 2, (name, near)
    assert svg.read_bytes().startswith(b"<?xml") and png.read_bytes().startswith(b"\x89PNG")
    assert re.search(r"w.png: 40 words, [1-4]\d of them with their names", told.stderr), told.stderr
    again = run("map", "--vectors", path, "--skip", 10, "--number", 40, "--json", "--threads", 1)
    assert again.stdout == told.stdout
    few = run("map", "--vectors", path, "--labels", 3, "--out", svg)
    assert "60 words, 3 of them" in few.stderr and few.stdout.startswith("60 words; divergence")


def test_words_that_cannot_be_mapped_are_said_with_the_remedy(tmp_path):
    path = vectors(tmp_path, ["one"])
    assert json.loads(run("map", "--vectors", path, "--json").stdout)["words"] == [{"id": "one", "x": 0, "y": 0}]
    assert "--skip 5" in run("map", "--vectors", path, "--skip", 5, "--json", status=1).stderr
    assert "one of both" in run("map", "--vectors", path, "--data", tmp_path, "--json", status=2).stderr
    assert "--vectors" in run("map", "--skip", 5, "--json", status=2).stderr
    path.write_bytes(b"\x00\xff rubbish")
    assert str(path) in run("map", "--vectors", path, "--json", status=1).stderr


def test_an_interrupt_ends_a_map_and_says_how_far_it_came(tmp_path):
    path = vectors(tmp_path, [f"word{i}" for i in range(300)])
    job = subprocess.Popen([BINARY, "map", "--vectors", path, "--iterations", "100000", "--out", tmp_path / "m.svg"],
                           stderr=subprocess.PIPE, text=True)
    assert any("drawing the map" in line for line in job.stderr)
    job.send_signal(signal.SIGINT)
    _, told = job.communicate(timeout=60)
    assert job.returncode not in (0, -signal.SIGINT) and "stopped" in told, (job.returncode, told)
    assert not (tmp_path / "m.svg").exists()
