"""Parts of bench/run: kernels, sweeps, import, ingest, large data. Each takes the Bench and adds rows to its table."""
import json
import os
import pathlib
import subprocess
import sys

import measure

# Of a run on another day on a machine of this kind: Gorse 0.5.9 in one process with SQLite is not part of bench/.
GORSE = {"arrays": 19500, "single": 700}

SWEEP_DIMENSIONS = (32, 64, 128, 192)
CG_STEPS = 3  # of core/models/ials_fit.c, and of the peer


def limits(bench) -> dict:
    """Peak GFLOP/s by kernel set and GB/s, on one core and on all; with the kernels' own figures."""
    if not bench.limits:
        bench.limits = json.loads(bench.tool("kernels", capture_output=True, text=True).stdout)
    return bench.limits


def peak_of(figures: dict, kernel_set: str) -> list[float]:
    return next(peak["gflops"] for peak in figures["limits"]["fma"] if peak["set"] == kernel_set)


# ---- kernels ----

def kernels(bench) -> None:
    figures = limits(bench)
    triad = figures["limits"]["triad"]["gbs"]
    for peak in figures["limits"]["fma"]:
        bench.row("kernels", f"limit of arithmetic, {peak['set']}", f"{peak['gflops'][0]:.0f} GFLOP/s on one core",
                  limit=f"{peak['gflops'][1]:.0f} on {figures['cores']}")
    bench.row("kernels", "limit of memory", f"{triad[0]:.1f} GB/s on one core",
              limit=f"{triad[1]:.1f} on {figures['cores']}")
    for kernel in figures["kernels"]:
        if kernel["bound"] == "memory":
            ours, limit, unit = kernel["gbs"], triad[0], "GB/s"
        else:
            ours, limit, unit = kernel["gflops"], peak_of(figures, kernel["set"])[0], "GFLOP/s"
        bench.row("kernels", f"{kernel['kernel']}, {kernel['shape']}, {kernel['set']}", f"{ours:.1f} {unit}",
                  limit=f"{limit:.0f}, {ours / limit:.0%} of it")


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


