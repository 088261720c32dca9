"""The running daemon while allocations fail: some of them, most of them, all of them, for a while.

What this catches: a NULL that is used by a route, the writer, the trainer or a library; an answer
that is wrong instead of 503; an event that was acknowledged and not stored, or stored by halves; a
daemon that stays broken after the memory is back.
"""
import mmap
import struct
import time

import pytest

from conftest import SEED, exported, preload, put_items, rounds
from load import Load

# What a request may come to without memory, beside what it comes to with it: 500 is an answer of
# libmicrohttpd or of the store that could not tell why, 431 and 414 the former's words for a
# request line or header that it had no room for.
FORGIVEN = frozenset({503})
ODDS = [3000, 1000, 300, 100, 30, 10, 3, 1]


class Switch:
    """The file that tests/support/failing_malloc.c looks at."""

    def __init__(self, path):
        path.write_bytes(bytes(24))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 24)

    def set(self, odds: int, seed: int = 0) -> None:
        self.map[8:16] = struct.pack("<Q", seed)
        self.map[0:8] = struct.pack("<Q", odds)

    @property
    def failed(self) -> int:
        return struct.unpack("<Q", self.map[16:24])[0]


@pytest.fixture
def starved(make_daemon, tmp_path):
    switch = Switch(tmp_path / "switch")
    daemon = make_daemon(**{"training.after_events": "2000", "training.gate": "false", "training.keep": "3",
                            "privacy.erase_within": "1s"})
    daemon.environment = {"LD_PRELOAD": preload("failing_malloc"), "FAIL_MALLOC_SWITCH": str(tmp_path / "switch")}
    return daemon.start(), switch


def test_a_daemon_without_memory_refuses_and_goes_on(starved, rng):
    daemon, switch = starved
    seed = rng.randrange(1 << 60)
    with Load(daemon, SEED, forgives=FORGIVEN) as load:
        for number in range(rounds(16)):
            time.sleep(0.1)
            switch.set(ODDS[number % len(ODDS)], seed + number)
            time.sleep(0.3 if number % len(ODDS) < 6 else 0.1)
            switch.set(0)
            assert daemon.process.poll() is None, f"round {number}: {daemon.log.read_text()[-2000:]}"
            if load.failures():
                break
    assert not load.failures(), load.failures()
    assert switch.failed > 100, "nothing failed"
    print(f"{switch.failed} allocations failed", load.answers(), sum(client.lost for client in load.clients), "without an answer")
    put_items(daemon, 10)
    daemon.post("/v1/interactions", {"user": "after", "item": "i1", "type": "like", "event_id": "after-1"})
    assert "i1" not in daemon.recommended("after") and len(daemon.recommended("after")) >= 9
    assert daemon.train()["state"] == "published"
    metrics = daemon.call("GET", "/metrics").text
    assert "\ntastevin_http_body_bytes 0\n" in metrics, "bytes of bodies are counted for ever"
    assert "\ntastevin_http_suspended 1\n" in metrics, "requests are parked for ever"  # this one
    assert daemon.stop() == 0
    import json
    load.check("\n".join(json.dumps(event) for event in exported(daemon.folder)))
