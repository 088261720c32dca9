"""The parts serving and daemon of bench/run: answers a second beside a bare libmicrohttpd server with the same body
in the same minutes, latency in calm and while a round trains and events arrive; start and memory."""
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request


ROUNDS, SECONDS, BUSY_SECONDS = 3, 5, 10
EVENTS_PER_SECOND, EVENTS_PER_POST = 1000, 10
STARTS, START_LIMIT_S, REST_S = 5, 30, 3

# Requests are put together before the clock runs, so that the client's own work is as small as it can be.
SCRIPT = """
local requests, n = {}, 0
init = function(arguments)
  for user = tonumber(arguments[2]), tonumber(arguments[3]) do
    n = n + 1
    requests[n] = wrk.format(nil, "/v1/users/" .. arguments[1] .. user .. "/recommendations?n=10")
  end
end
request = function() return requests[math.random(n)] end
done = function(summary, latency)
  io.write(string.format("%f %f %f %d\\n", summary.requests / summary.duration * 1e6,
                         latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
                         summary.errors.status + summary.errors.read + summary.errors.timeout))
end
"""


class Figures:
    """What wrk said: requests a second, milliseconds, errors; of several runs the medians."""

    def __init__(self, runs: list[list[float]]):
        self.rate, self.p50, self.p99 = (statistics.median(run[i] for run in runs) for i in range(3))
        self.errors = int(sum(run[3] for run in runs))

    def text(self) -> str:
        return (f"{self.rate:.0f} requests/s, p50 {self.p50:.2f} ms, p99 {self.p99:.2f} ms"
                + (f", {self.errors} errors" if self.errors else ""))


def wrk(bench, port: int, prefix: str, first: int, last: int, seconds: int = SECONDS) -> list[float]:
    script = bench.scratch / "wrk.lua"
    script.write_text(SCRIPT)
    words = ["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", script, f"http://127.0.0.1:{port}/", "--", prefix, first, last]
    said = subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout
    return [float(number) for number in said.splitlines()[-1].split()]


class Bare:
    def __init__(self, bench, body: bytes):
        file = bench.scratch / "body.json"
        file.write_bytes(body)
        self.port = bench.free_port()
        self.words = [bench.build / "bench" / "bare_microhttpd", str(self.port), file]
        self.wait = lambda: bench.wait_for(self.port)

    def __enter__(self) -> "Bare":
        self.process = subprocess.Popen(self.words, stdin=subprocess.PIPE)
        self.wait()
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=10)


def get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read()


