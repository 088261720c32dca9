"""evaluate --ratings. What these catch: figures that hang on the threads, a table without what has to be beaten, test
ratings that were learnt from, models and options that have nothing to do with ratings let through."""
import json

import pytest

from conftest import run

USERS, ITEMS = 60, 40


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Items of the user's kind are rated 5, the others 1; a tenth of the pairs are the test part."""
    folder = tmp_path_factory.mktemp("ratings")
    parts = {"train": [], "test": []}
    for user in range(USERS):
        for item in range(ITEMS):
            part = "train" if (user * 3 + item) % 10 else "test"
            parts[part].append(f"{user}\t{item}\t{1 if (user + item) % 2 else 5}\t{item}\n")
    for name, lines in parts.items():
        (folder / name).write_text("".join(lines))
    return ["--train", folder / "train", "--test", folder / "test"]


def rate(files, *words, **keywords):
    return run("evaluate", "--ratings", "--format", "movielens", *map(str, files), *words, **keywords)


def test_autorec_is_measured_beside_means_for_any_number_of_threads(files):
    own = ["--model", "autorec", "--set", "loss=ratings", "--set", "lambda=1", "--json"]
    reports = [json.loads(rate(files, *own, "--threads", n).stdout) for n in ("1", "2")]
    first, second = reports
    assert [model["model"] for model in first["models"]] == ["popular", "autorec"]
    assert first["split"]["test"] == USERS * ITEMS // 10 and first["best"] == "autorec"
    popular, autorec = first["models"]
    assert autorec["metrics"]["rmse"] < 0.6 < popular["metrics"]["rmse"]
    assert autorec["over_first"]["rmse"][1] < 0
    low, high = autorec["intervals"]["rmse"]
    assert low <= autorec["metrics"]["rmse"] <= high
    for a, b in zip(first["models"], second["models"]):
        assert a["metrics"] == b["metrics"] and a["intervals"] == b["intervals"]


def test_a_split_holds_ratings_out(files):
    text = rate(files[:2], "--split", "random", "--share", "0.2").stdout
    assert "RMSE" in text and "split: random" in text


@pytest.mark.parametrize("words, sentence", [
    (["--model", "ials"], "ials ranks but predicts no ratings"),
    (["--model", "autorec"], "autorec wants loss=ratings"),
    (["--k", "10"], "--k is about ranked lists"),
    (["--positive-from", "4"], "--positive-from is about ranked lists"),
])
def test_what_has_nothing_to_do_with_ratings_is_refused(files, words, sentence):
    outcome = rate(files, *words, status=None)
    assert outcome.returncode != 0 and sentence in outcome.stderr
