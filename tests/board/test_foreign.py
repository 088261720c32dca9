"""Event files of others, and what is none, beside the runs of a daemon.

What this catches: a directory in which our runs are not shown, or go, because of what lies beside.
"""
import os

from test_many_rounds import names, write
from test_tensorboard import eventually, start  # noqa: F401 (a fixture)


def test_our_rounds_are_shown_beside_what_is_not_ours(tmp_path, start):  # noqa: F811
    for place in ("", "them", "round-of-theirs", "round-000002"):
        (tmp_path / place).mkdir(exist_ok=True)
        (tmp_path / place / "events.out.tfevents.0000000001.them").write_bytes(os.urandom(300))
        (tmp_path / place / "events.out.tfevents.0000000002.empty").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("tfevents")
    (tmp_path / "round-notes").mkdir()
    write(tmp_path, 1, 3, 10)
    board = start(tmp_path)
    ours = set(names([1, 3]))  # the second lies behind bytes that no reader gets past
    eventually(lambda: ours <= set(board.tags("scalars")), True)
    for name in ours:
        eventually(lambda: len(board.scalars(name, "fit/ials/loss")), 20)
    assert not [line for line in board.said if "Traceback" in line], board.said
    write(tmp_path, 4, 3, 3)
    left = {path.name for path in tmp_path.glob("round-*")}
    assert {"round-notes", *names([5, 6])} <= left and not left & set(names([1, 2, 3]))
    assert (tmp_path / "them").exists()
