"""The echo server (tests/support/echo_server.c) and a client that sends exactly the given bytes."""
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
READ, EVENTS, WRITE, ADMIN = 1, 2, 4, 8


def binary() -> str:
    folder = os.environ.get("TEST_BUILD_DIR", str(ROOT / "build"))
    path = os.path.join(folder, "tests", "support", "echo_server")
    assert os.path.exists(path), f"no binary at {path}: build first, or set TEST_BUILD_DIR"
    return path


class Answer:
    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes, interim: list[int]):
        self.status, self.all_headers, self.body, self.interim = status, headers, body, interim
        self.headers = {name.lower(): value for name, value in headers}

    def json(self):
        return json.loads(self.body)

    @property
    def closes(self) -> bool:
        return self.headers.get("connection", "").lower() == "close"


class Client:
    """One connection; answers are read strictly, one at a time."""

    def __init__(self, port: int, host: str = "127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=30)
        self.rest = b""

    def send(self, data: bytes | str) -> "Client":
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        return self

    def fill(self) -> bool:
        try:
            more = self.socket.recv(1 << 20)
        except ConnectionResetError:
            return False
        self.rest += more
        return bool(more)

    def _head(self) -> tuple[int, list[tuple[str, str]]] | None:
        while b"\r\n\r\n" not in self.rest:
            if not self.fill():
                assert self.rest == b"", f"half an answer: {self.rest[:200]!r}"
                return None
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        version, status = lines[0].split(" ")[:2]
        assert version == "HTTP/1.1", lines[0]
        return int(status), [tuple(line.split(": ", 1)) for line in lines[1:]]

    def read(self, head_only: bool = False) -> Answer | None:
        """The next answer; None when the server has closed instead."""
        interim = []
        while True:
            head = self._head()
            if head is None:
                return None
            status, headers = head
            if status >= 200:
                break
            interim.append(status)
        lengths = [int(v) for k, v in headers if k.lower() == "content-length"]
        assert len(lengths) <= 1, headers
        length = 0 if head_only or status in (204, 304) else lengths[0]
        while len(self.rest) < length:
            assert self.fill(), "the body is cut"
        body, self.rest = self.rest[:length], self.rest[length:]
        return Answer(status, headers, body, interim)

    def is_closed(self) -> bool:
        """Waits for the end of the stream; nothing may come before it."""
        more = self.fill()
        assert not self.rest, f"unasked bytes: {self.rest[:200]!r}"
        return not more

    def close(self) -> None:
        self.socket.close()

    def reset(self) -> None:
        """Ends the connection at once, with a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Server:
    def __init__(self, **arguments):
        words = []
        for name, value in arguments.items():
            for one in value if isinstance(value, list) else [value]:
                words.append(f"{name}={one}")
        self.process = subprocess.Popen([binary(), *words], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("port "), self.process.stderr.read()
        self.port = int(line.split()[1])
        self.metrics = ""

    def client(self) -> Client:
        return Client(self.port)

    def ask(self, data: bytes | str, head_only: bool = False) -> Answer | None:
        """One request on a connection of its own."""
        client = self.client()
        try:
            return client.send(data).read(head_only)
        finally:
            client.close()

    def get(self, target: str, **headers) -> Answer | None:
        return self.ask(request("GET", target, **headers))

    def is_alive(self) -> bool:
        return self.get("/healthz").status == 204

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Joins; a sanitizer's report is a failure, whatever the exit status."""
        out, errors = self.process.communicate(timeout=60)
        self.metrics = out
        assert "Sanitizer" not in errors and "runtime error" not in errors, errors[-4000:]
        return self.process.returncode

    def stop(self) -> None:
        if self.process.poll() is None:
            self.terminate()
        assert self.wait() == 0


def request(method: str, target: str, body: bytes | str | None = None, **headers) -> bytes:
    """A well-formed request; X_y stands for the header X-y, None leaves a default out."""
    fields = {"Host": "localhost"}
    if body is not None:
        body = body.encode() if isinstance(body, str) else body
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    for name, value in headers.items():
        fields[name.replace("_", "-")] = value
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


def wait_until(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)
