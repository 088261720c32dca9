"""The graphs of the recommenders, as TensorBoard serves them with both of its loaders.

What this catches: a model that shows none, a setting that the graph does not follow, a round that
shows only the model it fitted last.
"""
import json
import random
import re
import subprocess

import pytest
import requests

from test_tensorboard import BUILD, ROOT, eventually, start  # noqa: F401 (a fixture)

TASTEVIN = BUILD / "cli" / "tastevin"


def run(*words) -> str:
    done = subprocess.run([TASTEVIN, *map(str, words)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def graph_of(board, name):
    """{node: (op, [inputs], parameters)} of the text that the graph page reads."""
    answer = requests.get(f"{board.url}/data/plugin/graphs/graph", params={"run": name}, timeout=20)
    answer.raise_for_status()
    nodes = {}
    for text in re.split(r"^node \{$", answer.text, flags=re.M)[1:]:
        [node] = re.findall(r'^  name: "(.*)"$', text, flags=re.M)
        [op] = re.findall(r'^  op: "(.*)"$', text, flags=re.M)
        parameters = re.search(r'key: "parameters"\s+value \{\s+s: "(\d+)"', text)
        nodes[node] = (op, re.findall(r'^  input: "(.*)"$', text, flags=re.M),
                       int(parameters.group(1)) if parameters else 0)
    return nodes


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("graphs")
    draw = random.Random(3)
    lines = [" ".join([f"u{u}", *(f"i{i}" for i in draw.sample(range(40), 12))]) for u in range(60)]
    (folder / "pairs.txt").write_text("\n".join(lines) + "\n")
    for logs, size in (("small", 4), ("large", 8)):
        run("evaluate", "--train", folder / "pairs.txt", "--format", "pairs", "--split", "random",
            "--logdir", folder / logs,
            "--model", "ials", "--set", f"dimensions={size}", "--set", "epochs=2",
            "--model", "autorec", "--set", f"hidden={size}", "--set", "epochs=2",
            "--model", "item2vec", "--set", f"dimensions={size}", "--set", "epochs=2")
    return folder


@pytest.mark.parametrize("logs, size", [("small", 4), ("large", 8)])
def test_each_recommender_shows_its_graph_with_its_settings(evaluated, start, logs, size):  # noqa: F811
    board = start(evaluated / logs)
    eventually(lambda: sorted(name for name, about in board.get("plugin/graphs/info").items()
                              if about["run_graph"]), ["autorec", "ials", "item2vec"])
    ials = graph_of(board, "ials")
    assert ials["ials/fit_users/solve"][1] == \
        ["ials/fit_users/gram", "ials/items/vectors", "ials/inputs/confidences"]
    assert ials["ials/users/vectors"][2] == 60 * size and ials["ials/items/vectors"][2] == 40 * size
    autorec = graph_of(board, "autorec")
    assert autorec["autorec/decoder/product"][1] == ["autorec/encoder/hidden", "autorec/decoder/weights"]
    assert sum(parameters for _, _, parameters in autorec.values()) == 2 * 40 * size + size + 40
    item2vec = graph_of(board, "item2vec")
    assert item2vec["item2vec/loss/sum"][1] == ["item2vec/loss/observed", "item2vec/loss/noise"]
    assert item2vec["item2vec/vectors/inputs"][2] == 40 * size
    for nodes in (ials, autorec, item2vec):
        assert {name for _, inputs, _ in nodes.values() for name in inputs} <= set(nodes)


def test_a_round_shows_every_model_of_its_in_one_graph(tmp_path, start):  # noqa: F811
    run("import", "movielens", ROOT / "demo" / "ml-latest-small", "--data", tmp_path / "data")
    outcome = json.loads(run("train", "--data", tmp_path / "data", "--json",
                             "--set", "models.retrievers=ials,item2vec",
                             "--set", "models.ials.dimensions=8", "--set", "models.ials.epochs=2",
                             "--set", "models.item2vec.dimensions=8", "--set", "models.item2vec.epochs=1"))
    assert outcome["version"] == 1
    board = start(tmp_path / "data" / "tensorboard")
    eventually(lambda: board.get("plugin/graphs/info").get("round-000001", {}).get("run_graph"), True)

    def scopes():
        return {name.split("/")[0] for name in graph_of(board, "round-000001")}
    eventually(lambda: {"ials", "item2vec"} <= scopes(), True)
    nodes = graph_of(board, "round-000001")
    assert len([name for name in nodes if name.endswith("users/vectors")]) == 1
    assert nodes["ials/users/vectors"][2] == 8 * 610
