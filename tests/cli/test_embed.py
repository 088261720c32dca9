"""`tastevin embed`: from a text or a store to files of vectors, and what can be asked of them.

What these catch: files that another reader of word2vec's formats takes for something else, results
that hang on the threads, and bad input that ends in anything but a sentence.
"""
import json
import random
import signal
import struct
import subprocess
import time

import pytest

from conftest import BINARY, run

FAST = ["--dimensions", 16, "--epochs", 20, "--min-count", 2, "--subsample", 0, "--threads", 2]


def topics(n_lines=1500):
    """Two topics of eight words that never share a line."""
    rng = random.Random(1)
    words = [[f"{topic}{i}" for i in range(8)] for topic in ("sea", "hill")]
    return "".join(" ".join(rng.choices(words[line % 2], k=10)) + "\n" for line in range(n_lines))


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("embed")
    (folder / "text").write_text(topics())
    answer = run("embed", "--text", folder / "text", "--out", folder / "out", "--json", *FAST)
    return folder / "out", json.loads(answer.stdout)


def read_text(path):
    head, *rows = path.read_text().splitlines()
    n, d = map(int, head.split())
    table = {name: [float(x) for x in rest] for name, *rest in map(str.split, rows)}
    assert len(rows) == len(table) == n and all(len(v) == d for v in table.values())
    return table


def read_binary(path):
    head, rest = path.read_bytes().split(b"\n", 1)
    n, d = map(int, head.split())
    table = {}
    for _ in range(n):
        name, rest = rest.split(b" ", 1)
        table[name.decode()] = list(struct.unpack(f"<{d}f", rest[: 4 * d]))
        assert rest[4 * d : 4 * d + 1] == b"\n"
        rest = rest[4 * d + 1 :]
    assert rest == b"" and len(table) == n
    return table


def test_both_files_hold_the_same_vectors(vectors):
    folder, report = vectors
    text, binary = read_text(folder / "vectors.txt"), read_binary(folder / "vectors.bin")
    assert list(text) == list(binary) and len(text) == report["vectors"] == 16
    for name, row in text.items():
        assert [struct.unpack("<f", struct.pack("<f", x))[0] for x in row] == binary[name]


def test_gensim_loads_both_files(vectors):
    models = pytest.importorskip("gensim.models")
    for name, binary in (("vectors.txt", False), ("vectors.bin", True)):
        loaded = models.KeyedVectors.load_word2vec_format(str(vectors[0] / name), binary=binary)
        assert loaded.vectors.shape == (16, 16)
        assert loaded.most_similar("sea0", topn=1)[0][0].startswith("sea")


@pytest.mark.parametrize("name", ["vectors.txt", "vectors.bin"])
def test_words_of_a_topic_are_nearest(vectors, name):
    answer = run("embed", "--vectors", vectors[0] / name, "--nearest", "sea3", "hill0", "--json", "-n", 7)
    for found in json.loads(answer.stdout):
        names = [row["name"] for row in found["nearest"]]
        assert found["of"] not in names
        assert {n.rstrip("01234567") for n in names} == {found["of"].rstrip("01234567")}
        cosines = [row["cosine"] for row in found["nearest"]]
        assert cosines == sorted(cosines, reverse=True) and cosines[0] <= 1.0001
    table = run("embed", "--vectors", vectors[0] / name, "--nearest", "sea3", "-n", 2).stdout
    assert table.splitlines()[0].split() == ["sea3", "cosine"] and len(table.splitlines()) == 3


def test_an_analogy_leaves_its_own_words_out(vectors):
    answer = run("embed", "--vectors", vectors[0] / "vectors.bin", "--analogy", "sea1", "sea2", "hill1", "--json")
    (found,) = json.loads(answer.stdout)
    names = [row["name"] for row in found["nearest"]]
    assert names[0].startswith("hill") and not {"sea1", "sea2", "hill1"} & set(names)


