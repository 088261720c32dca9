"""The event files that core/board writes, read back by TensorBoard itself with both of its loaders.

Needs a build (TEST_BUILD_DIR, by default build/) and tests/requirements.txt:

    python3 -m pytest tests/board

What these catch: files that our own reader takes and TensorBoard does not; points lost or changed
on the way; a run that stays invisible after a crash.
"""

import math
import os
import pathlib
import re
import struct
import subprocess
import sys
import time
import urllib.error

import pytest
from tensorboard_server import TensorBoardServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TEST_BUILD_DIR", ROOT / "build"))
WRITER = BUILD / "tests" / "support" / "board-writer"

RELOAD_SECONDS = 1
SEEN_SECONDS = 30  # to wait for what was written to be shown at most

LOADERS = {"rust": "--load_fast=true", "python": "--load_fast=false"}


def write(logdir, lines):
    """Runs the writer over commands given as tuples."""
    text = "".join("\t".join(str(part) for part in line) + "\n" for line in lines)
    subprocess.run([WRITER, logdir], input=text.encode(), check=True, timeout=60)


class TensorBoard(TensorBoardServer):
    """With one of its loaders, looking every second."""

    def __init__(self, logdir, loader, *words):
        super().__init__([sys.executable, "-m", "tensorboard.main"], logdir,
                         "--reload_interval", str(RELOAD_SECONDS), LOADERS[loader], *words)

    def scalars(self, run, tag):
        """[(step, value), …]"""
        points = self.get("plugin/scalars/scalars", run=run, tag=tag)
        return [(step, float(value)) for _, step, value in points]

    def texts(self, run, tag):
        """[(step, html), …]"""
        return [(text["step"], text["text"]) for text in self.get("plugin/text/text", run=run, tag=tag)]


@pytest.fixture(params=LOADERS)
def start(request):
    """A function that starts a TensorBoard on a log directory; it is stopped after the test."""
    running = []

    def start_on(logdir):
        running.append(TensorBoard(logdir, request.param))
        return running[-1]

    yield start_on
    for board in running:
        board.stop()


def eventually(look, wanted, seconds=SEEN_SECONDS):
    """Asks until the answer is the wanted one; the reader polls. The last answer is compared."""
    end = time.monotonic() + seconds
    while True:
        try:
            seen = look()
        except urllib.error.HTTPError as error:  # a tag that is not there yet
            seen = str(error)
        if seen == wanted or time.monotonic() > end:
            assert seen == wanted
            return
        time.sleep(0.2)


def as_float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def test_every_scalar_of_every_run_comes_back(tmp_path, start):
    curves = {
        ("round-000001", "train/loss"): [(s, math.exp(-s / 7) + 0.1) for s in range(40)],
        ("round-000001", "train/seconds"): [(s, 0.25 * s) for s in range(40)],
        ("round-000001", "eval/ndcg@20"): [(39, 0.42063)],
        ("round-000002", "train/loss"): [(s, -1e-30 * s) for s in range(0, 700, 7)],
        ("serve", "users with é and €"): [(2**40, 3e38), (2**40 + 1, -3e38)],
    }
    lines = []
    for run in dict.fromkeys(run for run, _ in curves):
        lines.append(("run", run, 0))
        points = [(step, tag, value) for (of, tag), curve in curves.items() if of == run
                  for step, value in curve]
        lines += [("scalar", tag, step, repr(value)) for step, tag, value in sorted(points)]
    write(tmp_path, lines)
    board = start(tmp_path)
    tags = {}
    for run, tag in curves:
        tags.setdefault(run, set()).add(tag)
    eventually(lambda: board.tags("scalars"), tags)
    for (run, tag), curve in curves.items():
        wanted = [(step, as_float32(value)) for step, value in curve]
        eventually(lambda: board.scalars(run, tag), wanted)


def test_nan_and_infinities_are_points_and_stop_nothing(tmp_path, start):
    write(tmp_path, [("run", "r", 0), ("scalar", "loss", 0, "nan"), ("scalar", "loss", 1, "inf"),
                     ("scalar", "loss", 2, "-inf"), ("scalar", "loss", 3, "0.5")])
    board = start(tmp_path)
    eventually(lambda: [(step, str(value)) for step, value in board.scalars("r", "loss")],
               [(0, "nan"), (1, "inf"), (2, "-inf"), (3, "0.5")])


