"""Every kind of value that core/board writes, read value by value: by the public protocol-buffer
definitions, and by TensorBoard with both of its loaders.

What these catch: a message that our own reader takes and the definitions do not; a page that stays
empty; values that come back changed.
"""
import json
import math
import struct

import pytest
import requests
from tensorboard.compat.proto import event_pb2, graph_pb2
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import plugin_data_pb2 as hparams_pb2
from tensorboard.plugins.pr_curve import plugin_data_pb2 as pr_curve_pb2

from test_tensorboard import as_float32, eventually, start, write  # noqa: F401 (a fixture)

NUMBERS = [math.sin(i) for i in range(500)]
PAIRS = [(round(abs(math.sin(i)), 3), i % 3 == 0) for i in range(200)]
TRIALS = {"trial-a": 0.5, "trial-b": 0.25}


@pytest.fixture
def everything(tmp_path):
    lines = [("run", "r", 0)]
    for step in range(3):
        lines.append(("histogram", "layer/weights", step,
                      " ".join(repr(x * (step + 1)) for x in NUMBERS)))
    lines.append(("pr", "valid", 4, " ".join(f"{s} {int(l)}" for s, l in PAIRS)))
    lines.append(("text", "gate", 0, "| a | b |\\n| --- | --- |\\n| 1 | 2 |"))
    lines.append(("layout", "Quality", "NDCG", "holdout/.*/ndcg@20"))
    lines.append(("graph", "deep/layer 0/weights", "deep/layer 0/product"))
    for run, rate in TRIALS.items():
        lines += [("run", run, 0), ("trial", run, "rate", rate), ("scalar", "ndcg", 0, rate / 2)]
    write(tmp_path, lines)
    return tmp_path


def events(path):
    """The payloads of an event file, framing checked by hand."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        event = event_pb2.Event()
        event.ParseFromString(data[at + 12:at + 12 + length])
        yield event
        at += 16 + length
    assert at == len(data)


def values(folder, run):
    [path] = (folder / run).glob("*tfevents*")
    return [(e.step, v) for e in events(path) for v in e.summary.value]


def buckets(numbers):
    """The same by the definition: 30 half-open buckets, the last one closed."""
    numbers = [as_float32(x) for x in numbers]
    low, high = min(numbers), max(numbers)
    edges = [low + (high - low) * i / 30 for i in range(30)] + [high]
    return [[a, b, sum(a <= x and (x < b or b == high) for x in numbers)]
            for a, b in zip(edges, edges[1:])]


def test_the_public_definitions_read_every_message(everything):
    found = values(everything, "r")
    histograms = [v for _, v in found if v.tag == "layer/weights"]
    assert [v.metadata.plugin_data.plugin_name for v in histograms] == ["histograms", "", ""]
    for step, value in enumerate(histograms):
        assert [d.size for d in value.tensor.tensor_shape.dim] == [30, 3]
        flat = struct.unpack("<90d", value.tensor.tensor_content)
        wanted = buckets([x * (step + 1) for x in NUMBERS])
        assert [x for x in flat] == pytest.approx([x for row in wanted for x in row], abs=1e-12)
    [curve] = [v for _, v in found if v.tag == "valid"]
    plugin = pr_curve_pb2.PrCurvePluginData.FromString(curve.metadata.plugin_data.content)
    assert plugin.num_thresholds == 101 and len(curve.tensor.tensor_content) == 6 * 101 * 4
    [layout] = [v for _, v in found if v.tag == "custom_scalars__config__"]
    [category] = layout_pb2.Layout.FromString(layout.tensor.string_val[0]).category
    assert category.title == "Quality" and category.chart[0].title == "NDCG"
    assert list(category.chart[0].multiline.tag) == ["holdout/.*/ndcg@20"]
    [path] = (everything / "r").glob("*tfevents*")
    [graph] = [graph_pb2.GraphDef.FromString(e.graph_def) for e in events(path) if e.graph_def]
    assert [n.name for n in graph.node] == ["deep/layer_0/weights", "deep/layer_0/product"]
    assert list(graph.node[1].input) == ["deep/layer_0/weights"]
    assert graph.node[0].attr["parameters"].s == b"12"


def test_the_public_definitions_read_a_trial(everything):
    for run, rate in TRIALS.items():
        start_info, end_info = [hparams_pb2.HParamsPluginData.FromString(
            v.metadata.plugin_data.content) for _, v in values(everything, run)
            if v.tag.startswith("_hparams_")]
        hparams = start_info.session_start_info.hparams
        assert hparams["rate"].number_value == rate
        assert hparams["group"].string_value == run and hparams["even"].bool_value
        assert start_info.session_start_info.group_name == run
        assert end_info.session_end_info.status == 1 and end_info.session_end_info.end_time_secs > 1e9


def test_tensorboard_serves_every_value(everything, start):  # noqa: F811
    board = start(everything)
    eventually(lambda: board.tags("histograms"), {"r": {"layer/weights"}})
    eventually(lambda: len(board.get("plugin/histograms/histograms", run="r", tag="layer/weights")), 3)
    served = board.get("plugin/histograms/histograms", run="r", tag="layer/weights")
    for step, (_, at, rows) in enumerate(served):
        assert at == step
        for row, wanted in zip(rows, buckets([x * (step + 1) for x in NUMBERS])):
            assert row == pytest.approx(wanted, abs=1e-6)
    eventually(lambda: len(board.get("plugin/pr_curves/pr_curves", run="r", tag="valid")["r"]), 1)
    [curve] = board.get("plugin/pr_curves/pr_curves", run="r", tag="valid")["r"]
    positives = [s for s, label in PAIRS if label]
    for threshold in (0, 30, 70, 99):
        reached = [label for s, label in PAIRS if math.floor(as_float32(s) * 100) >= threshold]
        assert curve["recall"][threshold] == pytest.approx(sum(reached) / len(positives))
        assert curve["precision"][threshold] == pytest.approx(sum(reached) / len(reached))
    eventually(lambda: "<td>2</td>" in board.texts("r", "gate")[0][1], True)
    eventually(lambda: board.get("plugin/custom_scalars/layout")["category"][0]["title"], "Quality")
    eventually(lambda: board.get("plugin/graphs/info")["r"]["run_graph"], True)
    graph = requests.get(f"{board.url}/data/plugin/graphs/graph", params={"run": "r"}, timeout=20).text
    assert 'name: "deep/layer_0/product"' in graph and 'input: "deep/layer_0/weights"' in graph


def test_tensorboard_lists_every_trial_with_its_metrics(everything, start):  # noqa: F811
    board = start(everything)

    def groups():
        question = {"experimentName": "", "startIndex": 0, "sliceSize": 100,
                    "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE",
                                        "STATUS_RUNNING"],
                    "colParams": [{"hparam": "group", "includeInResult": True},
                                  {"hparam": "rate", "includeInResult": True},
                                  {"metric": {"tag": "ndcg", "group": ""}, "includeInResult": True}]}
        answer = requests.post(f"{board.url}/data/plugin/hparams/session_groups",
                               data=json.dumps(question), timeout=20,
                               headers={"Content-Type": "application/json"})
        answer.raise_for_status()
        return {g["hparams"].get("group"): (g["hparams"].get("rate"),
                                        [m["value"] for m in g.get("metricValues", [])])
                for g in answer.json()["sessionGroups"]}

    eventually(groups, {run: (rate, [rate / 2]) for run, rate in TRIALS.items()})
