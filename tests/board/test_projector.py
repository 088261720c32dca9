"""Vectors of `tastevin embed` as TensorBoard's projector serves them, with both of its loaders.

What this catches: a configuration that TensorBoard does not find, labels of other rows than the
vectors', numbers changed on the way.
"""
import struct

import requests

from test_rounds import run
from test_tensorboard import eventually, start  # noqa: F401 (a fixture)

LINES = "wine bread cheese wine\nbread wine cheese olives\n" * 200


def test_the_projector_shows_every_vector_with_its_label(tmp_path, start):  # noqa: F811
    (tmp_path / "text").write_text(LINES)
    run("embed", "--text", tmp_path / "text", "--out", tmp_path / "out", "--dimensions", 5,
        "--logdir", tmp_path / "logs")
    (name,) = [folder.name for folder in (tmp_path / "logs").glob("vectors-*")]
    rows = [line.split() for line in (tmp_path / "out" / "vectors.txt").read_text().splitlines()[1:]]
    board = start(tmp_path / "logs")
    eventually(lambda: board.get("plugin/projector/runs"), [name])
    (shown,) = board.get("plugin/projector/info", run=name)["embeddings"]
    assert shown["tensorName"] == "vectors" and shown["tensorShape"] == [4, 5]

    def fetch(what, **more):
        answer = requests.get(f"{board.url}/data/plugin/projector/{what}",
                              params={"run": name, "name": "vectors", **more}, timeout=20)
        answer.raise_for_status()
        return answer.content

    numbers = struct.unpack("<20f", fetch("tensor", num_rows=4))
    wanted = [float(x) for row in rows for x in row[1:]]
    assert [struct.pack("<f", x) for x in wanted] == [struct.pack("<f", x) for x in numbers]
    head, *labels = fetch("metadata", num_rows=4).decode().splitlines()
    assert head == "name\tcount" and [label.split("\t")[0] for label in labels] == [row[0] for row in rows]
    # the losses stand in a run of their own
    (losses,) = [r for r, tags in board.tags("scalars").items() if "fit/loss" in tags]
    assert losses.startswith("embed-")
