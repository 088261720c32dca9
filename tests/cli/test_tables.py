"""fit and predict on tables.

What these catch: predictions that depend on where the model lies, on the order of a file's columns or
on the number of threads; half a model directory; bad input without its place and remedy; a stop that
loses the model that stood there.
"""
import csv
import gzip
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import BINARY, ROOT, real_data, run

ADULT = ROOT / "demo" / "adult"
SPEC = """\
label: {column: bought, positive: "yes"}
features:
  age:  {type: numeric, normalize: standard}
  city: {type: categorical, embedding: 4}
  age x city: {type: crossed, of: [age bucket, city], buckets: 100}
  age bucket: {type: bucketized, column: age, boundaries: [30, 50], feeds: none}
model: {hidden: [16, 8], epochs: 8, batch: 64}
"""
COLUMNS = ["age", "city", "noise", "bought"]


def rows_of(n, seed):
    draw = random.Random(seed)
    for _ in range(n):
        age, city = draw.randint(18, 80), draw.choice(["Paris", "Rome", "Oslo"])
        chance = 0.9 if (age > 50) == (city == "Rome") else 0.1
        yield [age, city, draw.random(), "yes" if draw.random() < chance else "no"]


def write(path, rows, columns=COLUMNS):
    with open(path, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


class Shop:
    """A folder with a spec, two files, and a fitted model."""

    def __init__(self, folder):
        self.folder = folder
        self.spec = folder / "spec.yaml"
        self.spec.write_text(SPEC)
        self.train = write(folder / "train.csv", rows_of(3000, 1))
        self.eval = write(folder / "eval.csv", rows_of(1000, 2))
        self.model = folder / "model"
        self.report = json.loads(self.fit("--eval", self.eval, "--out", self.model, "--json").stdout)

    def fit(self, *words, spec=None, train=None, status=0):
        return run("fit", "--spec", spec or self.spec, "--train", train or self.train, "--threads", 2,
                   *words, status=status)

    def predict(self, path=None, *words, model=None, status=0):
        return run("predict", "--model", model or self.model, "--input", path or self.eval, *words,
                   status=status)


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    return Shop(tmp_path_factory.mktemp("shop"))


# ---- what is asked for ----


def test_the_report_has_tensorflows_names_and_says_how_good_it_is(shop):
    report = shop.report["report"]
    names = {"accuracy", "accuracy_baseline", "auc", "auc_precision_recall", "average_loss", "label/mean",
             "loss", "precision", "prediction/mean", "recall", "calibration", "calibration_error"}
    assert set(report["eval"]) == names
    assert report["eval"]["auc"] > 0.85 and report["eval"]["accuracy"] > 0.85
    assert report["rows"] == {"train": 2700, "validation": 300, "eval": 1000}
    assert len(report["eval"]["calibration"]) == 10
    assert shop.report["examples_per_second"] > 0


def test_the_table_has_every_metric(shop):
    text = shop.fit("--eval", shop.eval, "--epochs", 2).stdout
    for name in shop.report["report"]["eval"]:
        assert name in text
    assert "examples/s" in text


def test_predictions_are_the_reports_own(shop):
    lines = shop.predict().stdout.splitlines()
    assert len(lines) == 1000
    labels = [row["bought"] == "yes" for row in csv.DictReader(open(shop.eval))]
    right = sum((float(p) > 0.5) == y for p, y in zip(lines, labels))
    assert abs(right / 1000 - shop.report["report"]["eval"]["accuracy"]) < 1e-9
    mean = sum(map(float, lines)) / 1000
    assert abs(mean - shop.report["report"]["eval"]["prediction/mean"]) < 1e-5


def test_a_copied_model_predicts_the_same(shop, tmp_path):
    shutil.copytree(shop.model, tmp_path / "elsewhere")
    copied = shop.predict(model=tmp_path / "elsewhere").stdout
    assert copied == shop.predict().stdout
    assert copied == shop.predict(None, "--threads", 1).stdout


def test_the_same_fit_gives_the_same_bytes_for_any_number_of_threads(shop, tmp_path):
    for threads in (1, 3):
        run("fit", "--spec", shop.spec, "--train", shop.train, "--eval", shop.eval, "--threads", threads,
            "--out", tmp_path / str(threads))
    for name in os.listdir(shop.model):
        first = (tmp_path / "1" / name).read_bytes()
        assert first == (tmp_path / "3" / name).read_bytes(), name
        assert first == (shop.model / name).read_bytes(), name


def test_another_seed_gives_another_model(shop, tmp_path):
    shop.fit("--seed", 2, "--out", tmp_path / "m")
    assert shop.predict(model=tmp_path / "m").stdout != shop.predict().stdout


def test_columns_may_stand_in_another_order_and_the_label_may_lack(shop, tmp_path):
    rows = [[row["city"], "further", row["age"]] for row in csv.DictReader(open(shop.eval))]
    other = write(tmp_path / "other.csv", rows, ["city", "unknown", "age"])
    assert shop.predict(other).stdout == shop.predict().stdout


def test_standard_input_gzip_and_ndjson(shop, tmp_path):
    lines = shop.predict().stdout.splitlines()
    piped = subprocess.run([BINARY, "predict", "--model", shop.model, "--input", "-"],
                           input=shop.eval.read_bytes(), capture_output=True, check=True, timeout=60)
    assert piped.stdout.decode().splitlines() == lines
    packed = tmp_path / "eval.csv.gz"
    packed.write_bytes(gzip.compress(shop.eval.read_bytes()))
    objects = [json.loads(line) for line in shop.predict(packed, "--output", "ndjson").stdout.splitlines()]
    assert [f"{o['probability']:.6f}" for o in objects] == lines


def test_more_rows_than_a_block_keep_their_order(shop, tmp_path):
    many = write(tmp_path / "many.csv", list(rows_of(1000, 2)) * 70)
    assert shop.predict(many).stdout == shop.predict().stdout * 70


def test_every_mode_fits_one_spec_and_settings_are_applied(shop):
    reports = {}
    for mode in ("wide", "deep", "wide_deep"):
        out = shop.fit("--mode", mode, "--eval", shop.eval, "--json", "--epochs", 3, "--set", "patience=0")
        reports[mode] = json.loads(out.stdout)
        assert reports[mode]["report"]["mode"] == mode and reports[mode]["report"]["epochs"] == 3
    assert reports["deep"]["report"]["wide_weights"] == 0 < reports["wide"]["report"]["wide_weights"]
    sparse = json.loads(shop.fit("--mode", "wide", "--set", "l1=50", "--json").stdout)
    assert sparse["report"]["wide_zero"] > reports["wide"]["report"]["wide_zero"]


def test_drop_leaves_out_a_column_and_its_crosses(shop, tmp_path):
    shop.fit("--drop", "age", "--out", tmp_path / "m")
    by_city = {row["city"]: p for row, p in zip(csv.DictReader(open(shop.eval)),
                                                shop.predict(model=tmp_path / "m").stdout.split())}
    assert len(by_city) == 3
    lines = shop.predict(model=tmp_path / "m").stdout.split()
    assert len(set(lines)) == 3  # nothing but the city counts
    assert "drop: [\"age\"]" in (tmp_path / "m" / "spec.yaml").read_text()


def test_a_warm_start_goes_on_where_the_model_stopped(shop, tmp_path):
    words = ("--epochs", 1, "--json", "--seed", 5)
    cold = json.loads(shop.fit(*words).stdout)["report"]
    warm = json.loads(shop.fit(*words, "--from", shop.model).stdout)["report"]
    assert warm["train_loss"] < cold["train_loss"] - 0.02
    assert warm["parent"] and cold["parent"] is None


def test_scalars_of_training_and_validation_go_to_tensorboard(shop, tmp_path):
    shop.fit("--eval", shop.eval, "--logdir", tmp_path / "log", "--out", tmp_path / "named")
    events = b"".join(f.read_bytes() for f in (tmp_path / "log" / "named").iterdir())
    for tag in (b"train/loss", b"eval/auc", b"eval/loss", b"test/auc", b"test/accuracy"):
        assert tag in events


def test_the_shipped_census_reaches_what_is_known(tmp_path):
    words = ("--train", ADULT / "adult.data.gz", "--eval", ADULT / "adult.test.gz", "--json", "--threads", 2)
    report = json.loads(run("fit", "--spec", ADULT / "census.yaml", *words).stdout)["report"]
    assert report["rows"] == {"train": 32561, "validation": 0, "eval": 16281}
    assert report["eval"]["accuracy"] > 0.85 and report["eval"]["auc"] > 0.907


# ---- bad input: the place, the name, the remedy; and no half model ----

BAD_SPECS = [
    ("column: bought", "column: bougt", ["has no column 'bougt'", "bought"]),
    ("age:  {type: numeric", "agee: {type: numeric", ["has no column 'agee'", "'age'"]),
    ("type: numeric", "type: numerical", ["spec.yaml:3", "numeric"]),
    ("hidden: [16", "hiden: [16", ["spec.yaml:7", "unknown key of 'model' 'hiden'", "'hidden'"]),
    ("of: [age bucket, city]", "of: [city, city]", ["spec.yaml:5", "with itself"]),
    ("features:", "featurs:", ["unknown section 'featurs'", "'features'"]),
    ("hidden: [16, 8]", "mode: wide_dep", ["wide_dep", "'wide_deep'"]),
    ("epochs: 8", "epochs: many", ["spec.yaml:7", "epochs"]),
]


@pytest.mark.parametrize("old, new, said", BAD_SPECS)
def test_a_wrong_spec_names_line_and_nearest_name(shop, tmp_path, old, new, said):
    spec = tmp_path / "spec.yaml"
    assert old in SPEC
    spec.write_text(SPEC.replace(old, new, 1))
    outcome = shop.fit("--out", tmp_path / "m", spec=spec, status=1)
    for words in said:
        assert words in outcome.stderr
    assert os.listdir(tmp_path) == ["spec.yaml"]


HEADER = "age,city,noise,bought\n"
GOOD = "30,Rome,0.5,yes\n55,Oslo,0.5,no\n" * 50
BAD_TABLES = [
    ("", ["is empty"]),
    (HEADER, ["no rows"]),
    (HEADER + GOOD + "31,Rome,0.5\n", ["t.csv:102", "3 cells", "4"]),
    (HEADER + GOOD + "31,Rome,0.5,yes,more\n", ["t.csv:102", "5 cells"]),
    (HEADER + GOOD + "old,Rome,0.5,yes\n", ["t.csv:102", "'age'", "'old'", "not a number"]),
    (HEADER + GOOD + "31,Rome,0.5,perhaps\n", ["t.csv:102", "'bought'", "perhaps"]),
    (HEADER + "30,Rome,0.5,yes\n" * 50, ["bought"]),
    (HEADER + GOOD + "31,\"Rome,0.5,yes\n", ["t.csv:102", "quote"]),
    (HEADER + GOOD + "1e999,Rome,0.5,yes\n", ["t.csv:102", "'age'"]),
    (HEADER + GOOD + "nan,Rome,0.5,yes\n", ["t.csv:102", "'age'"]),
    (HEADER + GOOD + "31,Rome,0.5,\n", ["t.csv:102", "'bought'"]),
]


@pytest.mark.parametrize("text, said", BAD_TABLES)
def test_a_broken_training_file_names_line_and_column(shop, tmp_path, text, said):
    table = tmp_path / "t.csv"
    table.write_text(text)
    outcome = shop.fit("--out", tmp_path / "m", train=table, status=1)
    for words in said:
        assert words in outcome.stderr
    assert os.listdir(tmp_path) == ["t.csv"]


def test_a_vocabulary_of_many_rare_values_is_cut_and_said(shop, tmp_path):
    rows = [[30 + i % 40, f"city {i}", 0, "yes" if i % 3 else "no"] for i in range(120000)]
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC.replace("type: categorical,", "type: categorical, max_size: 1000,"))
    outcome = shop.fit("--epochs", 1, "--json", spec=spec, train=write(tmp_path / "t.csv", rows))
    report = json.loads(outcome.stdout)["report"]
    assert report["features"] < 2000
    assert any("city" in note for note in report["notes"])


