"""Real rounds of the real program, as TensorBoard shows them with both of its loaders.

What this catches: curves that are written but not shown, a figure that is not the report's, a round
that hides the one before.
"""
import collections
import csv
import json
import math
import pathlib
import re
import struct
import subprocess

import pytest
import requests

from test_tensorboard import BUILD, ROOT, as_float32, eventually, start  # noqa: F401 (a fixture)

TASTEVIN = BUILD / "cli" / "tastevin"
SMALL = ["--set", "models.ials.dimensions=8", "--set", "models.ials.epochs=3"]


def run(*words) -> str:
    done = subprocess.run([TASTEVIN, *map(str, words)], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A data directory with two rounds on the demo data; their reports by run name."""
    folder = tmp_path_factory.mktemp("rounds") / "data"
    run("import", "movielens", ROOT / "demo" / "ml-latest-small", "--data", folder)
    reports = {}
    for version in (1, 2):
        users = ["--set", "tensorboard.users=200"] if version == 2 else []
        outcome = json.loads(run("train", "--data", folder, "--json", *SMALL, *users))
        assert outcome["version"] == version
        reports[f"round-{version:06d}"] = outcome["report"]
    return pathlib.Path(folder), reports


def test_both_rounds_show_their_losses_and_the_reports_figures(trained, start):  # noqa: F811
    folder, reports = trained
    board = start(folder / "tensorboard")
    eventually(lambda: sorted(board.tags("scalars")), sorted(reports))
    for version, (name, report) in enumerate(reports.items(), 1):
        for stage in ("holdout_fit", "fit"):
            losses = board.scalars(name, f"{stage}/ials/loss")
            assert [step for step, _ in losses] == [1, 2, 3]
            assert losses[0][1] > losses[-1][1] > 0
        for model in report["models"]:
            wanted = [(version, as_float32(model["metrics"]["ndcg@20"]))]
            assert board.scalars(name, f"holdout/{model['model']}/ndcg@20") == wanted
        assert board.texts(name, "round/verdict")
    layout = board.get("plugin/custom_scalars/layout")
    assert [c["title"] for c in layout["category"]][0] == "Quality on the hold-out"
    for category in layout["category"][0]["chart"]:
        for pattern in category["multiline"]["tag"]:
            assert any(re.match(pattern, tag) for tag in board.tags("scalars")["round-000001"]), pattern


def test_each_round_shows_its_tables_and_is_a_row_of_hparams(trained, start):  # noqa: F811
    """Catches a table with another round's figures, and settings that no filter can see."""
    folder, reports = trained
    board = start(folder / "tensorboard")
    eventually(lambda: sorted(board.tags("scalars")), sorted(reports))
    for version, (name, report) in enumerate(reports.items(), 1):
        [(_, table)] = board.texts(name, "round/models")
        for model in report["models"]:
            assert model["model"] in table
            assert f"{model['metrics']['ndcg@20']:.5g}" in table
        [(_, table)] = board.texts(name, "round/gate")
        assert f"{report['gate']['ndcg@20']:.5g}" in table
        for tag, figure in (("data/guests", report["counts"]["guests"]),
                            ("memory/peak_rss_mib", report["memory"]["peak_rss"] / 2**20)):
            assert board.scalars(name, tag) == [(version, as_float32(figure))]
    asked = {"colParams": [], "allowedStatuses": ["STATUS_SUCCESS"], "startIndex": 0, "sliceSize": 100}

    def rounds():
        answer = requests.post(f"{board.url}/data/plugin/hparams/session_groups", json=asked, timeout=20)
        answer.raise_for_status()
        return [group["hparams"] for group in answer.json()["sessionGroups"]]

    eventually(lambda: len(rounds()), len(reports))
    for settings in rounds():
        assert settings["retriever"] in [report["retriever"] for report in reports.values()]
        assert 8 in settings.values()  # models.ials.dimensions


def test_each_round_shows_what_changed_in_the_data(trained, start):  # noqa: F811
    """Catches drift against another round, days that are not the data's, a phase without its peak."""
    folder, reports = trained
    board = start(folder / "tensorboard")
    eventually(lambda: sorted(board.tags("scalars")), sorted(reports))
    first, second = [report["drift"] for report in reports.values()]
    assert first["since"] == 0 and first["events"] == first["types"]["rating"]["since"] > 100000
    assert second["since"] == 1 and second["events"] == second["new_users"] == 0
    assert second["types"]["rating"]["before"] == first["events"]
    for version, (name, report) in enumerate(reports.items(), 1):
        assert board.scalars(name, "drift/new_users") == [(version, report["drift"]["new_users"])]
        days = board.scalars(name, "events_by_day/rating")
        assert [value for _, value in days] == [day["events"] for day in report["drift"]["days"]]
        assert [step for step, _ in days] == list(range(days[-1][0] - 29, days[-1][0] + 1))
        for phase, peak in report["memory"]["phases"].items():
            assert 0 < peak <= report["memory"]["peak_rss"]
            assert board.scalars(name, f"memory_by_phase/{phase}") == [(version, as_float32(peak / 2**20))]
        assert max(report["memory"]["phases"].values()) == report["memory"]["peak_rss"]
        [(_, table)] = board.texts(name, "round/data")
        assert report["drift"]["days"][-1]["day"] in table
        for model in report["models"]:
            assert board.scalars(name, f"holdout/{model['model']}/gini") == [(version, as_float32(model["gini"]))]
    layout = board.get("plugin/custom_scalars/layout")
    missing = {pattern for category in layout["category"] for chart in category["chart"]
               for pattern in chart["multiline"]["tag"]
               if not any(re.match(pattern, tag) for tag in board.tags("scalars")["round-000001"])}
    of_ranker = {"ranker/.*/loss$", "ranker/.*auc", "ranker/calibration_error"}
    assert missing == of_ranker | {"online/.*", "drift/type_distance$"}
    assert [category["title"] for category in layout["category"] if category.get("closed")] == [
        "The second stage, where there is one"]


def read_points(board, name):
    """Vectors, and the metadata's head and rows, of a projector's run."""
    [shown] = board.get("plugin/projector/info", run=name)["embeddings"]
    assert shown["tensorName"] == "ials"
    rows, columns = shown["tensorShape"]

    def fetch(what):
        answer = requests.get(f"{board.url}/data/plugin/projector/{what}", timeout=60,
                              params={"run": name, "name": "ials", "num_rows": rows})
        answer.raise_for_status()
        return answer.content

    numbers = struct.unpack(f"<{rows * columns}f", fetch("tensor"))
    vectors = [numbers[at:at + columns] for at in range(0, len(numbers), columns)]
    head, *labels = [line.split("\t") for line in fetch("metadata").decode().splitlines()]
    assert len(labels) == rows
    for vector in vectors:
        assert math.hypot(*vector) == pytest.approx(1, abs=1e-3)
    return vectors, head, labels


def read_films():
    """Genres by title (a few titles come twice), and the first genre by number."""
    genres, firsts = {}, {}
    with open(ROOT / "demo" / "ml-latest-small" / "movies.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            first = row["genres"].split("|")[0].replace("(no genres listed)", "-")
            genres.setdefault(row["title"].strip(), set()).add(first)
            firsts[row["movieId"]] = first
    return genres, firsts


def test_the_projector_shows_the_items_of_each_round(trained, start):  # noqa: F811
    """Catches labels of other rows, a round that shows the one before, a vector that is not an item's."""
    folder, _ = trained
    board = start(folder / "tensorboard")
    names = ["items-000001", "items-000002"]
    eventually(lambda: sorted(set(board.get("plugin/projector/runs")) - {"users-000002"}), names)
    genres, _ = read_films()
    for name in names:
        vectors, head, labels = read_points(board, name)
        assert len(vectors[0]) == 8 and len(vectors) == 5000
        assert head == ["title", "category", "users", "year"]
        assert labels[0][0] == "Forrest Gump (1994)" and labels[0][2:] == ["329", "1994"]
        users = [int(label[2]) for label in labels]
        assert users == sorted(users, reverse=True) and users[-1] > 0
        assert [label for label in labels if label[1] not in genres[label[0].strip()]] == []


def test_the_projector_shows_users_where_they_are_asked_for(trained, start):  # noqa: F811
    """Catches a user with the films or the taste of another, and users that nobody asked for."""
    folder, _ = trained
    board = start(folder / "tensorboard")
    eventually(lambda: [run for run in board.get("plugin/projector/runs") if run.startswith("users")],
               ["users-000002"])
    vectors, head, labels = read_points(board, "users-000002")
    assert head == ["user", "category", "items"] and len(vectors) == 200
    _, firsts = read_films()
    rated = {}
    with open(ROOT / "demo" / "ml-latest-small" / "ratings.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rated.setdefault(row["userId"], set()).add(row["movieId"])
    most = sorted(map(len, rated.values()), reverse=True)[:200]
    assert [int(label[2]) for label in labels] == most
    for user, category, items in labels:
        tastes = collections.Counter(firsts[film] for film in rated[user])
        del tastes["-"]
        assert len(rated[user]) == int(items) and tastes[category] == max(tastes.values())