def peer_sweep(bench, d: int) -> dict | None:
    """The peer's figures on the same pairs; None without it."""
    script = pathlib.Path(bench.options.peers or "") / "ials.py"
    if not (bench.options.peers and bench.options.train and script.exists()):
        return None
    done = subprocess.run([bench.options.python, script, bench.options.test, bench.options.train, f"d={d}", "iters=10"],
                          capture_output=True, text=True, env=dict(os.environ, PYTHONPATH=bench.options.peers))
    if done.returncode != 0:
        print(f"the peer failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout)


def sweep(bench, d: int, solver: str) -> dict:
    report = bench.evaluate(*bench.pairs(), "--model", "ials", "--set", f"dimensions={d}", "--set", "epochs=10",
                            "--set", f"solver={solver}")
    return report["models"][1]


def fit(bench) -> None:
    shape = shape_of(bench.pairs()[1])
    if not bench.options.train:  # a fifth of the generated pairs is held out
        shape = (*shape[:2], shape[2] * 4 // 5)
    peaks = limits(bench)["limits"]["fma"][0]["gflops"]
    for d in SWEEP_DIMENSIONS:
        ours, peer = sweep(bench, d, "cg"), peer_sweep(bench, d)
        seconds = sorted(ours["epoch_seconds"])[len(ours["epoch_seconds"]) // 2]
        least = sweep_flops(shape, d) / (peaks[-1] * 1e9)
        bench.row("iALS", f"one sweep, {d} dimensions", f"{seconds * 1e3:.1f} ms",
                  f"{peer['peer']}: {peer['seconds_per_iteration'] * 1e3:.1f} ms" if peer else "",
                  f"{seconds / peer['seconds_per_iteration']:.2f}" if peer else "",
                  f"{least * 1e3:.1f} ms at {peaks[-1]:.0f} GFLOP/s")
        ndcg = ours["metrics"]["ndcg@20"]
        bench.row("iALS", f"NDCG@20 after ten sweeps, {d} dimensions", f"{ndcg:.4f}",
                  f"{peer['peer']}: {peer['ndcg']:.4f}" if peer else "", f"{ndcg / peer['ndcg']:.2f}" if peer else "")
        if d in (64, 128):
            exact = sweep(bench, d, "cholesky")
            bench.row("iALS", f"loss after ten sweeps, {d} dimensions", f"{ours['fit_loss']:.1f}",
                      f"own exact solver: {exact['fit_loss']:.1f}", f"{ours['fit_loss'] / exact['fit_loss']:.5f}")


# ---- import and ingest ----

def import_csv(bench) -> None:
    seconds, peak, _ = measure.run([bench.tastevin, "import", "csv", bench.csv(), "--auto-items", "--data",
                                    bench.scratch / "data"])
    n = bench.options.interactions
    bench.row("import", f"{n:,} events as CSV into a new store", f"{n / seconds:,.0f} events/s, peak {peak / 1e6:.0f} MB")


def fill_store(bench, folder: pathlib.Path, n: int) -> None:
    """A store with n generated events, imported from a pipe."""
    shape = ("--users", "100000", "--items", "20000")
    with subprocess.Popen([bench.build / "bench" / "generate", *shape, "--interactions", str(n)],
                          stdout=subprocess.PIPE) as source:
        seconds, peak, _ = measure.run([bench.tastevin, "import", "csv", "-", "--auto-items", "--data", folder],
                                       stdin=source.stdout)
    bench.row("import", f"{n:,} events as CSV from a pipe into a new store",
              f"{n / seconds:,.0f} events/s, peak {peak / 1e6:.0f} MB")


def import_more(bench, folder: pathlib.Path, stored: str) -> None:
    """What the same users do next, into the store that the posts went to."""
    file, n = bench.scratch / "more.csv", bench.options.interactions
    with open(file, "wb") as out:
        bench.tool("generate", "--users", 100000, "--items", 20000, "--interactions", n, "--seed", 7, stdout=out)
    seconds, peak, _ = measure.run([bench.tastevin, "import", "csv", file, "--auto-items", "--data", folder])
    bench.row("import", f"{n:,} events as CSV, {stored}", f"{n / seconds:,.0f} events/s, peak {peak / 1e6:.0f} MB")


INGEST_CASES = ((5000, 2, 500000), (1000, 2, 200000), (1, 1, 2000), (1, 32, 40000))  # array, connections, events


def ingest_into(bench, folder: pathlib.Path, stored: str) -> None:
    fsyncs = measure.fsyncs_per_second(bench.scratch)
    largest = 0
    with bench.daemon(folder, "--set", "training.at_start=false") as daemon:
        for array, connections, events in INGEST_CASES:
            done = bench.tool("ingest", daemon.port, events, array, connections, 100000, 20000, capture_output=True,
                              text=True)
            figures = json.loads(done.stdout)
            largest = max(largest, (folder / "tastevin.db-wal").stat().st_size)
            what = f"arrays of {array:,}" if array > 1 else "single events"
            seen = GORSE["arrays" if array > 1 else "single"] if array != 1000 and connections <= 2 else None
            rate = figures["events_per_second"]
            bench.row("ingest", f"{what}, {connections} connection{'s' * (connections > 1)}, {stored}",
                      f"{rate:,} events/s, p50 {figures['p50_ms']:.2f} ms, p99 {figures['p99_ms']:.2f} ms, "
                      f"{figures['refused']} refused",
                      f"Gorse 0.5.9, seen earlier: {seen:,}" if seen else "", f"{rate / seen:.1f}" if seen else "",
                      f"{fsyncs:,.0f} fsyncs/s" if array == 1 else "")
    bench.row("ingest", f"write-ahead log at its largest, {stored}", f"{largest / (1 << 20):.1f} MiB", limit="64 MiB stated")


def ingest(bench) -> None:
    ingest_into(bench, bench.scratch / "ingest", "empty store")
    if bench.options.stored:
        folder = bench.scratch / "stored"
        fill_store(bench, folder, bench.options.stored)
        stored = f"{bench.options.stored:,} events stored"
        ingest_into(bench, folder, stored)
        import_more(bench, folder, stored)


# ---- large data ----

def large(bench) -> None:
    n, file = bench.options.large, bench.scratch / "large.csv"
    with open(file, "wb") as out:
        bench.tool("generate", "--users", 138000, "--items", 27000, "--interactions", n, stdout=out)
    seconds, peak, out = measure.run([bench.tastevin, "evaluate", "--json", "--train", file, "--format", "csv", "--share",
                                      "0.01", "--model", "ials", "--set", "dimensions=64", "--set", "epochs=3"])
    fitted = json.loads(out)["models"][1]
    bench.row("large", f"evaluate from CSV, {n:,} events: peak memory of load and fit", f"{peak / 1e6:.0f} MB")
    bench.row("large", "one sweep, 64 dimensions", f"{min(fitted['epoch_seconds']):.2f} s")
    bench.row("large", "the whole evaluation, read twice, three sweeps", f"{seconds:.0f} s")
    folder = bench.scratch / "large"
    seconds, peak, _ = measure.run([bench.tastevin, "import", "csv", file, "--auto-items", "--data", folder])
    file.unlink()
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    bench.row("large", "import", f"{n / seconds:,.0f} events/s, peak {peak / 1e6:.0f} MB")
    bench.row("large", "the store on disk", f"{size / n:.0f} bytes an event")
    seconds, peak, _ = measure.run([bench.tastevin, "train", "--data", folder, "--set", "training.gate=false"])
    bench.row("large", "a round from the store, default settings", f"{seconds:.0f} s, peak {peak / 1e6:.0f} MB")
