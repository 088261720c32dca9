"""A TensorBoard on a log directory, for whoever looks at what it shows: tests/board, tests/browser
and bench/board_start. Needs the standard library only; not named after the package that the tests
import.
"""
import json
import pathlib
import re
import subprocess
import threading
import urllib.parse
import urllib.request

START_SECONDS = 120   # to wait for it at most
ANSWER_SECONDS = 60   # to wait for one answer at most
STOP_SECONDS = 20     # until it is killed


class TensorBoardServer:
    """One on a free port of the loopback address, up from here until stop() or the end of a `with`.

    command: the words that start it. cwd: what logdir counts from. said: the lines of its standard
    error so far, all of them after stop(). RuntimeError with what it said when it does not start.
    """

    def __init__(self, command: list, logdir: pathlib.Path, *words: str, cwd: pathlib.Path | None = None,
                 start_seconds: float = START_SECONDS):
        self.process = subprocess.Popen(
            [*command, "--logdir", str(logdir), "--host", "127.0.0.1", "--port", "0", *words],
            cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.said: list[str] = []
        self.url = ""
        self.started = threading.Event()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        self.started.wait(start_seconds)
        if not self.url:
            self.stop()
            raise RuntimeError("TensorBoard did not start:\n" + "".join(self.said)[-2000:])

    def _listen(self) -> None:
        for line in self.process.stderr:
            self.said.append(line)
            found = re.search(r"at (http://127\.0\.0\.1:\d+)/", line)
            if found:
                self.url = found.group(1)
                self.started.set()
        self.started.set()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.listener.join(5)
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_reason) -> None:
        self.stop()

    def get(self, path: str, **parameters):
        """What it says under /data; urllib.error.HTTPError."""
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        with urllib.request.urlopen(f"{self.url}/data/{path}{query}", timeout=ANSWER_SECONDS) as answer:
            return json.load(answer)

    def tags(self, plugin: str) -> dict[str, set[str]]:
        """{run: {tag, …}} by the runs' names, without runs that have none."""
        listed = self.get(f"plugin/{plugin}/tags")
        return {run: set(tags) for run, tags in sorted(listed.items()) if tags}
