"""A file of a million points, read back equal.

What this catches: a point that is lost, changed or moved anywhere on a long way; a file that a reader
does not read to its end.
"""
import json
import subprocess

import pytest
from tensorboard.backend.event_processing import event_file_loader
from tensorboard.compat.proto import event_pb2

from test_tensorboard import BUILD, TensorBoard, as_float32, eventually

VALUES, TAGS = 1000000, 20
STEPS = VALUES // TAGS
TAG_NAMES = [f"group {t // 10}/curve {t}" for t in range(TAGS)]


@pytest.fixture(scope="module")
def long_run(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("long") / "logs"
    done = subprocess.run([BUILD / "bench" / "board_values", logdir, str(VALUES), str(TAGS)], check=True,
                          capture_output=True, text=True, timeout=120)
    assert json.loads(done.stdout)["values"] == VALUES
    return logdir


def value_at(step, tag):
    return as_float32(step ^ tag)


def test_every_value_is_read_back_equal(long_run):
    """By the file reader of the Python loader."""
    [path] = (long_run / "values-1").glob("*tfevents*")
    seen = 0
    for event in event_file_loader.RawEventFileLoader(str(path)).Load():
        event = event_pb2.Event.FromString(event)
        for value in event.summary.value:
            step, tag = divmod(seen, TAGS)
            assert (event.step, value.tag) == (step, TAG_NAMES[tag])
            assert value.simple_value == value_at(step, tag)
            seen += 1
    assert seen == VALUES


@pytest.fixture
def board(long_run):
    """With the default loader alone: the other takes minutes for a million values."""
    board = TensorBoard(long_run, "rust")
    yield board
    board.stop()


def test_tensorboard_shows_the_last_point_and_a_sample_of_the_rest(board):
    eventually(lambda: board.tags("scalars"), {"values-1": set(TAG_NAMES)})
    for tag in (0, TAGS - 1):
        def last(tag=tag):
            return board.scalars("values-1", TAG_NAMES[tag])[-1]
        eventually(last, (STEPS - 1, value_at(STEPS - 1, tag)))
        shown = board.scalars("values-1", TAG_NAMES[tag])
        assert 500 <= len(shown) <= 1000
        assert all(value == value_at(step, tag) for step, value in shown)
