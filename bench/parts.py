"""Parts of bench/run: kernels, import, ingest, large data. Each takes the Bench and adds rows to its table."""
import json
import pathlib
import subprocess

import measure

# Of a run on another day on a machine of this kind: Gorse 0.5.9 in one process with SQLite is not part of bench/.
GORSE = {"arrays": 19500, "single": 700}


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
