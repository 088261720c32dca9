"""Faults that are planted in a fit, each seen where docs/tensorboard.md says, with both loaders.

What these catch: a number that is none, a dead layer, a rate that explodes or a column that knows the
label, of which nothing is to be seen.
"""
import csv
import random
import re
import subprocess

import pytest

from test_tensorboard import BUILD, eventually, start  # noqa: F401 (a fixture)

SPEC = """\
label: {column: bought, positive: "yes"}
features:
  age:  {type: numeric, normalize: %s}
  city: {type: categorical, embedding: 4}
%s
model: {epochs: 4, batch: 64, patience: 0, hidden: "16-8", validation: 0.2}
"""
LEAK = "  outcome: {type: categorical, embedding: 2}"
FAR = (7, 500, 1500)  # rows with a number near the greatest that a float holds


def table(path, rows, *columns):
    with open(path, "w", newline="") as out:
        csv.writer(out).writerows([["age", "city", "bought", *columns], *rows])


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    """A log directory with a run for each fault; what each fit said, by its name."""
    folder = tmp_path_factory.mktemp("faults")
    draw = random.Random(1)
    rows = []
    for _ in range(2000):
        age, city = draw.randint(18, 80), draw.choice(["Paris", "Rome", "Oslo"])
        rows.append([age, city, "yes" if ((age > 50) == (city == "Rome")) != (draw.random() < 0.2) else "no"])
    table(folder / "sane.csv", rows)
    table(folder / "far.csv", [["3e38", *row[1:]] if i in FAR else row for i, row in enumerate(rows)])
    table(folder / "leak.csv", [[*row, "paid" if row[2] == "yes" else "open"] for row in rows], "outcome")
    for name, normalize, more in (("sane", "standard", ""), ("raw", "none", ""), ("leak", "standard", LEAK)):
        (folder / f"{name}.yaml").write_text(SPEC % (normalize, more))
    said = {}
    for name, spec, data, *words in (("sane", "sane", "sane"), ("nan", "raw", "far"),
                                     ("checked", "raw", "far", "--debug-numerics"),
                                     ("dead", "sane", "sane", "--mode", "deep", "--set", "deep_rate=10"),
                                     ("fast", "sane", "sane", "--set", "deep_rate=1"),
                                     ("exploding", "sane", "sane", "--set", "deep_rate=1000"),
                                     ("leak", "leak", "leak")):
        done = subprocess.run(
            [BUILD / "cli" / "tastevin", "fit", "--spec", folder / f"{spec}.yaml", "--train", folder / f"{data}.csv",
             "--out", folder / name, "--logdir", folder / "logs", *words],
            capture_output=True, text=True, timeout=120)
        assert (done.returncode == 0) == (name not in ("nan", "checked", "exploding")), done.stderr
        said[name] = done.stderr
    return folder / "logs", said


@pytest.fixture
def board(faults, start):  # noqa: F811
    board = start(faults[0])
    eventually(lambda: set(board.tags("scalars")), set(faults[1]))
    return board


@pytest.mark.parametrize("run", ["nan", "checked"])
def test_a_number_that_is_none_is_told_with_what_led_there(faults, board, run):
    """On the page of texts: the tensor, the step and the batch; on that of histograms what there was."""
    [(tensor, step, batch)] = re.findall(r"; (\S+) is not finite .* in step (\d+), batch (\d+) ", faults[1][run])
    eventually(lambda: len(board.texts(run, "debug/numerics")), 1)
    [(epoch, html)] = board.texts(run, "debug/numerics")
    assert epoch == 1 and f"step {step}, batch {batch} of the epoch" in html
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", html, flags=re.S)]
    [numbers] = [row[2] for row in cells if row and row[0] == tensor]
    assert int(numbers) > 0
    losses = [(int(row[0]), float(row[1])) for row in cells if len(row) == 2]
    assert [at for at, _ in losses] == list(range(1, int(step) + 1))
    assert losses[0][1] < 100 < max(loss for _, loss in losses if loss == loss)
    assert {"weights/layer_0_weights", "gradients/layer_0_weights"} <= board.tags("histograms")[run]


def test_the_check_after_each_step_names_the_one_that_broke(faults):
    """Without it the next batch is where the loss is no number any more."""
    steps = {run: int(re.search(r"in step (\d+),", faults[1][run]).group(1)) for run in ("nan", "checked")}
    assert steps["checked"] == steps["nan"] - 1


def test_a_dead_layer_is_seen_among_the_scalars(board):
    assert {value for _, value in board.scalars("dead", "dead_relus/layer_1")} == {1.0}
    assert {value for _, value in board.scalars("dead", "gradient_norm/layer_0_weights")} == {0.0}
    assert max(value for _, value in board.scalars("sane", "dead_relus/layer_1")) < 0.5
    assert min(value for _, value in board.scalars("sane", "gradient_norm/layer_0_weights")) > 0


def test_a_rate_that_is_too_high_is_seen_in_the_length_of_steps(board):
    layers = ("layer_0_weights", "layer_1_weights", "output")
    first = {run: [board.scalars(run, f"update_ratio/{layer}")[0][1] for layer in layers]
             for run in ("sane", "fast")}
    assert max(first["sane"]) < 0.02
    assert min(first["fast"]) > 0.1


def test_a_rate_that_explodes_leaves_the_step_where_it_did(board):
    eventually(lambda: len(board.texts("exploding", "debug/numerics")), 1)
    [(_, html)] = board.texts("exploding", "debug/numerics")
    [(step, loss)] = re.findall(r"worst batch of the epoch was that of step (\d+): (\S+)\.", html)
    assert int(step) < 10 and float(loss) > 1e6
    assert board.scalars("exploding", "dead_relus/layer_1") == [(1, 1.0)]


def test_a_label_leak_is_a_curve_in_the_corner(board):
    def nearest(run):
        """How near to the corner where both are 1 the last curve comes."""
        [*_, curve] = board.get("plugin/pr_curves/pr_curves", run=run, tag="eval/pr")[run]
        return max(map(min, curve["precision"], curve["recall"]))
    eventually(lambda: board.get("plugin/pr_curves/tags").keys() >= {"leak", "sane"}, True)
    assert nearest("leak") > 0.99
    assert nearest("sane") < 0.85
    assert board.scalars("leak", "eval/auc")[-1][1] > 0.99
    assert board.scalars("sane", "eval/auc")[-1][1] < 0.9
