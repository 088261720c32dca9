"""Five hundred rounds, as watch.h writes them, under both of TensorBoard's loaders.

What this catches: a log directory that outgrows its limits, a reader that gives up on so many runs,
a round that was pruned and is shown, one that is kept and is not.
"""
import resource
import subprocess

from test_tensorboard import BUILD, as_float32, eventually, start  # noqa: F401 (a fixture)

import pytest

WRITER = BUILD / "tests" / "support" / "round-writer"
ROUNDS = 500
BYTES = 64 << 20  # tensorboard.max_size, as it is by default
SLOW_SECONDS = 400  # the Python loader takes some 50 ms of CPU a round; bench/board_start measures


def write(logdir, first, count, keep, size=BYTES):
    subprocess.run([WRITER, logdir, *map(str, (first, count, keep, size))], check=True, timeout=120)


def names(versions):
    return [f"round-{version:06d}" for version in versions]


def used(logdir):
    return sum(path.stat().st_size for path in logdir.glob("round-*/*"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("many") / "logs"
    write(logdir, 1, ROUNDS, ROUNDS)
    return logdir


def test_every_round_that_is_kept_is_shown(kept, start):  # noqa: F811
    assert len(list(kept.glob("round-*/*tfevents*"))) == ROUNDS and used(kept) <= BYTES
    board = start(kept)
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert descriptors > ROUNDS
    eventually(lambda: sorted(board.tags("scalars")), names(range(1, ROUNDS + 1)), SLOW_SECONDS)
    for version in (1, ROUNDS // 2, ROUNDS):
        [name] = names([version])
        eventually(lambda: board.scalars(name, "data/users"), [(version, as_float32(1000 + version))])
        assert len(board.scalars(name, "fit/ials/loss")) == 20
        assert "metric_19@20" in board.texts(name, "round/models")[0][1]
    assert not [line for line in board.said if "Traceback" in line or "rror" in line], board.said


def test_the_limits_hold_over_five_hundred_rounds(tmp_path, start):  # noqa: F811
    logdir = tmp_path / "logs"
    write(logdir, 1, ROUNDS, 50)
    board = start(logdir)
    eventually(lambda: sorted(board.tags("scalars")), names(range(ROUNDS - 49, ROUNDS + 1)))
    one = used(logdir) // 50
    write(logdir, ROUNDS + 1, 10, 50, 20 * one)  # less room: older rounds go under the reader's eyes
    assert used(logdir) <= 20 * one
    left = sorted(path.name for path in logdir.glob("round-*"))
    assert left == names(range(ROUNDS + 11 - len(left), ROUNDS + 11)) and 15 < len(left) <= 20
    eventually(lambda: sorted(board.tags("scalars")), left)
    assert not [line for line in board.said if "Traceback" in line], board.said