def test_a_constant_column_is_said(shop, tmp_path):
    rows = [[40, city, noise, bought] for _, city, noise, bought in rows_of(500, 3)]
    outcome = shop.fit("--epochs", 1, train=write(tmp_path / "t.csv", rows))
    assert "age: " in outcome.stderr and "one value" in outcome.stderr


def test_a_learning_rate_that_diverges_says_epoch_loss_and_remedy(shop, tmp_path):
    words = ("--set", "optimizer=adam", "--set", "deep_rate=1000", "--set", "patience=0", "--epochs", 30)
    outcome = shop.fit(*words, "--out", tmp_path / "m", status=None)
    assert "epoch" in outcome.stderr and "rate" in outcome.stderr
    if outcome.returncode:
        assert os.listdir(tmp_path) == []
    else:
        assert all(0 <= float(p) <= 1 for p in shop.predict(model=tmp_path / "m").stdout.split())


def test_a_bad_row_ends_predict_after_the_rows_before_it(shop, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("age,city\n30,Rome\n40,Atlantis\n,\nx,Rome\n50,Oslo\n")
    outcome = shop.predict(table, status=1)
    assert len(outcome.stdout.splitlines()) == 3  # unknown and missing values are values
    assert "t.csv:5" in outcome.stderr and "'age'" in outcome.stderr


def test_predict_names_a_column_that_lacks(shop, tmp_path):
    outcome = shop.predict(write(tmp_path / "t.csv", [[1, 2]], ["age", "citty"]), status=1)
    assert "no column 'city'" in outcome.stderr and "'citty'" in outcome.stderr
    assert outcome.stdout == ""


def test_files_that_are_not_there_are_named(shop, tmp_path):
    for words in (("--eval", tmp_path / "no.csv"), ("--from", tmp_path / "no"),
                  ("--out", tmp_path / "no" / "m")):
        outcome = shop.fit("--epochs", 1, *words, status=1)
        assert str(tmp_path / "no") in outcome.stderr
    assert str(tmp_path / "no") in shop.predict(model=tmp_path / "no", status=1).stderr


@pytest.mark.parametrize("words, said", [
    ((), "fit needs --spec"),
    (("--spec", "x"), "fit needs --train"),
    (("--spec", "x", "--train", "-", "--eval", "-"), "cannot both be standard input"),
    (("--epoch", "3"), "did you mean --epochs?"),
    (("--spec", "x", "--train", "y", "--epochs", "0"), "--epochs is 0"),
])
def test_wrong_usage_of_fit_exits_with_2(words, said):
    assert said in run("fit", *words, status=2).stderr


def test_settings_that_are_wrong_name_the_nearest(shop):
    assert "did you mean 'dropout'?" in shop.fit("--set", "dropuot=0.1", status=1).stderr
    assert "dropout" in shop.fit("--set", "dropout=2", status=1).stderr
    assert "--mode" in shop.fit("--set", "mode=wide", status=1).stderr
    assert "did you mean 'age'?" in shop.fit("--drop", "agee", status=1).stderr
    assert "every feature" in shop.fit("--drop", "age", "--drop", "city", status=1).stderr


# ---- the model's directory ----


def test_a_model_from_a_newer_version_says_so(shop, tmp_path):
    model = shutil.copytree(shop.model, tmp_path / "m")
    manifest = json.loads((model / "manifest.json").read_text())
    manifest["format"] = 7
    (model / "manifest.json").write_text(json.dumps(manifest))
    outcome = shop.predict(model=model, status=1)
    assert "newer version" in outcome.stderr and "7" in outcome.stderr


@pytest.mark.parametrize("name", ["manifest.json", "columns.tvs", "parameters.tvs"])
@pytest.mark.parametrize("damage", ["cut", "flip", "swap", "gone"])
def test_a_damaged_file_is_named(shop, tmp_path, name, damage):
    model = shutil.copytree(shop.model, tmp_path / "m")
    path = model / name
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flip":
        content[20] ^= 0x10
    elif damage == "swap" and name != "manifest.json":
        shop.fit("--seed", 9, "--set", "hidden=4", "--drop", "age", "--out", tmp_path / "other")
        content = (tmp_path / "other" / name).read_bytes()
    elif damage == "swap":
        content = b"[]"
    path.write_bytes(content) if damage != "gone" else path.unlink()
    outcome = shop.predict(model=model, status=1)
    assert name in outcome.stderr and outcome.stdout == ""


def test_something_else_at_the_models_place_is_never_replaced(shop, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("mine", "file"):
        outcome = shop.fit("--epochs", 1, "--out", tmp_path / name, status=1)
        assert "is no fitted model" in outcome.stderr
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "mine"
    assert (tmp_path / "file").read_text() == "mine"


def test_a_model_replaces_a_model_and_nothing_else_is_left(shop, tmp_path):
    shop.fit("--epochs", 1, "--out", tmp_path / "m")
    shop.fit("--out", f"{tmp_path}/m/", "--eval", shop.eval)
    assert shop.predict(model=tmp_path / "m").stdout == shop.predict().stdout
    assert os.listdir(tmp_path) == ["m"]


def test_ctrl_c_stops_and_leaves_what_stood_there(shop, tmp_path):
    model = shutil.copytree(shop.model, tmp_path / "m")
    process = subprocess.Popen(
        [BINARY, "fit", "--spec", shop.spec, "--train", shop.train, "--out", model, "--set", "patience=0",
         "--epochs", "100000"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 1 and out == "" and "stop" in err
    assert shop.predict(model=model).stdout == shop.predict().stdout
    assert os.listdir(tmp_path) == ["m"]


def test_a_full_disk_leaves_no_half_model(shop, tmp_path):
    outcome = subprocess.run(
        ["bash", "-c", 'ulimit -f 1; trap "" XFSZ; exec "$@"', "-", BINARY, "fit", "--spec", shop.spec,
         "--train", shop.train, "--epochs", "1", "--out", tmp_path / "m"],
        capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 1 and "tastevin:" in outcome.stderr
    assert os.listdir(tmp_path) == []


# ---- features ----


@pytest.fixture(scope="session")
def worth(shop, tmp_path_factory):
    """The report on the shop's columns with the noise among them, and its charts."""
    folder = tmp_path_factory.mktemp("worth")
    spec = folder / "spec.yaml"
    spec.write_text(SPEC.replace("  city:", "  noise: {type: numeric, normalize: standard}\n  city:"))
    outcome = run("features", "--spec", spec, "--train", shop.train, "--eval", shop.eval, "--json",
                  "--threads", 2, "--chart", folder / "c.svg", "--chart", folder / "c.png")
    return folder, json.loads(outcome.stdout)


def test_a_planted_noise_column_is_always_among_what_to_drop(worth):
    _, report = worth
    by_name = {feature["name"]: feature for feature in report["features"]}
    assert set(by_name) == {"age", "city", "noise", "age x city"}
    assert "noise" in report["drop"] and by_name["noise"]["drop"]
    assert "age" not in report["drop"] and "city" not in report["drop"]
    assert abs(by_name["noise"]["importance"]) < 0.01 < 0.1 < by_name["age"]["importance"]
    assert by_name["age x city"]["cross"] and not by_name["age"]["cross"]
    assert by_name["age x city"]["mutual_information"] > 0.2 > by_name["noise"]["mutual_information"] + 0.15
    assert by_name["noise"]["p"] > 0.001
    assert by_name["age x city"]["dies"] > 0.3 > 0.2 > by_name["noise"]["dies"]
    order = [feature["importance"] for feature in report["features"]]
    assert order == sorted(order, reverse=True)


def test_the_charts_are_whole_files(worth):
    folder, _ = worth
    assert (folder / "c.svg").read_text().rstrip().endswith("</svg>")
    image = (folder / "c.png").read_bytes()
    assert image.startswith(b"\x89PNG") and b"IEND" in image[-16:]


@real_data
def test_what_features_suggests_on_the_census():
    """Under the sanitizers the test below runs the same command."""
    outcome = run("features", "--spec", ADULT / "census-all.yaml", "--train", ADULT / "adult.data.gz",
                  "--eval", ADULT / "adult.test.gz", "--json", "--seeds", 2, "--repeats", 3, "--threads", 2)
    report = json.loads(outcome.stdout)
    top = [feature["name"] for feature in report["features"][:6]]
    assert {"capital_gain", "education_num", "age"} <= set(top)
    assert {"marital_status", "relationship"} & set(top)
    assert "fnlwgt" in report["drop"] and not {"capital_gain", "age"} & set(report["drop"])


def test_the_table_of_features_says_what_to_try(shop):
    text = run("features", "--spec", shop.spec, "--train", shop.train, "--eval", shop.eval, "--seeds", 1,
               "--repeats", 2, "--set", "epochs=3").stdout
    assert "age x city" in text and "importance" in text


@pytest.mark.parametrize("words, said", [
    ((), "features needs --spec"),
    (("--spec", "x", "--train", "y"), "features needs --eval"),
    (("--spec", "x", "--train", "-", "--eval", "y"), "cannot be standard input"),
    (("--spec", "x", "--train", "y", "--eval", "z", "--chart", "a.pdf"), ".svg or .png"),
])
def test_wrong_usage_of_features_exits_with_2(words, said):
    assert said in run("features", *words, status=2).stderr


def test_held_out_rows_of_one_label_are_refused(shop, tmp_path):
    rows = [row[:3] + ["no"] for row in rows_of(50, 4)]
    outcome = run("features", "--spec", shop.spec, "--train", shop.train, "--eval",
                  write(tmp_path / "t.csv", rows), "--seeds", 1, status=1)
    assert "one label only" in outcome.stderr


def test_the_guide_names_every_key_of_a_spec():
    guide = (ROOT / "docs" / "tables.md").read_text()
    source = (ROOT / "core" / "data" / "features" / "spec_features.c").read_text()
    listed = source.split("keys[] = {")[1].split("};")[0]
    keys = re.findall(r'\{"(\w+)", ', listed)
    assert len(keys) > 15
    parts = (ROOT / "core" / "data" / "features" / "spec.c").read_text()
    for name in ("file_keys", "label_keys", "top_keys"):
        keys += re.findall(r'"(\w+)"', parts.split(f"{name}[] = {{")[1].split("};")[0])
    for key in keys:
        assert re.search(rf"`(\w+: )?{key}`|^### .*{key}", guide, re.M), key
