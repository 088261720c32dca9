"""A disk that is full, or read-only.

What this catches: an acknowledged write that the disk did not take, a daemon that ends or stops
answering for want of space, or one that has to be started again once there is room.
"""
import contextlib
import shutil
import subprocess
import time

import pytest

from conftest import QUIET, Daemon, check_log_size, exported, put_items, rounds, run


def batch(number: int, n: int = 200) -> list[dict]:
    return [{"user": f"u{number}-{i}", "item": f"i{i % 5}", "type": "view", "event_id": f"e{number}-{i}",
             "context": {"note": "x" * 200}} for i in range(n)]


def post_until_refused(daemon, number: int, acknowledged: set[str]) -> int:
    """Returns the number of the next batch; the last answer was 507."""
    for number in range(number, number + 2000):
        events = batch(number)
        answer = daemon.call("POST", "/v1/interactions", None, json=events)
        if answer.status_code != 200:
            assert answer.status_code == 507, answer.text
            assert answer.headers["content-type"].startswith("application/problem+json")
            return number + 1
        acknowledged.update(event["event_id"] for event in events)
    raise AssertionError("the disk never became full")


@pytest.mark.parametrize("reserve", ["4M", "0"], ids=["reserve", "no-space"])
def test_a_full_disk_refuses_writes_and_goes_on(mount, rng, reserve):
    disk = mount(f"{30 + 10 * rounds(3)}M")  # each round leaves some megabytes of events
    daemon = Daemon(disk / "data", {**QUIET, "store.min_free": reserve})
    daemon.log = disk.parent / "disk.log"
    daemon.start()
    put_items(daemon, 5)
    acknowledged: set[str] = set()
    number = 0
    try:
        for _ in range(rounds(3)):
            filler = disk / "filler"
            free = shutil.disk_usage(disk).free
            with contextlib.suppress(OSError):  # a checkpoint may take the room meanwhile
                filler.write_bytes(b"\0" * max(0, free - (rng.randint(5, 7) << 20)))
            number = post_until_refused(daemon, number, acknowledged)
            check_log_size(daemon)
            for _ in range(5):
                daemon.post("/v1/interactions", batch(number), 507)
                assert daemon.get("/v1/users/u0-0/interactions")["interactions"]
                assert len(daemon.recommended("nobody")) == 5
            number += 1
            filler.unlink()
            for _ in range(100):
                events = batch(number)
                answer = daemon.call("POST", "/v1/interactions", None, json=events)
                if answer.status_code == 200:
                    break
                assert answer.status_code == 507, answer.text
                time.sleep(0.1)
            assert answer.status_code == 200, "writes never worked again"
            acknowledged.update(event["event_id"] for event in events)
            number += 1
        daemon.kill()
        daemon.start()
        assert daemon.stop() == 0
        copy = disk.parent / "copy"
        shutil.copytree(daemon.folder, copy)
        ids = [event["event_id"] for event in exported(copy)]
        assert len(ids) == len(set(ids)) and set(ids) == acknowledged
    finally:
        if daemon.process.poll() is None:
            daemon.kill()


def test_a_round_without_space_fails_and_leaves_nothing(mount, demo_folder):
    disk = mount("64M")
    shutil.copytree(demo_folder, disk / "data")
    daemon = Daemon(disk / "data", {**QUIET, "store.min_free": "0", "tensorboard.enabled": "false"})
    daemon.log = disk.parent / "round.log"
    daemon.start()
    try:
        filler = disk / "filler"
        filler.write_bytes(b"\0" * (shutil.disk_usage(disk).free - (1 << 20)))
        daemon.call("POST", "/v1/training", 202)
        for _ in range(600):
            if daemon.get("/v1/training")["state"] == "idle" and daemon.get("/v1/training").get("last"):
                break
            time.sleep(0.05)
        last = daemon.get("/v1/training")["last"]
        assert last["state"] not in ("published", "running"), last
        folder = daemon.folder / "snapshots"
        assert not folder.exists() or [p.name for p in folder.iterdir()] == []
        assert len(daemon.recommended("1")) == 10
        filler.unlink()
        assert daemon.train()["state"] == "published"
        assert daemon.stop() == 0
    finally:
        if daemon.process.poll() is None:
            daemon.kill()


def test_a_read_only_disk_is_refused_at_the_start(mount, demo_folder):
    disk = mount("64M")
    shutil.copytree(demo_folder, disk / "data")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    for words in (["serve", "--port", "0"], ["import", "csv", "-"], ["train"], ["migrate", "up"]):
        done = run(*words, "--data", str(disk / "data"), input="user,item,type\nu,i,view\n")
        assert done.returncode == 1, (words, done)
        assert "read-only" in done.stderr.lower() or "may write" in done.stderr, (words, done.stderr)
        assert str(disk) in done.stderr, (words, done.stderr)


def test_a_disk_that_turns_read_only_loses_nothing(mount):
    disk = mount("40M")
    daemon = Daemon(disk / "data", {**QUIET, "store.min_free": "1M"})
    daemon.log = disk.parent / "turned.log"
    daemon.start()
    try:
        put_items(daemon, 5)
        daemon.post("/v1/interactions", batch(0))
        daemon.kill()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(AssertionError, match="(?i)read-only"):
            daemon.start()
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        daemon.start()
        daemon.post("/v1/interactions", batch(1))
        assert daemon.stop() == 0
        assert len(exported(daemon.folder)) == 400
    finally:
        if daemon.process.poll() is None:
            daemon.kill()


def test_less_than_the_reserve_is_refused_while_there_is_room(make_daemon):
    daemon = make_daemon(**{"store.min_free": "8T"}).start()
    problem = daemon.post("/v1/interactions", {"user": "u", "item": "i", "type": "view"}, 507)
    assert "min_free" in problem["detail"]
    assert daemon.get("/v1/users/u/recommendations")["items"] == []
