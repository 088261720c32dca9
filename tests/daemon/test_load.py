"""Everything at once: clients that post, ask, change the catalogue, train, activate and erase.

What this catches, under the sanitizers above all: a race between routes, the writer, the trainer
and the scrubber; memory that one of them has freed and another uses; an answer that is wrong only
when somebody else is at work; an event that is acknowledged and not there.

TEST_LOAD_SECONDS makes it longer, TEST_LOAD_SEED another run; the threads' order is not repeated.
"""
import os
import time

from conftest import run
from load import Load

SECONDS = float(os.environ.get("TEST_LOAD_SECONDS", "4"))
SEED = int(os.environ.get("TEST_LOAD_SEED", "1"))


def test_mixed_load_breaks_nothing_and_loses_nothing(make_daemon):
    daemon = make_daemon(**{"training.after_events": "3000", "training.gate": "false", "training.keep": "3",
                            "training.map": "1000", "privacy.erase_within": "1s"}).start()
    with Load(daemon, SEED) as load:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and not load.failures():
            time.sleep(0.1)
    print(f"TEST_LOAD_SEED={SEED}", load.answers())
    assert not load.failures(), load.failures()
    assert daemon.process.poll() is None and daemon.get("/healthz")["status"] == "ok"
    metrics = daemon.call("GET", "/metrics").text
    assert "\ntastevin_http_suspended 0\n" not in metrics  # this request is one
    assert "\ntastevin_http_body_bytes 0\n" in metrics
    assert daemon.stop() == 0
    done = run("export", "interactions", "--data", str(daemon.folder))
    assert done.returncode == 0, done.stderr
    load.check(done.stdout)
    assert sum(load.answers().values()) > 50, "it was no load"
