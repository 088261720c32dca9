"""The real binary, run as a user runs it. TEST_BUILD_DIR names its build directory (scripts/test sets it)."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo" / "ml-latest-small"
BINARY = os.path.join(os.environ.get("TEST_BUILD_DIR", ROOT / "build"), "cli", "tastevin")

# The rows of the shipped ratings, header left out: user, item, rating, time.
RATINGS = [line.split(",") for line in (DEMO / "ratings.csv").read_text().splitlines()[1:]]
N_USERS = len({row[0] for row in RATINGS})

# A round that takes seconds: few dimensions, few epochs.
FAST = ["--set", "models.ials.dimensions=16", "--set", "models.ials.epochs=3",
        "--set", "training.threads=2"]


# For figures on real data. Under the sanitizers these would take minutes, and the same code runs
# there on planted data: each marked test says where.
real_data = pytest.mark.skipif(os.environ.get("TEST_SANITIZED") == "1", reason="on planted data under the sanitizers")


def run(*words, status=0, text=True, **keywords):
    """Runs `tastevin WORDS` and checks its exit status (None: any)."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TASTEVIN_")}
    outcome = subprocess.run(
        [BINARY, *map(str, words)], capture_output=True, text=text, timeout=300,
        env=environment, **keywords,
    )
    if status is not None:
        said = f"{outcome.returncode}\n{outcome.stdout[-2000:]}\n{outcome.stderr[-2000:]}"
        assert outcome.returncode == status, said
    return outcome


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """A data directory with the demo's ratings, trained once. Tests that change it copy it."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    run("import", "movielens", DEMO, "--data", folder)
    run("train", "--data", folder, *FAST)
    return folder
