"""Running things and watching what they cost."""
import os
import pathlib
import subprocess
import tempfile
import threading
import time


class Peak(threading.Thread):
    """Follows a process's highest resident size. A program may reset that mark (evaluate does, before each fit), so
    it is looked at all the time; what lies between two looks is covered by the mark itself."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.status = pathlib.Path(f"/proc/{pid}/status")
        self.bytes, self.ended = 0, False
        self.start()

    def run(self) -> None:
        while not self.ended:
            self.look()
            time.sleep(0.01)

    def look(self) -> None:
        try:
            lines = self.status.read_text().splitlines()
        except OSError:
            return
        marks = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
        self.bytes = max([self.bytes, *marks])

    def end(self, at_exit: int) -> int:
        self.ended = True
        self.join()
        return max(self.bytes, at_exit)


def run(words, **keywords) -> tuple[float, int, bytes]:
    """Seconds, peak resident bytes and standard output of a program that must succeed."""
    with tempfile.TemporaryFile() as out:
        started = time.monotonic()
        process = subprocess.Popen([str(word) for word in words], stdout=out, **keywords)
        peak = Peak(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"bench/run: {' '.join(map(str, words))} ended with {process.returncode}")
        out.seek(0)
        return seconds, peak.end(usage.ru_maxrss * 1024), out.read()


def fsyncs_per_second(folder: pathlib.Path, seconds: float = 2) -> float:
    """How often this disk makes 4 KiB durable: what every stored event waits for."""
    with open(folder / "fsync", "wb", buffering=0) as file:
        file.write(bytes(1 << 20))
        os.fsync(file.fileno())
        started, n = time.monotonic(), 0
        while time.monotonic() - started < seconds:
            os.pwrite(file.fileno(), os.urandom(4096), n % 256 * 4096)
            os.fdatasync(file.fileno())
            n += 1
        return n / (time.monotonic() - started)