def test_the_files_are_the_same_for_any_number_of_threads(tmp_path):
    (tmp_path / "text").write_text(topics())
    for threads in (1, 3):  # long enough vectors that several are used
        run("embed", "--text", tmp_path / "text", "--out", tmp_path / str(threads), "--dimensions", 300,
            "--window", 10, "--epochs", 1, "--threads", threads)
    for name in ("vectors.txt", "vectors.bin"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes()


def test_items_of_a_store_get_vectors_with_their_titles(demo, tmp_path):
    run("embed", "--data", demo, "--out", tmp_path / "out", "--dimensions", 8, "--epochs", 2, "--min-count", 20)
    table = read_text(tmp_path / "out" / "vectors.txt")
    assert 500 < len(table) < 3000 and all(name.isdigit() for name in table)
    (metadata,) = (tmp_path / "out" / "tensorboard").glob("vectors-*/metadata.tsv")
    head, *rows = [line.split("\t") for line in metadata.read_text().splitlines()]
    assert head == ["name", "count", "id"] and len(rows) == len(table)
    assert [row[2] for row in rows] == list(table)
    assert "Toy Story (1995)" in {row[0] for row in rows}


@pytest.mark.parametrize("text, words", [
    (b"", "give more text"),
    (b"word " * 1000, "give more text"),
    (bytes(range(256)) * 50, None),
    (b"one two three", "lower minimum count"),
])
def test_poor_text_ends_in_a_sentence(tmp_path, text, words):
    (tmp_path / "text").write_bytes(text)
    answer = run("embed", "--text", tmp_path / "text", "--out", tmp_path / "out", status=None)
    assert answer.returncode in ((0, 1) if words is None else (1,))
    assert words is None or words in answer.stderr
    assert "nan" not in answer.stdout.lower()


def test_a_line_of_fifty_megabytes_is_read(tmp_path):
    (tmp_path / "text").write_text("red green blue stone wood\t" * 2000000)
    answer = run("embed", "--text", tmp_path / "text", "--out", tmp_path / "out", "--json",
                 "--dimensions", 4, "--window", 1, "--epochs", 1, "--subsample", 0.00001)
    report = json.loads(answer.stdout)
    assert report["tokens_read"] == 10000000 and report["sequences"] == 1


@pytest.mark.parametrize("words, said", [
    ([], "--text FILE or --data DIR"),
    (["--text", "x"], "--out DIR"),
    (["--text", "x", "--data", "y", "--out", "z"], "one of both"),
    (["--text", "x", "--out", "z", "--nearest"], "--vectors FILE"),
    (["--vectors", "x"], "--nearest or --analogy"),
    (["--vectors", "x", "--nearest"], "needs a word"),
    (["--vectors", "x", "--analogy", "a", "b"], "three words"),
    (["--text", "x", "--out", "z", "--dimensions", "0"], "dimensions"),
    (["--text", "x", "--out", "z", "--dimensions", "100000"], "dimensions"),
    (["--text", "x", "--out", "z", "--phrases", "9"], "phrases"),
])
def test_wrong_usage_is_said(words, said):
    assert said in run("embed", *words, status=2).stderr


def test_what_is_not_there_is_said(vectors, tmp_path):
    assert "no vector of 'lake'" in run("embed", "--vectors", vectors[0] / "vectors.txt", "--nearest", "lake", status=1).stderr
    assert "nowhere" in run("embed", "--text", tmp_path / "nowhere", "--out", tmp_path, status=1).stderr
    (tmp_path / "broken").write_text("3 2\na 1 2\n")
    assert "broken" in run("embed", "--vectors", tmp_path / "broken", "--nearest", "a", status=1).stderr


def test_an_interrupt_ends_it_and_says_how_far_it_came(tmp_path):
    (tmp_path / "text").write_text(topics())
    process = subprocess.Popen(
        [BINARY, "embed", "--text", tmp_path / "text", "--out", tmp_path / "out", "--min-count", "1",
         "--epochs", "10000", "--dimensions", "100"], stderr=subprocess.PIPE, text=True)
    while not list((tmp_path / "out").glob("tensorboard/embed-*/*tfevents*")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "stopped in epoch" in said and "nothing was written" in said
    assert not (tmp_path / "out" / "vectors.txt").exists()


def test_words_that_stand_together_become_one(tmp_path):
    rng = random.Random(2)
    lines = [" ".join(rng.sample(["new york", "rain", "sun", "wind", "snow", "new", "york"], 4)) for _ in range(400)]
    (tmp_path / "text").write_text("\n".join(lines))
    words = ["embed", "--text", tmp_path / "text", "--json", *FAST[:-2], "--phrase-threshold", 1.5]
    first = json.loads(run(*words, "--out", tmp_path / "a", "--phrases", 1).stdout)
    again = json.loads(run(*words, "--out", tmp_path / "b", "--phrases", 1, "--threads", 1).stdout)
    apart = json.loads(run(*words, "--out", tmp_path / "c").stdout)
    assert first["joined"] == again["joined"] >= 200 and apart["joined"] == 0
    assert first["tokens_read"] == apart["tokens_read"] == first["tokens"] + first["joined"]
    names = set(read_text(tmp_path / "a" / "vectors.txt"))
    assert names - set(read_text(tmp_path / "c" / "vectors.txt")) == {"new_york"}
    assert (tmp_path / "a" / "vectors.bin").read_bytes() == (tmp_path / "b" / "vectors.bin").read_bytes()
    assert "--text" in run("embed", "--data", tmp_path, "--out", tmp_path / "d", "--phrases", 1, status=2).stderr
