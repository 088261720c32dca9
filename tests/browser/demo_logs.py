"""Log directories as an operator and a data scientist have them, made by the real program on the
demo data: rounds of a daemon, fits of a table, the trials of a search, vectors of items.

Everything is made anew in a scratch folder and takes a minute or so. The histories of the users grow from
round to round: each round knows a larger part of everybody's ratings. The last part comes over HTTP:
the daemon is asked for lists, these are posted as shown, and what a user rates later is chosen.
"""
import csv
import http.client
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOVIES = ROOT / "demo" / "ml-latest-small"
CENSUS = ROOT / "demo" / "adult"

COMMAND_SECONDS = 600  # a subcommand may take at most
READY_SECONDS = 600    # the daemon may take to serve, and a round to end

# The rounds: what part of everybody's ratings each knows, and its settings. The fourth is a mistake,
# so that the pages show one.
SMALL = {"models.ials.dimensions": "16", "models.ials.epochs": "8"}
NETWORKS = {"models.retrievers": "ials,autorec,item2vec", "models.autorec.epochs": "12",
            "models.item2vec.epochs": "15", "models.ranker": "wide_deep", "training.features": "false"}
ROUNDS = (
    (0.5, SMALL),
    (0.6, {"models.ials.dimensions": "32"}),
    (0.7, {"models.ials.dimensions": "64"}),
    (0.75, {"models.ials.dimensions": "64", "models.ials.lambda": "0.5"}),
    (0.8, {"models.ials.dimensions": "96"}),
    (0.9, NETWORKS),
)
# The daemon's own round comes last.
SERVED = {**NETWORKS, "training.at_start": "false", "training.every": "never",
          "training.after_events": "0", "training.min_share": "1", "tensorboard.users": "1000"}
PAGES_SHOWN = 4      # lists that each user is shown, one after the other
LIST_LENGTH = 10
EVENTS_A_POST = 5000

FITS = (("census-wide", "--mode", "wide"), ("census-deep", "--mode", "deep"),
        ("census-wide-deep", "--mode", "wide_deep"))
SEARCH_TRIALS = "12"