def post(port: int, path: str, value=None) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method="POST",
                                     data=None if value is None else json.dumps(value).encode(),
                                     headers={"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=60).close()


def trained(bench) -> tuple[pathlib.Path, str, int]:
    """A data directory with a snapshot; the users are named by a prefix and a number below the last figure."""
    folder = bench.scratch / "served"
    if bench.options.train:
        prefix, users = "", sum(1 for _ in open(bench.options.train))
        if not folder.exists():
            subprocess.run([bench.tastevin, "import", "pairs", bench.options.train, "--auto-items", "--data", folder],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    else:
        prefix, users = "u", 6000
        if not folder.exists():
            subprocess.run([bench.tastevin, "import", "csv", bench.csv(), "--auto-items", "--data", folder],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not (folder / "snapshots" / "1").exists():
        subprocess.run([bench.tastevin, "train", "--data", folder, "--set", "training.gate=false"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder, prefix, users


def copied(folder: pathlib.Path) -> pathlib.Path:
    copy = folder.with_name(folder.name + "-copy")
    shutil.rmtree(copy, ignore_errors=True)
    return shutil.copytree(folder, copy)


def in_calm(bench, cached, computed, prefix: str, users: int) -> None:
    path = f"/v1/users/{prefix}1/recommendations?n=10"
    runs: dict[str, list] = {"bare": [], "one": [], "cached": [], "computed": []}
    with Bare(bench, get(cached.port, path)) as bare:
        for _ in range(ROUNDS):
            runs["bare"].append(wrk(bench, bare.port, prefix, 1, 1))
            runs["one"].append(wrk(bench, cached.port, prefix, 1, 1))
            runs["computed"].append(wrk(bench, computed.port, prefix, 0, users - 1))
            runs["cached"].append(wrk(bench, cached.port, prefix, 0, users - 1))
    peer = Figures(runs["bare"])
    for name, what in (("one", "one user, n=10"), ("cached", "random users"),
                       ("computed", "random users, server.cache 0")):
        figures = Figures(runs[name])
        bench.row("serving", what, figures.text(), "bare: " + peer.text(), f"{figures.rate / peer.rate:.2f}")


class Load:
    """Events at a steady pace, and one round after the other."""

    def __init__(self, port: int, prefix: str, users: int, items: list[str]):
        self.port, self.prefix, self.users, self.items = port, prefix, users, items
        self.events = self.rounds = 0
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.send), threading.Thread(target=self.train)]

    def send(self) -> None:
        next_at = time.monotonic()
        while not self.over.is_set():
            batch = [{"user": f"{self.prefix}{(self.events + i) * 7919 % self.users}", "type": "view",
                      "item": self.items[(self.events + i) % len(self.items)]} for i in range(EVENTS_PER_POST)]
            post(self.port, "/v1/interactions", batch)
            self.events += EVENTS_PER_POST
            next_at += EVENTS_PER_POST / EVENTS_PER_SECOND
            self.over.wait(max(0, next_at - time.monotonic()))

    def train(self) -> None:
        while not self.over.is_set():
            try:
                post(self.port, "/v1/training")
                self.rounds += 1
            except urllib.error.HTTPError as refused:
                if refused.code != 409:  # one is running
                    raise
            self.over.wait(0.1)

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        self.over.wait(0.5)
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()


def under_load(bench, daemon, prefix: str, users: int) -> None:
    items = [item["id"] for item in json.loads(get(daemon.port, "/v1/items?limit=200"))["items"]]
    for first, last, what in ((1, 1, "one user"), (0, users - 1, "random users")):
        with Load(daemon.port, prefix, users, items) as load:
            started = time.monotonic()
            before = load.events
            figures = Figures([wrk(bench, daemon.port, prefix, first, last, BUSY_SECONDS)])
            pace = (load.events - before) / (time.monotonic() - started)
        bench.row("serving", f"{what} while rounds train and {pace:.0f} events/s arrive", figures.text())


def serving(bench) -> None:
    if not shutil.which("wrk"):
        print("serving: skipped, wrk is not installed (apt-get install wrk)", file=sys.stderr)
        return
    folder, prefix, users = trained(bench)
    quiet = ("--set", "training.at_start=false", "--set", "training.gate=false")
    with bench.daemon(folder, *quiet) as cached:
        with bench.daemon(copied(folder), *quiet, "--set", "server.cache=0") as computed:
            in_calm(bench, cached, computed, prefix, users)
        under_load(bench, cached, prefix, users)


# ---- the second stage ----

DEMO = pathlib.Path(__file__).resolve().parents[1] / "demo" / "ml-latest-small"
DEMO_USERS = 610


def trained_demo(bench, name: str, *words: str) -> pathlib.Path:
    folder = bench.scratch / name
    subprocess.run([bench.tastevin, "import", "movielens", DEMO, "--data", folder], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run([bench.tastevin, "train", "--data", folder, *words], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return folder


def ranking(bench) -> None:
    """What ranking 500 candidates adds to an answer on one core, and requests a second with it and without."""
    two = trained_demo(bench, "two-stages", "--set", "models.ranker=wide_deep")
    one = trained_demo(bench, "one-stage")
    figures = json.loads(bench.tool("ranking", two, capture_output=True, text=True).stdout)
    further = trained_demo(bench, "further", "--set", "models.ranker=wide_deep",
                           "--set", "models.retrievers=ials,ease,bpr,sessionknn")
    with_further = json.loads(bench.tool("ranking", further, capture_output=True, text=True).stdout)
    for what, figure in (("", figures), (", with the scores of ease, bpr and sessionknn", with_further)):
        added = figure["added_ms"]
        bench.row("ranking", f"500 candidates of {figure['items']:,} items, one core{what}",
                  f"adds {added['median']:.2f} ms at the median, {added['p99']:.2f} ms at p99")
    if not shutil.which("wrk"):
        return
    quiet = ("--set", "training.at_start=false", "--set", "server.cache=0")
    runs: dict[str, list] = {"on": [], "off": []}
    with bench.daemon(two, *quiet) as on, bench.daemon(one, *quiet) as off:
        for _ in range(ROUNDS):
            runs["on"].append(wrk(bench, on.port, "", 1, DEMO_USERS))
            runs["off"].append(wrk(bench, off.port, "", 1, DEMO_USERS))
    with_it, without = Figures(runs["on"]), Figures(runs["off"])
    bench.row("ranking", "random users, n=10, server.cache 0", with_it.text(), "without: " + without.text(),
              f"{with_it.rate / without.rate:.2f}")


# ---- start and memory ----

def seconds_to_ready(bench, folder: pathlib.Path) -> float:
    port = bench.free_port()
    started = time.monotonic()
    process = subprocess.Popen([bench.tastevin, "serve", "--data", folder, "--port", str(port), "--set",
                                "training.at_start=false"], stderr=subprocess.DEVNULL)
    try:
        while time.monotonic() - started < START_LIMIT_S:
            try:
                get(port, "/readyz")
                return time.monotonic() - started
            except OSError:
                time.sleep(0.002)
    finally:
        process.terminate()
        process.wait(timeout=60)
    raise SystemExit("bench/run: the daemon does not get ready")


def resident_mb(pid: int) -> float:
    line = next(line for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def rounds_done(port: int) -> int:
    return len(json.loads(get(port, "/v1/models"))["models"])


def daemon(bench) -> None:
    folder, prefix, users = trained(bench)
    folder = copied(folder)
    ready = statistics.median(seconds_to_ready(bench, folder) for _ in range(STARTS))
    bench.row("daemon", "from start to ready, with a snapshot", f"{ready * 1e3:.0f} ms", limit="500 ms wanted")
    with bench.daemon(folder, "--set", "training.at_start=false", "--set", "training.gate=false") as running:
        before = rounds_done(running.port)
        post(running.port, "/v1/training")
        while rounds_done(running.port) == before:
            time.sleep(0.2)
        for user in range(users):
            get(running.port, f"/v1/users/{prefix}{user}/recommendations?n=10")
        time.sleep(REST_S)
        bench.row("daemon", f"resident memory, idle after a round and an answer to each of {users} users",
                  f"{resident_mb(running.process.pid):.0f} MB", limit="150 MB wanted")


def slow_clients(bench) -> None:
    text = subprocess.run([sys.executable, pathlib.Path(__file__).with_name("slow_clients"), "--build", bench.build],
                          check=True, capture_output=True, text=True).stdout
    figures = json.loads(text)
    for when, what in (("without", "alone"), ("with", f"beside {figures['slow_clients']} slow clients")):
        times = figures[when]
        bench.row("slow clients", f"ordinary requests {what}",
                  f"p50 {times['p50_ms']:.2f} ms, p99 {times['p99_ms']:.2f} ms, most {times['max_ms']:.1f} ms",
                  limit="p99 5 ms wanted")
