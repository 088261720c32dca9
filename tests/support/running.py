"""The real daemon, started on a free port with a data directory of its own: for every suite that
needs one, by its conftest.py.

TEST_BUILD_DIR names the build directory (scripts/test sets it).
"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest
import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo" / "ml-latest-small"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def binary() -> str:
    path = os.path.join(os.environ.get("TEST_BUILD_DIR", ROOT / "build"), "cli", "tastevin")
    assert os.path.exists(path), f"no binary at {path}: build first, or set TEST_BUILD_DIR"
    return path


# What the sanitizers write to the log; a daemon that was killed has no status to tell it by.
SANITIZERS = ("WARNING: ThreadSanitizer", "ERROR: AddressSanitizer", "ERROR: LeakSanitizer", ": runtime error: ")


class Daemon:
    """One data directory and the daemon on it; may be stopped, killed and started again."""

    def __init__(self, folder: pathlib.Path, settings: dict[str, str]):
        self.folder = folder
        self.settings = settings
        self.process: subprocess.Popen | None = None
        self.environment: dict[str, str] = {}  # beyond the tests' own
        self.http = requests.Session()
        self.log = folder.parent / (folder.name + ".log")

    def command(self, *extra: str) -> list[str]:
        words = [binary(), "serve", "--data", str(self.folder), "--port", str(self.port)]
        for name, value in self.settings.items():
            words += ["--set", f"{name}={value}"]
        return words + list(extra)

    def start(self, *extra: str) -> "Daemon":
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            self.command(*extra), stderr=open(self.log, "ab"), stdout=subprocess.DEVNULL,
            env={**os.environ, **self.environment},
        )
        for _ in range(600):
            if self.process.poll() is not None:
                raise AssertionError(f"the daemon ended: {self.log.read_text()[-2000:]}")
            try:
                if self.http.get(self.url + "/readyz", timeout=5).status_code == 200:
                    return self
            except requests.ConnectionError:
                time.sleep(0.05)
        raise AssertionError("the daemon never became ready")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=60)
        self.http.close()
        return status

    def sanitizer_reports(self) -> str:
        """From the first report in the log on; empty without one."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        places = [text.find(words) for words in SANITIZERS if words in text]
        return text[min(places):][:8000] if places else ""

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.http.close()

    def call(self, method: str, path: str, expect: int | None = 200, **keywords):
        answer = self.http.request(method, self.url + path, timeout=60, **keywords)
        if expect is not None:
            assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:1000]}"
        return answer

    def get(self, path: str, expect: int | None = 200, **keywords):
        return self.call("GET", path, expect, **keywords).json()

    def post(self, path: str, body, expect: int | None = 200, **keywords):
        return self.call("POST", path, expect, json=body, **keywords).json()

    def put(self, path: str, body, expect: int | None = None, **keywords):
        answer = self.call("PUT", path, expect, json=body, **keywords)
        if expect is None:
            assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def recommended(self, user: str, **parameters) -> list[str]:
        answer = self.call("GET", f"/v1/users/{user}/recommendations", params=parameters).json()
        return [item["id"] for item in answer["items"]]

    def train(self) -> dict:
        """Runs one round to its end and returns its row."""
        before = self.get("/v1/training").get("last", {}).get("version", 0)
        self.call("POST", "/v1/training", 202)
        return self.wait_round(before)

    def wait_round(self, before: int) -> dict:
        for _ in range(3000):
            status = self.get("/v1/training")
            if status["state"] == "idle" and status.get("last", {}).get("version", 0) > before:
                return self.get(f"/v1/models/{status['last']['version']}")
            time.sleep(0.05)
        raise AssertionError("the round never ended")


# What a test does not ask for it does without: a report on columns takes the most of a round with a ranker.
QUIET = {
    "training.at_start": "false",
    "training.every": "never",
    "training.after_events": "0",
    "training.map": "0",
    "training.features": "false",
    "models.ials.dimensions": "16",
    "models.ials.epochs": "4",
}


def run(*words: str, **keywords) -> subprocess.CompletedProcess:
    return subprocess.run(
        [binary(), *words], capture_output=True, text=True, timeout=600, **keywords
    )


@pytest.fixture
def make_daemon(tmp_path):
    made: list[Daemon] = []

    def make(name: str = "data", **settings: str) -> Daemon:
        daemon = Daemon(tmp_path / name, {**QUIET, **settings})
        made.append(daemon)
        return daemon

    yield make
    for daemon in made:
        if daemon.process and daemon.process.poll() is None:
            daemon.kill()
    reports = [report for daemon in made if (report := daemon.sanitizer_reports())]
    assert not reports, reports[0]


@pytest.fixture
def daemon(make_daemon):
    started = make_daemon().start()
    yield started
    assert started.process.poll() is not None or started.stop() == 0, "it must end with status 0"


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory):
    """A data directory with ml-latest-small imported and not trained; copy it before use."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    done = run("import", "movielens", str(DEMO), "--data", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    return folder


def checkerboard(users: int = 40, items: int = 40):
    """Users like the items of their own parity; the diagonal is held back."""
    return [
        {"user": f"u{u}", "item": f"i{i}", "type": "like"}
        for u in range(users)
        for i in range(items)
        if u % 2 == i % 2 and u != i
    ]


def put_items(daemon: Daemon, count: int, **fields) -> None:
    daemon.post("/v1/items:batch", [{"id": f"i{i}", "title": f"Item {i}", **fields} for i in range(count)])


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]
