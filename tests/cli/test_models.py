"""Train, models, recommend, similar, evaluate.

What these catch: figures that depend on the number of threads, answers that hold seen items, a JSON
shape that scripts rely on, a refused or broken version that becomes the active one.
"""
import csv
import json
import random
import shutil

import pytest

from conftest import DEMO, FAST, N_USERS, RATINGS, real_data, run


def recommend(folder, *words):
    return json.loads(run("recommend", *words, "--json", "--data", folder).stdout)


def test_recommendations_have_titles_and_nothing_seen(demo):
    answer = recommend(demo, "1", "-n", "20")
    assert answer["user"] == "1" and len(answer["items"]) == 20
    assert all(item["title"] for item in answer["items"])
    seen = {json.loads(line)["item"]
            for line in run("export", "interactions", "--data", demo).stdout.splitlines()
            if json.loads(line)["user"] == "1"}
    assert seen and not seen & {item["id"] for item in answer["items"]}
    scores = [item["score"] for item in answer["items"]]
    assert scores == sorted(scores, reverse=True)


def test_offset_goes_on_where_the_first_answer_ended(demo):
    both = recommend(demo, "1", "-n", "20")["items"]
    assert recommend(demo, "1", "-n", "10", "--offset", "10")["items"] == both[10:]


def test_excluded_items_and_other_categories_are_left_out(demo):
    first = recommend(demo, "1", "-n", "1")["items"][0]["id"]
    assert first not in [i["id"] for i in recommend(demo, "1", "-x", first)["items"]]
    assert recommend(demo, "1", "--category", "no such category")["items"] == []


def test_an_unknown_user_gets_what_is_popular(demo):
    answer = recommend(demo, "nobody at all")
    assert len(answer["items"]) == 10 and answer["strategy"] == "popular"


def test_all_users_as_csv_and_ndjson_agree_with_one(demo):
    rows = list(csv.DictReader(run("recommend", "--all", "-n", "5", "--format", "csv",
                                   "--data", demo).stdout.splitlines()))
    assert len({row["user"] for row in rows}) == N_USERS
    one = [row["item"] for row in rows if row["user"] == "1"]
    assert one == [item["id"] for item in recommend(demo, "1", "-n", "5")["items"]]
    lines = run("recommend", "--all", "-n", "5", "--data", demo).stdout.splitlines()
    assert [i["id"] for i in json.loads(lines[0])["items"]] == [
        row["item"] for row in rows if row["user"] == json.loads(lines[0])["user"]]


def test_similar_items_are_other_items(demo):
    outcome = run("similar", "1", "--data", demo, "--json", status=None)
    if outcome.returncode:
        assert "alike" in outcome.stderr
        pytest.skip("no registered model knows which items are alike")
    assert "1" not in [item["id"] for item in json.loads(outcome.stdout)["items"]]
    run("similar", "no such item", "--data", demo, status=1)