def test_texts_come_back_as_markdown(tmp_path, start):
    write(tmp_path, [("run", "r", 0), ("text", "settings", 0, "**dimensions** 192"),
                     ("scalar", "loss", 0, 1), ("text", "settings", 5, "a\\n\\n- b\\n- c"),
                     ("text", "notes", 0, "déjà vu")])
    board = start(tmp_path)
    eventually(lambda: board.tags("text"), {"r": {"settings", "notes"}})
    eventually(lambda: [(step, re.sub(r"\s+", "", html)) for step, html in board.texts("r", "settings")],
               [(0, "<p><strong>dimensions</strong>192</p>"),
                (5, "<p>a</p><ul><li>b</li><li>c</li></ul>")])
    eventually(lambda: board.texts("r", "notes"), [(0, "<p>déjà vu</p>")])


def test_a_watched_run_grows_through_a_restart(tmp_path, start):
    """A second file of the run goes on where the first ended; no point of the first is dropped."""
    write(tmp_path, [("run", "r", 0)] + [("scalar", "loss", s, s) for s in range(5)])
    board = start(tmp_path)
    eventually(lambda: board.scalars("r", "loss"), [(s, float(s)) for s in range(5)])
    write(tmp_path, [("run", "r", 5)] + [("scalar", "loss", s, s) for s in range(5, 9)])
    eventually(lambda: board.scalars("r", "loss"), [(s, float(s)) for s in range(9)])
    assert not any("Traceback" in line for line in board.said)


def test_steps_that_do_not_rise_lose_no_point(tmp_path, start):
    """The readers would drop what they hold at or after a step that comes again."""
    write(tmp_path, [("run", "r", 0)] + [("scalar", "loss", s, s) for s in range(10)] +
          [("scalar", "loss", s, 100 + s) for s in range(3)])
    board = start(tmp_path)
    eventually(lambda: board.scalars("r", "loss"),
               [(s, float(s)) for s in range(10)] + [(10 + s, 100.0 + s) for s in range(3)])


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_crash_in_mid_record_hides_nothing_that_follows(tmp_path, start, cut):
    write(tmp_path, [("run", "r", 0)] + [("scalar", "loss", s, s) for s in range(6)] +
          [("flush",), ("die",)])
    [crashed] = tmp_path.glob("r/*tfevents*")
    os.truncate(crashed, crashed.stat().st_size - cut)  # shorter than the last record
    board = start(tmp_path)
    eventually(lambda: board.scalars("r", "loss"), [(s, float(s)) for s in range(5)])
    write(tmp_path, [("run", "r", 6)] + [("scalar", "loss", s, s) for s in range(6, 9)])
    assert len(list(tmp_path.glob("r/*tfevents*"))) == 2
    eventually(lambda: board.scalars("r", "loss"), [(s, float(s)) for s in (0, 1, 2, 3, 4, 6, 7, 8)])
    write(tmp_path, [("run", "next", 0), ("scalar", "loss", 0, 1)])
    eventually(lambda: board.scalars("next", "loss"), [(0, 1.0)])


def test_hostile_names_harm_no_other_run(tmp_path, start):
    names = ["../../up", "a&b#c+d%20 e", "x" * 10000, "bell\x07"]
    lines = [("run", "good", 0), ("scalar", "loss", 0, 1), ("run", "bad-tags", 0)]
    lines += [("scalar", name, 0, 2) for name in names]
    lines += [line for name in names for line in (("run", name, 0), ("scalar", "loss", 0, 3))]
    write(tmp_path / "logs", lines)
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]
    board = start(tmp_path / "logs")
    runs = {path.name for path in (tmp_path / "logs").iterdir() if path.is_dir()}
    assert len(runs) == 2 + len(names)
    eventually(lambda: set(board.tags("scalars")), runs)
    assert len(board.tags("scalars")["bad-tags"]) == len(names)
    for run in runs - {"good", "bad-tags"}:
        eventually(lambda: board.scalars(run, "loss"), [(0, 3.0)])
    for tag in board.tags("scalars")["bad-tags"]:
        eventually(lambda: board.scalars("bad-tags", tag), [(0, 2.0)])


def test_a_pruned_run_goes_away(tmp_path, start):
    runs = [line for i in range(4) for line in (("run", f"round-{i}", 0), ("scalar", "loss", 0, i))]
    write(tmp_path, runs)
    board = start(tmp_path)
    eventually(lambda: set(board.tags("scalars")), {f"round-{i}" for i in range(4)})
    write(tmp_path, [("run", "other", 0), ("scalar", "loss", 0, 9), ("prune", "round-", 2)])
    eventually(lambda: set(board.tags("scalars")), {"round-2", "round-3", "other"})
