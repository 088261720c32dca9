"""The log directory on a disk that is full or read-only, missing, under a clock that is set back, and
left by a kill: the round goes on in any case.

What this catches: a round that fails for its curves, a warning without end, curves that never come
back, a newest round that goes because the clock makes it the oldest.
"""
import subprocess
import time

import pytest

from conftest import preload, put_items, rounds

DAY = 86400
SERVING = {"tensorboard.serving_every": "1s"}


def fill(daemon):
    put_items(daemon, 30)
    daemon.post("/v1/interactions", [{"user": f"u{u}", "item": f"i{i}", "type": "view"}
                                     for u in range(20) for i in range(u % 10, u % 10 + 10)])


def event_files(logdir):
    return {path.parent.name: path.stat().st_size for path in logdir.glob("*/*tfevents*")}


def wait_for(daemon, words, count=1):
    for _ in range(600):
        if daemon.log.read_text().count(words) >= count:
            return
        time.sleep(0.05)
    raise AssertionError(f"{words} never came: {daemon.log.read_text()[-1000:]}")


def test_a_directory_that_is_missing_is_made(make_daemon, tmp_path):
    logdir = tmp_path / "not" / "yet" / "there"
    daemon = make_daemon(**{"tensorboard.logdir": str(logdir)}).start()
    fill(daemon)
    assert daemon.train()["state"] == "published"
    assert daemon.stop() == 0
    assert set(event_files(logdir)) == {"round-000001", "items-000001"}
    assert list(logdir.glob("serving/day-*/*tfevents*"))


def test_a_full_disk_costs_curves_and_nothing_else(make_daemon, mount):
    disk = mount("256K")
    daemon = make_daemon(**SERVING, **{"tensorboard.logdir": str(disk / "logs")}).start()
    fill(daemon)
    filler = disk / "filler"
    try:
        filler.write_bytes(b"\0" * (1 << 20))
    except OSError:
        pass
    for version in range(1, 1 + rounds(2)):
        row = daemon.train()
        assert row["state"] == "published" and row["version"] == version
        daemon.recommended("u1")
    wait_for(daemon, "serving_not_shown")
    filler.unlink()
    assert daemon.train()["state"] == "published"
    last = f"round-{version + 1:06d}"
    assert event_files(disk / "logs")[last] > 1000
    for _ in range(600):
        if [path for path in disk.glob("logs/serving/day-*/*tfevents*") if path.stat().st_size > 500]:
            break
        time.sleep(0.05)
    else:
        raise AssertionError("serving is not shown again")
    assert daemon.stop() == 0
    told = daemon.log.read_text()
    assert 1 <= told.count("tensorboard_failed") + told.count("tensorboard_off") <= version + 1
    assert told.count("serving_not_shown") <= 3, "not with every point"


def test_a_read_only_disk_costs_curves_and_nothing_else(make_daemon, mount):
    disk = mount("1M")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    daemon = make_daemon(**SERVING, **{"tensorboard.logdir": str(disk)}).start()
    fill(daemon)
    assert daemon.train()["state"] == "published"
    wait_for(daemon, "serving_not_shown")
    assert "read-only" in daemon.log.read_text().lower()
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    assert daemon.train()["state"] == "published"
    assert daemon.stop() == 0
    assert "round-000002" in event_files(disk) and "round-000001" not in event_files(disk)
    assert daemon.log.read_text().count("serving_not_shown") == 1


def test_a_clock_that_is_set_back_makes_no_round_older(make_daemon, tmp_path):
    shift = tmp_path / "shift"
    shift.write_text(str(3 * DAY))
    daemon = make_daemon(**{"tensorboard.keep": "2"})
    daemon.environment = {"LD_PRELOAD": preload("shifted_clock"), "SHIFTED_CLOCK": str(shift)}
    daemon.start()
    fill(daemon)
    for seconds in (3 * DAY, 0, -400 * DAY, 0):
        shift.write_text(str(seconds))
        daemon.train()
    assert daemon.stop() == 0
    names = {name for name in event_files(daemon.folder / "tensorboard") if name.startswith("round-")}
    assert names == {"round-000003", "round-000004"}


@pytest.mark.parametrize("times", [3])
def test_a_kill_in_a_round_leaves_the_next_one_its_curves(make_daemon, rng, times):
    daemon = make_daemon(**{"models.ials.epochs": "200", "models.ials.dimensions": "64"})
    logdir = daemon.folder / "tensorboard"
    daemon.start()
    fill(daemon)
    for _ in range(rounds(times)):
        daemon.call("POST", "/v1/training", 202)
        time.sleep(rng.uniform(0, 0.5))
        daemon.kill()
        daemon.start()
    row = daemon.train()
    assert row["state"] in ("published", "refused")
    assert daemon.stop() == 0
    assert event_files(logdir)[f"round-{row['version']:06d}"] > 1000