def test_models_list_show_activate(demo, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(demo, folder)
    run("train", "--data", folder, *FAST, "--set", "training.gate=false")
    versions = json.loads(run("models", "list", "--data", folder, "--json").stdout)
    assert [v["version"] for v in versions] == [2, 1]
    assert [v["active"] for v in versions] == [True, False]
    run("models", "activate", "1", "--data", folder)
    assert json.loads(run("models", "show", "1", "--data", folder).stdout)["active"]
    table = run("models", "list", "--data", folder).stdout
    assert "serves" in table and versions[0]["reason"] in table
    run("models", "activate", "3", "--data", folder, status=1)
    (folder / "snapshots" / "2" / "manifest.json").write_text("{}")
    run("models", "activate", "2", "--data", folder, status=1)
    assert json.loads(run("models", "show", "1", "--data", folder).stdout)["active"]


def test_pruning_never_takes_the_active_version(demo, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(demo, folder)
    run("train", "--data", folder, *FAST, "--set", "training.gate=false")
    run("models", "activate", "1", "--data", folder)
    run("models", "prune", "--keep", "1", "--data", folder)
    assert recommend(folder, "1")["items"]
    assert kept(folder) == {1: True, 2: False}


def kept(folder):
    listed = json.loads(run("models", "list", "--data", folder, "--json").stdout)
    return {v["version"]: v["kept"] for v in listed}


def test_what_is_called_kept_is_on_disk(demo, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(demo, folder)
    run("train", "--data", folder, *FAST, "--set", "training.gate=false")
    assert kept(folder) == {1: True, 2: True}
    run("backup", tmp_path / "b", "--data", folder)
    run("restore", tmp_path / "b", "--data", tmp_path / "copy")
    assert kept(tmp_path / "copy") == {1: False, 2: True}
    run("train", "--data", folder, *FAST, "--set", "training.gate=false", "--set",
        "training.keep=1")
    assert kept(folder) == {1: False, 2: False, 3: True}


@pytest.mark.parametrize("name", ["itemknn", "rp3beta", "gfcf", *(
    pytest.param(name, marks=real_data) for name in ("ease", "slim", "bpr"))])
def test_each_retriever_serves_what_it_was_trained_for(demo, tmp_path, name):
    """Also catches a file that does not load: what serves is read back from the snapshot. tests/contract fits, saves
    and loads each model under the sanitizers too."""
    folder = tmp_path / "data"
    shutil.copytree(demo, folder)
    run("train", "--data", folder, "--set", f"models.retrievers={name}", "--set",
        "training.gate=false")
    answer = recommend(folder, "1", "-n", "20")
    assert answer["strategy"] == answer["model"] == name and len(answer["items"]) == 20
    alike = json.loads(run("similar", "1", "--data", folder, "--json").stdout)["items"]
    assert len(alike) == 10 and "1" not in [item["id"] for item in alike]


def test_a_bad_setting_stops_before_the_round(demo):
    outcome = run("train", "--data", demo, "--set", "models.ials.dimension=8", status=1)
    assert "dimensions" in outcome.stderr
    assert len(json.loads(run("models", "list", "--data", demo, "--json").stdout)) == 1


# ---- evaluate ----

PAIRS_TRAIN = "".join(f"u{u} " + " ".join(f"i{(u + k) % 40}" for k in range(8)) + "\n"
                      for u in range(60))
PAIRS_TEST = "".join(f"u{u} i{(u + 9) % 40} i{(u + 10) % 40}\n" for u in range(60))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    (folder / "train.txt").write_text(PAIRS_TRAIN)
    (folder / "test.txt").write_text(PAIRS_TEST)
    return ["--train", folder / "train.txt", "--test", folder / "test.txt", "--format", "pairs"]


SMALL = ["--model", "ials", "--set", "dimensions=8", "--set", "epochs=4"]


def evaluate(*words):
    return json.loads(run("evaluate", *words, "--json").stdout)


def test_evaluate_json_has_the_documented_shape(pairs):
    report = evaluate(*pairs, *SMALL, "--k", "20,5")
    assert set(report) >= {"split", "models"}
    assert [m["model"] for m in report["models"]] == ["popular", "ials"]
    ials = report["models"][1]
    assert set(ials) >= {"model", "settings", "metrics", "fit_seconds", "epochs", "epoch_seconds",
                         "peak_rss_bytes", "users_per_second"}
    assert set(ials["metrics"]) >= {"recall@20", "ndcg@20", "hit_rate@20", "mrr", "map@20",
                                    "coverage", "recall@5"}
    assert ials["settings"]["dimensions"] == 8 and ials["settings"]["epochs"] == 4
    assert ials["epochs"] == len(ials["epoch_seconds"]) == 4
    assert ials["fit_loss"] > 0
    assert ials["peak_rss_bytes"] > 1e6 and ials["fit_seconds"] > 0


def comparable(report):
    timed = {"fit_seconds", "epoch_seconds", "peak_rss_bytes", "users_per_second"}
    return [{k: v for k, v in m.items() if k not in timed} for m in report["models"]]


def test_figures_do_not_depend_on_the_number_of_threads(pairs):
    one = evaluate(*pairs, *SMALL, "--threads", "1")
    assert comparable(one) == comparable(evaluate(*pairs, *SMALL, "--threads", "2"))


def test_a_pattern_is_learnt_that_popularity_cannot_know(pairs):
    popular, ials = (m["metrics"]["recall@20"] for m in evaluate(*pairs, *SMALL)["models"])
    assert ials > popular


def test_recall_recomputed_from_the_lists_agrees(pairs, tmp_path):
    report = evaluate(*pairs, *SMALL, "--lists", tmp_path / "run")
    lists = {}
    for line in (tmp_path / "run").read_text().splitlines():
        user, q0, item, rank, score, tag = line.split()
        assert q0 == "Q0"
        lists.setdefault(user, []).append((int(rank), item))
    train = {line.split()[0]: set(line.split()[1:]) for line in PAIRS_TRAIN.splitlines()}
    recalls = []
    for line in PAIRS_TEST.splitlines():
        user, *wanted = line.split()
        top = [item for _, item in sorted(lists[user])][:20]
        assert not train[user] & set(top)
        recalls.append(len(set(top) & set(wanted)) / len(wanted))
    assert abs(sum(recalls) / len(recalls) - report["models"][1]["metrics"]["recall@20"]) < 1e-6


def test_lists_of_several_models_get_names(pairs, tmp_path):
    run("evaluate", *pairs, *SMALL, "--model", "ials", "--set", "dimensions=4",
        "--lists", tmp_path / "run")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.ials", "run.ials-2", "run.popular"]


def test_the_mean_of_the_per_user_figures_is_the_report(pairs, tmp_path):
    report = evaluate(*pairs, *SMALL, "--per-user", tmp_path / "users.csv")
    rows = [r for r in csv.DictReader((tmp_path / "users.csv").open()) if r["model"] == "ials"]
    assert len(rows) == 60
    mean = sum(float(r["ndcg@20"]) for r in rows) / len(rows)
    assert abs(mean - report["models"][1]["metrics"]["ndcg@20"]) < 1e-6


def test_a_split_written_out_measures_the_same(demo, tmp_path):
    words = ["--set", "interactions.half_life=never", *SMALL]
    split = evaluate("--data", demo, "--split", "user-time", "--split-out", tmp_path, *words)
    assert split["split"] and (tmp_path / "train.csv").exists()
    files = evaluate("--train", tmp_path / "train.csv", "--test", tmp_path / "test.csv",
                     "--format", "csv", *words)
    popular = [r["models"][0]["metrics"]["recall@20"] for r in (split, files)]
    assert popular[0] > 0 and abs(popular[0] - popular[1]) < 0.05


def test_the_table_has_a_row_a_model_and_popularity_first(pairs):
    lines = run("evaluate", *pairs, *SMALL).stdout.splitlines()
    header = next(i for i, line in enumerate(lines) if line.startswith("model"))
    assert lines[header + 1].startswith("popular") and lines[header + 2].startswith("ials")
    assert "recall@20" in lines[header] and "±" in lines[header + 1]


def test_ratings_become_positives_from_a_threshold(demo):
    words = ["--train", DEMO, "--format", "movielens", "--positive-from", "4",
             "--split", "random", "--seed", "7"]
    report = evaluate(*words)
    assert report["models"][0]["metrics"]["recall@20"] > 0


@pytest.mark.parametrize("cells, missing", [("u1,,5", "item id"), (",a,5", "user")])
def test_a_line_without_user_or_item_ends_an_evaluation_with_its_place(tmp_path, cells, missing):
    """Catches records of a reader that are used without the rules that an import applies."""
    (tmp_path / "r.csv").write_text(f"user,item,rating\nu1,a,5\n{cells}\n")
    said = run("evaluate", "--train", tmp_path / "r.csv", "--test", tmp_path / "r.csv",
               "--format", "csv", status=1).stderr
    assert "r.csv:3" in said and missing in said


def test_a_broken_line_ends_an_evaluation_with_its_place(tmp_path):
    (tmp_path / "t.csv").write_text("user,item,rating\na,b,5\na,c,high\n")
    outcome = run("evaluate", "--train", tmp_path / "t.csv", "--format", "csv", status=1)
    assert "t.csv:3" in outcome.stderr


@pytest.fixture(scope="module")
def few_ratings(tmp_path_factory):
    """What the first users of the demo rated: enough for a ranker to be fitted."""
    path = tmp_path_factory.mktemp("few") / "ratings.csv"
    rows = [",".join(row) for row in RATINGS if int(row[0]) <= 200]
    path.write_text("userId,movieId,rating,timestamp\n" + "\n".join(rows) + "\n")
    return path


def test_evaluate_tells_how_the_features_of_a_ranker_shift(few_ratings):
    words = ["--train", few_ratings, "--format", "movielens", "--positive-from", "4", "--model", "ials+wide", "--set",
             "dimensions=8", "--set", "epochs=3"]
    report = evaluate(*words)
    assert [ranker["name"] for ranker in report["rankers"]] == ["ials+wide"]
    shift = report["rankers"][0]["shift"]
    assert set(shift) == {"score", "score_gap", "rank"}
    for feature in shift.values():
        assert feature["before"][1] > 0 and abs(feature["shift"]) < 3
        assert abs(feature["shift"] - (feature["after"][0] - feature["before"][0]) / feature["before"][1]) < 1e-6


def test_evaluate_takes_further_retrievers_between_the_first_and_the_ranker(few_ratings):
    words = ["--train", few_ratings, "--format", "movielens", "--positive-from", "4", "--model",
             "ials+itemknn+gfcf+wide", "--set", "dimensions=8", "--set", "epochs=3"]
    report = evaluate(*words)
    assert [model["model"] for model in report["models"]] == ["popular", "ials+itemknn+gfcf+wide"]
    assert report["rankers"][0]["rows_of"] == "candidates"
    assert set(report["rankers"][0]["shift"]) == {"score", "score_gap", "rank", "score.itemknn", "rank.itemknn",
                                                  "score.gfcf", "rank.gfcf"}


@pytest.mark.parametrize("model, says", [
    ("ials+eese+wide", "'ease'"), ("ials+ials+wide", "each another one"), ("ials+ease+wde", "'wide'"),
    ("ials+ease+slim+bpr+gfcf+rp3beta+wide", "up to 4"),
])
def test_stages_that_there_are_not_are_named(model, says):
    outcome = run("evaluate", "--train", DEMO / "ratings.csv", "--format", "movielens", "--model", model, status=2)
    assert says in outcome.stderr


# ---- features of the ranker ----

NOISY = """
label: {column: chosen}
features:
  score: {type: numeric, normalize: quantile}
  popularity: {type: numeric, normalize: quantile}
  user.noise: {type: numeric}
  item x hour: {type: crossed, of: [item hash, hour bucket], buckets: 1000}
  item hash: {type: categorical, column: item, buckets: 1000, feeds: none}
  hour bucket: {type: bucketized, column: hour, boundaries: [6, 12, 18], feeds: none}
model: {mode: wide, epochs: 4}
"""


def test_features_of_the_store_finds_a_planted_noise(demo, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(demo, folder)
    draw = random.Random(1)
    lines = [json.dumps({"id": str(user), "attributes": {"noise": draw.random()}}) for user in range(1, N_USERS + 1)]
    run("import", "ndjson", "-", "--kind", "users", "--data", folder, input="\n".join(lines))
    (tmp_path / "noisy.yaml").write_text(NOISY)
    words = ["features", "--data", folder, "--set", f"models.ranker_spec={tmp_path / 'noisy.yaml'}", "--seeds", "1",
             "--repeats", "3", *FAST]
    report = json.loads(run(*words, "--json").stdout)
    by_name = {feature["name"]: feature for feature in report["features"]}
    assert set(by_name) == {"score", "popularity", "user.noise", "item", "hour", "item x hour"}
    assert by_name["item x hour"]["cross"] and "user.noise" in report["drop"]
    assert max(by_name["score"]["importance"], by_name["popularity"]["importance"]) > 0.01
    assert abs(by_name["user.noise"]["importance"]) < 0.01
    assert report["rows"]["train"] > report["rows"]["held_out"] > 100
    assert "drop?" in run(*words).stdout


@pytest.mark.parametrize("words, says", [
    (["--data", "x", "--spec", "y"], "one of both"), ([], "features needs --spec, or --data DIR")])
def test_features_takes_a_table_or_the_store(words, says):
    outcome = run("features", *words, status=2)
    assert says in outcome.stderr


def test_search_measures_the_best_settings_and_says_what_was_tried(pairs):
    report = evaluate(*pairs, "--model", "itemknn", "--model", "popular", "--search", "3")
    search = report["search"]
    assert search["winner"] == "itemknn" and len(search["trials"]) == 3
    best = search["best"][0]
    assert best["ndcg@20"] == max(trial["ndcg@20"][-1] for trial in search["trials"])
    fitted = [m for m in report["models"] if m["model"] == "itemknn"]
    assert fitted[0]["settings"] == best["settings"]
    table = run("evaluate", *pairs, "--model", "itemknn", "--search", "2").stdout
    assert "(defaults)" in table and "Best on the validation part: itemknn" in table
    assert "range" in run("evaluate", *pairs, "--search", "2", status=1).stderr
    assert "--search TRIALS" in run("evaluate", *pairs, "--search-time", "2s", status=2).stderr


def test_a_blend_of_unknown_members_is_wrong_usage(pairs):
    said = run("evaluate", *pairs, "--model", "blend", "--set", "members=ials, eas", status=2)
    assert "did you mean 'ease'" in said.stderr
