"""Files that were damaged while nobody served.

What this catches: a crash or a wrong answer from bytes that are not what they were, a message that
names neither the file nor what to do, and a repair that makes it worse.
"""
import hashlib
import pathlib
import shutil
import sqlite3

import pytest

from conftest import exported, rounds, run

SMALL = ["--set", "models.ials.dimensions=4", "--set", "models.ials.epochs=1"]


@pytest.fixture(scope="module")
def trained(demo_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damage") / "data"
    shutil.copytree(demo_folder, folder)
    for _ in range(2):
        done = run("train", "--data", str(folder), *SMALL)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def damaged(make_daemon, trained):
    daemon = make_daemon()
    shutil.copytree(trained, daemon.folder)
    return daemon


def flip(path: pathlib.Path, rng, n: int) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(n):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def sums(folder: pathlib.Path) -> dict[str, str]:
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in folder.rglob("*") if p.is_file() and p.suffix in (".db", ".tvs", ".json")}


def test_a_damaged_snapshot_is_left_for_the_one_before(damaged, trained, rng):
    for _ in range(rounds(6)):
        shutil.rmtree(damaged.folder)
        shutil.copytree(trained, damaged.folder)
        path = rng.choice(sorted((damaged.folder / "snapshots" / "2").iterdir()))
        if rng.random() < 0.3:
            path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])
        else:
            flip(path, rng, rng.choice([1, 100]))
        damaged.start()
        assert damaged.get("/readyz")["model_version"] == 1, path
        assert len(damaged.recommended("1")) == 10
        assert damaged.stop() == 0
        assert "snapshot_broken" in damaged.log.read_text()


def test_without_a_whole_snapshot_it_serves_and_learns_again(damaged, rng):
    for version in ("1", "2"):
        flip(damaged.folder / "snapshots" / version / "data.tvs", rng, 50)
    damaged.start()
    assert damaged.get("/readyz")["model_version"] == 0
    assert len(damaged.recommended("1")) == 10
    assert damaged.train()["state"] == "published"
    assert damaged.stop() == 0


@pytest.mark.parametrize("harm", ["garbage", "header", "cut", "schema"])
def test_a_damaged_database_is_refused_and_left_alone(damaged, rng, harm):
    path = damaged.folder / "tastevin.db"
    data = bytearray(path.read_bytes())
    if harm == "garbage":
        data[:] = rng.randbytes(len(data))
    elif harm == "header":
        data[: 16] = b"x" * 16
    elif harm == "cut":
        data = data[: len(data) // 2]
    else:
        data[100: 4096] = rng.randbytes(3996)
    path.write_bytes(data)
    before = sums(damaged.folder)
    for words in (["serve", "--port", "0"], ["train"], ["backup", str(damaged.folder.parent / "b")], ["export", "users"]):
        done = run(*words, "--data", str(damaged.folder))
        assert done.returncode == 1, (words, done)
        assert "tastevin.db" in done.stderr, (words, done.stderr)
        assert "restore" in done.stderr or "backup" in done.stderr, (words, done.stderr)
        assert sums(damaged.folder) == before, words


def test_pages_that_were_damaged_never_end_the_daemon(damaged, trained, rng):
    """What lies in the middle is found when it is read: an error then, or at the start."""
    for _ in range(rounds(4)):
        shutil.rmtree(damaged.folder)
        shutil.copytree(trained, damaged.folder)
        flip(damaged.folder / "tastevin.db", rng, 2000)
        try:
            damaged.start()
        except AssertionError:
            assert damaged.process.returncode == 1, "it must end with a message, not by a signal"
            assert "tastevin.db" in damaged.log.read_text()
            continue
        for user in range(1, 40):
            damaged.call("GET", f"/v1/users/{user}/interactions", None)
            damaged.call("GET", f"/v1/users/{user}/recommendations", None)
            damaged.call("POST", "/v1/interactions", None, json={"user": str(user), "item": "1", "type": "view"})
        assert damaged.process.poll() is None
        assert damaged.stop() in (0, 1)


def test_a_damaged_backup_is_told_and_not_restored(trained, tmp_path, rng):
    backup, target = tmp_path / "b", tmp_path / "restored"
    assert run("backup", "--data", str(trained), str(backup)).returncode == 0
    whole = backup.read_bytes()
    for _ in range(rounds(5)):
        backup.write_bytes(whole)
        flip(backup, rng, 1)
        done = run("backup", "--verify", str(backup))
        if done.returncode == 0:
            continue  # padding
        assert done.returncode == 1 and str(backup) in done.stderr
        done = run("restore", "--data", str(target), str(backup))
        assert done.returncode == 1 and not (target / "tastevin.db").exists()
