"""kill -9 in mid-record, many times over, under the eyes of both of TensorBoard's loaders.

FAULT_ROUNDS says how many kills (20 by default, 200 for the long run), FAULT_SEED repeats a run.

What this catches: a restart that appends behind half a record, where no reader gets past; a step
that comes again, at which readers forget what they had; a value that was written and is gone.
"""
import os
import random
import signal
import struct
import subprocess
import time

from tensorboard.compat.proto import event_pb2

from test_tensorboard import LOADERS, WRITER, TensorBoard, as_float32, eventually

SEED = int(os.environ.get("FAULT_SEED", "1"))
KILLS = int(os.environ.get("FAULT_ROUNDS", "20"))
WRITERS = 10  # killed side by side, each with a log directory of its own
STEPS = 60    # of one life at most
LONG = "a record that takes a moment to write; " * 600


def records(path):
    """Of one file: the whole records as (offset, event), and where the last of them ends."""
    data, at, found = path.read_bytes(), 0, []
    while at + 16 <= len(data):
        end = at + 16 + struct.unpack_from("<Q", data, at)[0]
        if end > len(data):
            break
        found.append((at, event_pb2.Event.FromString(data[at + 12:end - 4])))
        at = end
    return found, at, data


class Life:
    """A writer on one log directory: each life begins where the one before was killed."""

    def __init__(self, folder, rng):
        self.folder, self.rng = folder, rng
        self.points = {}  # what stands in whole records: {step: value}
        self.kills = self.torn = self.made = 0

    @property
    def run(self):
        return f"{self.folder.name}/r"

    def live(self):
        first = max(self.points, default=-1) + 1
        lines = [f"run\tr\t{first}\n", "say\tgo\n"]
        for step in range(first, first + STEPS):
            lines += [f"scalar\tloss\t{step}\t{step + 0.5}\n", "flush\n", f"text\tlong\t{step}\t{LONG}\n",
                      f"say\t{step}\n"]
        commands, told = self.folder.parent / f"{self.folder.name}.in", self.folder.parent / f"{self.folder.name}.out"
        commands.write_text("".join(lines))
        with open(commands) as source, open(told, "w") as out:
            process = subprocess.Popen([WRITER, self.folder], stdin=source, stdout=out)
            end = time.monotonic() + 30
            while not told.stat().st_size and time.monotonic() < end:
                pass
            time.sleep(self.rng.uniform(0, 0.003))
            process.kill()
            killed = process.wait(30) == -signal.SIGKILL
        acknowledged = {int(word) for word in told.read_text().split() if word != "go"}
        self.look(acknowledged, killed)

    def look(self, acknowledged, killed):
        path = max(self.folder.glob("r/*tfevents*"))
        found, end, data = records(path)
        here = {e.step: v.simple_value for _, e in found for v in e.summary.value if v.tag == "loss"}
        assert acknowledged <= set(here), "a value was acknowledged and is not in the file"
        assert not here or min(here) > max(self.points, default=-1), "a step came again"
        self.points.update(here)
        if not killed:
            return
        self.kills += 1
        if end < len(data):
            self.torn += 1
        elif self.rng.random() < 0.8:  # killed between two records: a part of another makes it a tear
            at, _ = self.rng.choice(found)
            size = struct.unpack_from("<Q", data, at)[0] + 16
            with open(path, "ab") as file:
                file.write(data[at:at + self.rng.randrange(1, size)])
            self.made += 1


def test_both_loaders_read_on_after_every_kill(tmp_path):
    print(f"FAULT_SEED={SEED}")
    logs = tmp_path / "logs"
    logs.mkdir()
    lives = [Life(logs / f"w{n}", random.Random(f"{SEED} {n}")) for n in range(WRITERS)]
    boards = [TensorBoard(logs, loader, "--samples_per_plugin", "scalars=100000,text=1") for loader in LOADERS]
    try:
        while sum(life.kills for life in lives) < KILLS:
            for life in lives:
                life.live()
            for board in boards:
                for life in lives:
                    wanted = sorted((step, as_float32(step + 0.5)) for step in life.points)
                    assert wanted == sorted(life.points.items())
                    if wanted:
                        eventually(lambda: board.scalars(life.run, "loss"), wanted)
            assert not any("Traceback" in line for board in boards for line in board.said)
    finally:
        for board in boards:
            board.stop()
    kills, torn, made = (sum(getattr(life, what) for life in lives) for what in ("kills", "torn", "made"))
    print(f"{kills} kills, {torn} in mid-record, {made} more made so; "
          f"{sum(len(life.points) for life in lives)} values, none lost")
    assert torn + made >= kills // 2
