"""A TensorBoard on a log directory, and what it says over HTTP that it has."""
import json
import pathlib
import re
import subprocess
import threading
import time
import urllib.parse
import urllib.request

START_SECONDS = 120  # to wait for it at most
SEEN_SECONDS = 120   # to wait for what lies in the directory at most
RELOAD_SECONDS = 5


class Board:
    """Runs while the `with` block does, on a free port of the loopback address."""

    def __init__(self, tensorboard: pathlib.Path, logdir: pathlib.Path):
        # Under its own name in the pages' corner, whatever folder this is run in.
        self.process = subprocess.Popen(
            [tensorboard.absolute(), "--logdir", logdir.name, "--host", "127.0.0.1", "--port", "0",
             "--reload_interval", str(RELOAD_SECONDS)],
            cwd=logdir.parent, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.said: list[str] = []
        self.url = ""
        self.started = threading.Event()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self) -> None:
        for line in self.process.stderr:
            self.said.append(line)
            found = re.search(r"at (http://127\.0\.0\.1:\d+)/", line)
            if found:
                self.url = found.group(1)
                self.started.set()
        self.started.set()

    def __enter__(self) -> "Board":
        self.started.wait(START_SECONDS)
        if not self.url:
            self.__exit__()
            raise RuntimeError("TensorBoard did not start: " + "".join(self.said)[-2000:])
        return self

    def __exit__(self, *_reason) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.listener.join(5)
        self.process.stderr.close()

    def get(self, path: str, **parameters):
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        with urllib.request.urlopen(f"{self.url}/data/{path}{query}", timeout=30) as answer:
            return json.load(answer)

    def wait_for_runs(self, wanted: set[str]) -> None:
        end = time.monotonic() + SEEN_SECONDS
        while not wanted <= set(self.get("runs")):
            if time.monotonic() > end:
                raise RuntimeError(f"TensorBoard shows no {sorted(wanted - set(self.get('runs')))}")
            time.sleep(0.2)

    def tags(self, plugin: str) -> dict[str, list[str]]:
        """{run: tags} without runs that have none."""
        listed = self.get(f"plugin/{plugin}/tags")
        return {run: sorted(tags) for run, tags in sorted(listed.items()) if tags}

    def graphs(self) -> dict[str, list[str]]:
        """{run: tags of run metadata} of the runs that have a graph."""
        listed = self.get("plugin/graphs/info")
        return {run: sorted(tag for tag, what in about["tags"].items() if what.get("profile"))
                for run, about in sorted(listed.items()) if about["run_graph"]}

    def projected(self) -> list[str]:
        """Runs with vectors; the first question may come too early."""
        self.get("plugins_listing")
        return sorted(self.get("plugin/projector/runs"))


def runs_in(logdir: pathlib.Path) -> set[str]:
    """The runs that a log directory holds."""
    return {str(file.parent.relative_to(logdir)) for file in logdir.rglob("*tfevents*")}
