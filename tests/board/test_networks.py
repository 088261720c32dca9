"""A network that is fitted with --logdir, as TensorBoard shows it with both of its loaders.

What this catches: a graph without the layer that was asked for, layers that are not watched, a look
that changes the model.
"""
import csv
import random
import subprocess

import pytest
import requests

from test_tensorboard import BUILD, eventually, start  # noqa: F401 (a fixture)

SPEC = """\
label: {column: bought, positive: "yes"}
features:
  age:  {type: numeric, normalize: standard}
  city: {type: categorical, embedding: 4}
  age bucket: {type: bucketized, column: age, boundaries: [30, 50], feeds: none}
  age x city: {type: crossed, of: [age bucket, city], buckets: 100}
model: {epochs: 4, batch: 64, patience: 0}
"""
CITIES = ["Paris", "Rome", "Oslo"]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    draw = random.Random(1)
    with open(folder / "train.csv", "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["age", "city", "bought"])
        for _ in range(2000):
            age, city = draw.randint(18, 80), draw.choice(CITIES)
            table.writerow([age, city, "yes" if (age > 50) == (city == "Rome") else "no"])
    (folder / "spec.yaml").write_text(SPEC)
    for name, *words in (("two", "--set", "hidden=16-8", "--time-every", "2"), ("three", "--set", "hidden=16-8-4"),
                         ("unseen", "--set", "hidden=16-8", "--watch-every", "0")):
        done = subprocess.run(
            [BUILD / "cli" / "tastevin", "fit", "--spec", folder / "spec.yaml", "--train",
             folder / "train.csv", "--out", folder / name, "--logdir", folder / "logs",
             "--set", "validation=0.2", *words], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    return folder


def test_the_layers_are_those_of_the_settings(fitted, start):  # noqa: F811
    board = start(fitted / "logs")
    eventually(lambda: sorted(run for run, about in board.get("plugin/graphs/info").items()
                              if about["run_graph"]), ["three", "two", "unseen"])
    graphs = {run: requests.get(f"{board.url}/data/plugin/graphs/graph", params={"run": run},
                                timeout=20).text for run in ("two", "three")}
    for run, graph in graphs.items():
        assert 'name: "crosses/age_x_city"' in graph
        assert 'name: "deep/layer_1/relu"' in graph
        assert ('name: "deep/layer_2/relu"' in graph) == (run == "three")
    eventually(lambda: set(board.tags("histograms")), {"two", "three"})
    assert {"weights/layer_0_weights", "gradients/layer_0_weights", "weights/embedding/city"} <= \
        board.tags("histograms")["two"]
    tags = board.tags("scalars")
    assert {"gradient_norm/layer_1_weights", "update_ratio/wide", "dead_relus/layer_0"} <= tags["two"]
    assert "dead_relus/layer_2" in tags["three"]
    assert not any(tag.startswith("gradient_norm") for tag in tags["unseen"])
    eventually(lambda: [point["step"] for point in
                        board.get("plugin/pr_curves/pr_curves", run="two", tag="eval/pr")["two"]],
               [1, 2, 3, 4])


def test_looking_changes_no_byte_of_the_model(fitted):
    [two, unseen] = [(fitted / name / "model.bin") if (fitted / name / "model.bin").exists() else
                     sorted(p for p in (fitted / name).iterdir() if p.suffix != ".json")[0]
                     for name in ("two", "unseen")]
    assert two.name == unseen.name and two.read_bytes() == unseen.read_bytes()


def test_the_trials_of_a_search_are_rows_with_their_settings(tmp_path, start):  # noqa: F811
    """What this catches: a trial without its parameters or its figure."""
    draw = random.Random(2)
    lines = [" ".join([f"u{u}", *(f"i{i}" for i in sorted(draw.sample(range(40), 12)))]) for u in range(60)]
    (tmp_path / "pairs.txt").write_text("\n".join(lines) + "\n")
    done = subprocess.run(
        [BUILD / "cli" / "tastevin", "evaluate", "--train", tmp_path / "pairs.txt", "--format", "pairs", "--split",
         "random", "--model", "itemknn", "--search", "3", "--logdir", tmp_path / "logs"],
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    board = start(tmp_path / "logs")
    names = [f"search-itemknn-{n:03}" for n in range(3)]
    eventually(lambda: set(names) <= set(board.tags("scalars")), True)
    asked = {"colParams": [], "allowedStatuses": ["STATUS_SUCCESS"], "startIndex": 0, "sliceSize": 100}
    answer = requests.post(f"{board.url}/data/plugin/hparams/session_groups", json=asked, timeout=20)
    groups = answer.json()["sessionGroups"]
    found = [group["hparams"] for group in groups if "shrinkage" in group["hparams"]]
    assert len(found) == 3 and len({str(sorted(values.items())) for values in found}) == 3
