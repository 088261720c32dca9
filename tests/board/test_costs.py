"""What each operation of a step costs, as TensorBoard's graph page gets it with both of its loaders.

What these catch: costs of nodes that the graph does not have, so that the page colours nothing; a fit
or a round that tells none; values that come back changed.
"""
import json
import re
import subprocess

import pytest
import requests
from google.protobuf import text_format
from tensorboard.compat.proto import config_pb2

from test_graphs import graph_of
from test_networks import fitted  # noqa: F401 (a fixture)
from test_tensorboard import BUILD, ROOT, eventually, start, write  # noqa: F401 (a fixture)

TASTEVIN = BUILD / "cli" / "tastevin"


def run(*words, codes=(0,)) -> str:
    done = subprocess.run([TASTEVIN, *map(str, words)], capture_output=True, text=True, timeout=300)
    assert done.returncode in codes, done.stderr
    return done.stdout


def costs_of(board, name, tag):
    """{node: (microseconds, bytes)} of the text that the page reads."""
    answer = requests.get(f"{board.url}/data/plugin/graphs/run_metadata",
                          params={"run": name, "tag": tag}, timeout=20)
    answer.raise_for_status()
    metadata = text_format.Parse(answer.text, config_pb2.RunMetadata())
    [device] = metadata.step_stats.dev_stats
    return {node.node_name: (node.all_end_rel_micros, sum(m.total_bytes for m in node.memory))
            for node in device.node_stats}


def told(board, name):
    about = board.get("plugin/graphs/info").get(name, {"tags": {}})
    return sorted(tag for tag, has in about["tags"].items() if has["profile"])


def test_what_was_written_is_what_is_served(tmp_path, start):  # noqa: F811
    write(tmp_path, [("run", "r", 0), ("graph", "x", "deep/layer 0/product"),
                     ("costs", "deep/layer 0/product", "pass 1", 2500400, 1 << 40),
                     ("costs", "deep/layer 0/product", "pass 10", 1, 0),
                     ("costs", "deep/layer 0/product", "pass 1", 9999999, 9)])
    board = start(tmp_path)
    eventually(lambda: told(board, "r"), ["pass 1", "pass 10"])
    assert costs_of(board, "r", "pass 1") == {"deep/layer_0/product": (2500, 1 << 40)}
    assert costs_of(board, "r", "pass 10") == {"deep/layer_0/product": (1, 0)}


def test_a_fit_tells_where_the_time_of_a_step_goes(fitted, start):  # noqa: F811
    board = start(fitted / "logs")
    eventually(lambda: [told(board, name) for name in ("two", "three", "unseen")],
               [["pass 1", "pass 2", "pass 4"], ["pass 1"], ["pass 1"]])
    for name, tag in (("two", "pass 4"), ("three", "pass 1")):
        nodes, costs = graph_of(board, name), costs_of(board, name, tag)
        assert set(costs) <= set(nodes)
        layers = [n for n in nodes if re.fullmatch(r"deep/layer_\d/product", n)]
        assert len(layers) == (2 if name == "two" else 3)
        for node in [*layers, "features/age", "crosses/age_x_city", "wide/city/product", "loss/log_loss",
                     "deep/embeddings/city/mean", "train/ftrl", "logit/sum"]:
            assert costs[node][0] > 0, node
        for node, (_, inputs, parameters) in nodes.items():
            if parameters:
                assert costs[node][1] >= 2 * 4 * parameters, node


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A data directory with two rounds: of all models that have a graph, with wide & deep as the second
    stage and every second pass measured, and one that measures nothing."""
    data = tmp_path_factory.mktemp("costs") / "data"
    run("import", "movielens", ROOT / "demo" / "ml-latest-small", "--data", data)
    few = ["--set", "models.ials.dimensions=8", "--set", "models.ials.epochs=2", "--set", "training.map=0"]
    outcome = json.loads(run("train", "--data", data, "--json", "--set", "models.ranker=wide_deep",
                             "--set", "training.features=false", "--set", "tensorboard.costs_every=2",
                             "--set", "models.retrievers=ials,autorec,item2vec", *few,
                             "--set", "models.autorec.hidden=8", "--set", "models.autorec.epochs=2",
                             "--set", "models.item2vec.dimensions=8", "--set", "models.item2vec.epochs=2"))
    assert outcome["version"] == 1 and outcome["report"]["ranker"]
    quiet = run("train", "--data", data, "--json", *few, "--set", "tensorboard.costs_every=0", codes=(0, 1))
    assert json.loads(quiet)["version"] == 2  # published or refused
    return data


def test_a_round_tells_of_its_models_and_of_its_ranker(trained, start):  # noqa: F811
    board = start(trained / "tensorboard")
    tags = {f"{model}, pass {p}" for model in ("ials", "autorec", "item2vec", "ranker") for p in (1, 2)}
    eventually(lambda: tags - set(told(board, "round-000001")), set())
    nodes = graph_of(board, "round-000001")
    for tag in tags:
        assert set(costs_of(board, "round-000001", tag)) <= set(nodes)
    timed = {"ials": ["fit_users/solve"], "ranker": ["deep/layer_0/product"],
             "autorec": ["encoder/product", "encoder/sum", "encoder/hidden", "decoder/product", "decoder/sum",
                         "loss/cross_entropy", "train/adam"],
             "item2vec": ["inputs/sequences", "inputs/pairs", "inputs/negatives", "neighbour/lookup",
                          "observed/lookup", "observed/product", "loss/observed", "noise/lookup",
                          "noise/product", "loss/noise", "train/sgd"]}
    for model, operations in timed.items():
        costs = costs_of(board, "round-000001", f"{model}, pass 2")
        for operation in operations:
            assert costs[f"{model}/{operation}"][0] > 0, operation
        for node, (_, _, parameters) in nodes.items():
            if parameters and node.split("/")[0] == model:
                assert costs[node][1] >= 4 * parameters, node


def test_a_round_that_is_not_to_measure_tells_none(trained, start):  # noqa: F811
    board = start(trained / "tensorboard")
    eventually(lambda: graph_of(board, "round-000002") != {}, True)
    assert told(board, "round-000002") == []


def test_embed_tells_where_the_time_of_a_batch_goes(tmp_path, start):  # noqa: F811
    (tmp_path / "text.txt").write_text("\n".join(
        " ".join(f"w{i * k % 97}" for k in range(1, 20)) for i in range(1, 300)) + "\n")
    run("embed", "--text", tmp_path / "text.txt", "--out", tmp_path / "out", "--min-count", "1",
        "--dimensions", "20", "--epochs", "10", "--logdir", tmp_path / "logs")
    board = start(tmp_path / "logs")
    [name] = [p.name for p in (tmp_path / "logs").iterdir() if p.name.startswith("embed-")]
    eventually(lambda: told(board, name), ["pass 1", "pass 10"])
    costs = costs_of(board, name, "pass 10")
    assert set(costs) <= set(graph_of(board, name))
    assert costs["noise/product"][0] > 0 and costs["vectors/inputs"][1] == 97 * 32 * 4


def test_a_round_draws_its_rankers_curves(trained, start):  # noqa: F811
    board = start(trained / "tensorboard")
    eventually(lambda: board.tags("images").get("round-000001"), {"ranker/eval/roc", "ranker/eval/reliability"})
