"""Faults, each in one bounded script. FAULT_SEED repeats a run (it is printed when one fails);
FAULT_ROUNDS makes it longer than the suite has time for."""
import os
import pathlib
import random
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from running import *  # noqa: E402,F401,F403 (fixtures and helpers of tests/support)
from running import ROOT, run  # noqa: E402

SEED = int(os.environ.get("FAULT_SEED", "1"))


def rounds(usual: int) -> int:
    return int(os.environ.get("FAULT_ROUNDS", usual))


@pytest.fixture
def rng(request):
    print(f"FAULT_SEED={SEED}")
    return random.Random(f"{SEED} {request.node.name}")


def preload(name: str) -> str:
    path = pathlib.Path(os.environ.get("TEST_BUILD_DIR", ROOT / "build")) / "tests" / "support" / f"lib{name}.so"
    if not path.exists():
        pytest.skip(f"{path} is not there: a build with sanitizers has none")
    return str(path)


@pytest.fixture
def mount(tmp_path):
    """mount(size) gives a folder with a file system of that size; only root can."""
    mounted: list[pathlib.Path] = []

    def make(size: str) -> pathlib.Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder],
                              capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"a file system of its own needs root: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=False)


WAL_BYTES_MAX = 64 << 20  # what docs/deployment.md states


def check_log_size(daemon) -> None:
    """The write-ahead log, whose file keeps the size that it once had."""
    log = daemon.folder / "tastevin.db-wal"
    assert not log.exists() or log.stat().st_size <= WAL_BYTES_MAX, "the write-ahead log outgrew its limit"


def exported(folder: pathlib.Path) -> list[dict]:
    """All events in a data directory, as the program exports them; the store passes its checks."""
    import json

    copy = folder.parent / "verify.backup"
    copy.unlink(missing_ok=True)
    for words in (["backup", "--data", str(folder), str(copy)], ["backup", "--verify", str(copy)]):
        done = run(*words)
        assert done.returncode == 0, done.stderr
    done = run("export", "interactions", "--data", str(folder))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