class Maker:
    """Makes everything under one folder with one build of the program."""

    def __init__(self, build: pathlib.Path, folder: pathlib.Path):
        self.tastevin = build.resolve() / "cli" / "tastevin"
        self.folder = folder
        self.data = folder / "data"

    def run(self, *words, allowed=(0,)) -> str:
        done = subprocess.run([self.tastevin, *map(str, words)], capture_output=True, text=True,
                              timeout=COMMAND_SECONDS, check=False)
        if done.returncode not in allowed:
            raise RuntimeError(f"tastevin {' '.join(map(str, words))}: {done.stderr[-2000:]}")
        return done.stdout

    def settings(self, values: dict[str, str]) -> list[str]:
        return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]

    # ---- rounds ----

    def make_rounds(self) -> pathlib.Path:
        histories = read_histories()
        known = 0.0
        for share, values in ROUNDS:
            part = self.folder / "part"
            write_part(part, histories, known, share)
            self.run("import", "movielens", part, "--data", self.data)
            # 1: the round is refused, and shown all the same; without a document it has failed
            json.loads(self.run("train", "--data", self.data, "--json", *self.settings(values),
                                allowed=(0, 1)))
            known = share
        self.serve(histories, known)
        return self.data / "tensorboard"

    def serve(self, histories, known: float) -> None:
        """The figures of serving have a point a minute at most, where this build writes any."""
        shows_serving = re.search(r"^ +serving_every:", self.run("config", "print"), re.M)
        values = {**SERVED, **({"tensorboard.serving_every": "1m"} if shows_serving else {})}
        with Daemon(self, values) as daemon:
            daemon.show_lists(histories, known, 0)
            daemon.post_ratings(histories, known)
            daemon.train()
            for page in range(1, PAGES_SHOWN if shows_serving else 2):
                begun = int(time.time() // 60)
                daemon.show_lists(histories, known, page)
                while shows_serving and int(time.time() // 60) == begun:
                    time.sleep(1)

    # ---- the rest ----

    def make_fits(self) -> pathlib.Path:
        logs = self.folder / "fits"
        (self.folder / "fitted").mkdir()
        for name, *words in FITS:
            self.run("fit", "--spec", CENSUS / "census.yaml", "--train", CENSUS / "adult.data.gz",
                     "--eval", CENSUS / "adult.test.gz", "--out", self.folder / "fitted" / name,
                     "--logdir", logs, "--set", "validation=0.1", *words)
        return logs

    def make_search(self) -> pathlib.Path:
        logs = self.folder / "search"
        self.run("evaluate", "--data", self.data, "--model", "ials", "--search", SEARCH_TRIALS,
                 "--logdir", logs)
        return logs

    def make_models(self) -> pathlib.Path:
        """Runs of single models, and vectors for the projector."""
        logs = self.folder / "models"
        self.run("evaluate", "--data", self.data, "--logdir", logs, "--model", "ials", "--model", "autorec",
                 "--set", "epochs=12", "--model", "item2vec", "--set", "epochs=15")
        self.run("embed", "--data", self.data, "--window", 20, "--epochs", 30,
                 "--out", self.folder / "items", "--logdir", logs)
        return logs


def make_logs(build: pathlib.Path, folder: pathlib.Path, say) -> dict[str, pathlib.Path]:
    """{name: log directory}; what lay in `folder` is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    maker = Maker(build, folder)
    made = {}
    for name, make in (("rounds", maker.make_rounds), ("fits", maker.make_fits),
                       ("search", maker.make_search), ("models", maker.make_models)):
        say(f"making {name}")
        made[name] = make()
    return made


def made_logs(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """Those that an earlier call has made."""
    return {"rounds": folder / "data" / "tensorboard",
            **{name: folder / name for name in ("fits", "search", "models")}}


# ---- parts of the ratings ----

def read_histories() -> dict[str, list[dict]]:
    """Each user's ratings in their order."""
    histories: dict[str, list[dict]] = {}
    with open(MOVIES / "ratings.csv", newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            histories.setdefault(row["userId"], []).append(row)
    for history in histories.values():
        history.sort(key=lambda row: int(row["timestamp"]))
    return histories


def part_of(history: list[dict], start: float, end: float) -> list[dict]:
    return history[round(len(history) * start):round(len(history) * end)]


def write_part(folder: pathlib.Path, histories, start: float, end: float) -> None:
    """A MovieLens folder with this part of everybody's ratings."""
    folder.mkdir(exist_ok=True)
    shutil.copy(MOVIES / "movies.csv", folder)
    with open(folder / "ratings.csv", "w", newline="", encoding="utf-8") as out:
        table = csv.DictWriter(out, ["userId", "movieId", "rating", "timestamp"])
        table.writeheader()
        for history in histories.values():
            table.writerows(part_of(history, start, end))


# ---- the daemon ----

class Daemon:
    """Serves the maker's data directory while the `with` block runs."""

    def __init__(self, maker: Maker, values: dict[str, str]):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = maker.folder / "daemon.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [maker.tastevin, "serve", "--data", maker.data, "--port", str(self.port),
                 *maker.settings(values)], stdout=subprocess.DEVNULL, stderr=log)
        self.http = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def __enter__(self) -> "Daemon":
        try:
            self.wait(lambda: self.call("GET", "/readyz", refused=(503,)), "become ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_reason) -> None:
        self.http.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait(self, holds, what: str) -> None:
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if holds():
                    return
            except ConnectionError:
                self.http.close()
            time.sleep(0.1)
        raise RuntimeError(f"the daemon did not {what}; its log: {self.log.read_text()[-2000:]}")

    def call(self, method: str, path: str, body=None, refused=()):
        """The answer's JSON; None where its status is one of `refused`."""
        self.http.request(method, path, body=None if body is None else json.dumps(body),
                          headers={} if body is None else {"Content-Type": "application/json"})
        answer = self.http.getresponse()
        text = answer.read()
        if answer.status in refused:
            return None
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]!r}")
        return json.loads(text) if text else {}

    def show_lists(self, histories, known: float, page: int) -> None:
        """Every user is shown a list, and chooses of it what the rest of the history has."""
        for user, history in histories.items():
            coming = {row["movieId"] for row in part_of(history, known, 1) if float(row["rating"]) >= 4}
            answer = self.call("GET", f"/v1/users/{urllib.parse.quote(user)}/recommendations"
                                      f"?n={LIST_LENGTH}&offset={page * LIST_LENGTH}&seen=include")
            shown = [item["id"] for item in answer["items"]]
            sent = {"recommendation_id": answer["recommendation_id"]}
            if shown:
                self.call("POST", "/v1/impressions", {"user": user, "items": shown, **sent})
            chosen = [{"user": user, "item": item, "type": "view", "position": place, **sent}
                      for place, item in enumerate(shown) if item in coming]
            if chosen:
                self.call("POST", "/v1/interactions", chosen)

    def post_ratings(self, histories, known: float) -> None:
        events = [{"user": row["userId"], "item": row["movieId"], "type": "rating",
                   "rating": float(row["rating"]),
                   "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(row["timestamp"])))}
                  for history in histories.values() for row in part_of(history, known, 1)]
        for start in range(0, len(events), EVENTS_A_POST):
            self.call("POST", "/v1/interactions", events[start:start + EVENTS_A_POST])

    def train(self) -> None:
        before = self.call("GET", "/v1/training").get("last", {}).get("version", 0)
        self.call("POST", "/v1/training")
        self.wait(lambda: self.ended_after(before), "end its round")

    def ended_after(self, before: int) -> bool:
        status = self.call("GET", "/v1/training")
        return status["state"] == "idle" and status.get("last", {}).get("version", 0) > before
