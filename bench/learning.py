"""Parts of bench/run that fit models beside other people's software: iALS, closed forms, and the choice among models."""
import json
import os
import pathlib
import re
import subprocess
import sys

import measure
import parts

DEMO = pathlib.Path(__file__).resolve().parents[1] / "demo" / "ml-latest-small"
SWEEP_DIMENSIONS = (32, 64, 128, 192)
CG_STEPS = 3  # of core/models/ials_fit.c, and of the peer
EASE_RUNS = 3
# EASE as its paper has it, every weight kept: what the peer computes.
PLAIN_EASE = {"lambda": 500, "row_power": 0, "dropout": 0, "popularity_power": 0, "neighbours": 100000}
SEARCH_SECONDS = 120


def peer(bench, script: str, train: str, test: str, *words: str) -> dict | None:
    """What a script of --peers says of the same pairs; None without it."""
    path = pathlib.Path(bench.options.peers or "") / script
    if not (bench.options.peers and bench.options.train and path.exists()):
        return None
    # Settings of OpenBLAS that are meant for older builds of it would slow the peer's.
    around = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    done = subprocess.run([bench.options.python, path, test, train, *words], capture_output=True, text=True,
                          env=dict(around, PYTHONPATH=bench.options.peers))
    if done.returncode != 0:
        print(f"the peer failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout)


# ---- iALS ----

def shape_of(file: str) -> tuple[int, int, int]:
    """Users, items and pairs of a file of pairs."""
    users, items, pairs = 0, set(), 0
    with open(file) as lines:
        for line in lines:
            _, *row = line.split()
            users += 1
            pairs += len(row)
            items.update(row)
    return users, len(items), pairs


def sweep_flops(shape: tuple[int, int, int], d: int) -> float:
    """Of both half-steps: the right side, each step's product with the interactions' part and with the Gram matrix,
    once more for the first residual, and both Gram matrices."""
    users, items, pairs = shape
    return 2 * pairs * (2 * d + (CG_STEPS + 1) * 4 * d) + (users + items) * ((CG_STEPS + 1) * 2 * d * d + d * d)


def sweep(bench, d: int, solver: str) -> dict:
    report = bench.evaluate(*bench.pairs(), "--model", "ials", "--set", f"dimensions={d}", "--set", "epochs=10",
                            "--set", f"solver={solver}")
    return report["models"][1]


def fit(bench) -> None:
    shape = shape_of(bench.pairs()[1])
    if not bench.options.train:  # a fifth of the generated pairs is held out
        shape = (*shape[:2], shape[2] * 4 // 5)
    peaks = parts.limits(bench)["limits"]["fma"][0]["gflops"]
    for d in SWEEP_DIMENSIONS:
        ours = sweep(bench, d, "cg")
        theirs = peer(bench, "ials.py", bench.options.train, bench.options.test, f"d={d}", "iters=10")
        seconds = sorted(ours["epoch_seconds"])[len(ours["epoch_seconds"]) // 2]
        least = sweep_flops(shape, d) / (peaks[-1] * 1e9)
        bench.row("iALS", f"one sweep, {d} dimensions", f"{seconds * 1e3:.1f} ms",
                  f"{theirs['peer']}: {theirs['seconds_per_iteration'] * 1e3:.1f} ms" if theirs else "",
                  f"{seconds / theirs['seconds_per_iteration']:.2f}" if theirs else "",
                  f"{least * 1e3:.1f} ms at {peaks[-1]:.0f} GFLOP/s")
        ndcg = ours["metrics"]["ndcg@20"]
        bench.row("iALS", f"NDCG@20 after ten sweeps, {d} dimensions", f"{ndcg:.4f}",
                  f"{theirs['peer']}: {theirs['ndcg']:.4f}" if theirs else "", f"{ndcg / theirs['ndcg']:.2f}" if theirs else "")
        if d in (64, 128):
            exact = sweep(bench, d, "cholesky")
            bench.row("iALS", f"loss after ten sweeps, {d} dimensions", f"{ours['fit_loss']:.1f}",
                      f"own exact solver: {exact['fit_loss']:.1f}", f"{ours['fit_loss'] / exact['fit_loss']:.5f}")


# ---- closed forms ----

def settings(values: dict) -> list[str]:
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]


def numbered(bench) -> tuple[str, str, int]:
    """The given pairs with items numbered from 0 without gaps, those left out that nobody has in training: the peer
    inverts a column for each number up to the largest. Files of training and test, and how many items."""
    numbers: dict[str, int] = {}
    files = []
    for source, learns in ((bench.options.train, True), (bench.options.test, False)):
        files.append(str(bench.scratch / ("train.txt" if learns else "test.txt")))
        with open(source) as lines, open(files[-1], "w") as out:
            for line in lines:
                user, *items = line.split()
                places = [numbers.setdefault(item, len(numbers)) for item in items if learns or item in numbers]
                if places:
                    out.write(" ".join(map(str, [user, *sorted(places)])) + "\n")
    return files[0], files[1], len(numbers)


def one_fit(bench, data: list[str], name: str, values: dict) -> tuple[dict, int]:
    """The model's row of a report, and the bytes by which its fit made the process grow."""
    popular, model = bench.evaluate(*data, "--model", name, *settings(values))["models"]
    return model, max(0, model["peak_rss_bytes"] - popular["peak_rss_bytes"])


def ease(bench, data: list[str], m: int | None) -> None:
    """m: items, where there may be a peer."""
    ours, theirs = [], []
    for _ in range(EASE_RUNS):  # in turns
        ours.append(one_fit(bench, data, "ease", PLAIN_EASE))
        theirs.append(peer(bench, "ease.py", data[1], data[3], "lam=500") if m else None)
    ours.sort(key=lambda run: run[0]["fit_seconds"])
    theirs = sorted((run for run in theirs if run), key=lambda run: run["seconds"])
    (model, _), middle = ours[EASE_RUNS // 2], theirs[len(theirs) // 2] if theirs else None
    bench.row("closed forms", "EASE, lambda 500, every weight kept: fit", f"{model['fit_seconds']:.2f} s",
              f"{middle['peer']}: {middle['seconds']:.2f} s" if middle else "",
              f"{model['fit_seconds'] / middle['seconds']:.2f}" if middle else "")
    bench.row("closed forms", "the same, NDCG@20", f"{model['metrics']['ndcg@20']:.4f}",
              f"{middle['peer']}: {middle['ndcg']:.4f}" if middle else "")
    for what, runs in (("every weight kept", ours),
                       ("800 weights kept (default)", [one_fit(bench, data, "ease", {}) for _ in range(EASE_RUNS)])):
        grown = min(grown for _, grown in runs)
        bench.row("closed forms", f"EASE, {what}: memory beyond the data", f"{grown / 1e6:.0f} MB", "",
                  f"{grown / (4 * m * m):.2f} of the limit" if m else "",
                  f"{4 * m * m / 1e6:.0f} MB, a float32 matrix of {m:,} items" if m else "")


def closed(bench) -> None:
    data, m = bench.pairs(), None
    if bench.options.train:
        train, test, m = numbered(bench)
        data = ["--train", train, "--test", test, "--format", "pairs"]
    ease(bench, data, m)
    for name in ("itemknn", "rp3beta", "gfcf", "slim"):
        model, grown = one_fit(bench, data, name, {})
        bench.row("closed forms", f"{name}: fit, memory beyond the data",
                  f"{model['fit_seconds']:.2f} s, {grown / 1e6:.0f} MB")


# ---- choosing ----

def choosing(bench) -> None:
    """A round that looks for its own model, on the demo's data."""
    folder = bench.scratch / "choosing"
    measure.run([bench.tastevin, "import", "movielens", DEMO, "--data", folder], stderr=subprocess.DEVNULL)
    seconds, peak, _ = measure.run([bench.tastevin, "train", "--data", folder, "--set", "training.models=auto", "--set",
                                    f"training.search_time={SEARCH_SECONDS}s"], stderr=subprocess.DEVNULL)
    shown = json.loads(subprocess.run([bench.tastevin, "models", "show", "1", "--data", folder, "--json"], check=True,
                                      capture_output=True, text=True).stdout)
    report = shown["report"]
    bench.row("choosing", f"training.models auto on ml-latest-small, search_time {SEARCH_SECONDS}s: the search",
              f"{report['search']['seconds']:.0f} s", limit=f"{SEARCH_SECONDS} s given")
    bench.row("choosing", "the whole round", f"{seconds:.0f} s, peak {peak / 1e6:.0f} MB")
    bench.row("choosing", "what it says", re.sub(r" +", " ", shown["reason"]))
