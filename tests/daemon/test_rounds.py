"""Rounds: published, refused, cancelled, rolled back, broken; restarts and kills between them."""
import concurrent.futures
import json
import shutil
import signal
import sqlite3
import time

import pytest
import requests

from conftest import checkerboard, put_items, run


@pytest.fixture
def movies(make_daemon, demo_folder):
    daemon = make_daemon()
    shutil.copytree(demo_folder, daemon.folder)
    return daemon


def test_a_round_learns_survives_a_restart_and_rolls_back(movies):
    movies.start()
    first = movies.train()
    assert first["state"] == "published" and first["active"] and first["kept"]
    metrics = {m["model"]: m["metrics"] for m in first["report"]["models"]}
    assert metrics["ials"]["ndcg@20"] > metrics["popular"]["ndcg@20"] > 0
    before = movies.recommended("1", fields="title")
    movies.post("/v1/interactions", {"user": "1", "item": before[0], "type": "like"})
    second = movies.train()
    assert second["version"] == first["version"] + 1
    assert movies.call("POST", f"/v1/models/{first['version']}:activate").json() == {"active": first["version"]}
    assert movies.get("/readyz")["model_version"] == first["version"]
    assert before[0] not in movies.recommended("1")  # newer than the older snapshot, and counted
    after = movies.recommended("1")
    assert movies.stop() == 0
    movies.start()
    assert movies.get("/readyz")["model_version"] == first["version"]
    assert movies.recommended("1") == after
    movies.call("POST", "/v1/models/99:activate", 404)


def test_activations_at_once_end_with_one_version(movies):
    """Asked for by several at once, beside writes that make the trainer look at what is active."""
    movies.start()
    versions = [movies.train()["version"] for _ in range(2)]

    def ask(seed: int) -> None:
        for i in range(6):
            version = versions[(seed + i) % 2]
            done = requests.post(f"{movies.url}/v1/models/{version}:activate", timeout=60)
            assert done.json() == {"active": version}
            requests.post(f"{movies.url}/v1/interactions", json={"user": f"u{seed}", "item": "1", "type": "view"}, timeout=60)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(4)))
    movies.call("POST", f"/v1/models/{versions[0]}:activate")
    time.sleep(2.5)  # the trainer looks every second
    assert movies.get("/readyz")["model_version"] == versions[0]
    assert [m["active"] for m in movies.get("/v1/models")["models"]] == [False, True]
    assert movies.stop() == 0
    movies.start()
    assert movies.get("/readyz")["model_version"] == versions[0]


def test_acknowledged_events_survive_a_kill(movies):
    movies.start()
    ids = []
    for i in range(50):
        ids += movies.post("/v1/interactions", {"user": "kill", "item": "1", "type": "view"})["event_ids"]
    movies.kill()
    movies.start()
    listed = movies.get("/v1/users/kill/interactions?limit=1000")["interactions"]
    assert sorted(e["event_id"] for e in listed) == sorted(ids)


def test_a_broken_snapshot_falls_back_to_the_one_before(movies):
    movies.start()
    first, second = movies.train(), movies.train()
    assert movies.get("/readyz")["model_version"] == second["version"]
    assert movies.stop() == 0
    for path in (movies.folder / "snapshots" / str(second["version"])).iterdir():
        if path.name.startswith("ials"):
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
    movies.start()
    assert movies.get("/readyz")["model_version"] == first["version"]
    assert "snapshot_broken" in movies.log.read_text()
    problem = movies.call("POST", f"/v1/models/{second['version']}:activate", 409).json()
    assert "ials" in problem["detail"]
    assert len(movies.recommended("1")) == 10


def test_many_failed_rounds_do_not_hide_the_active_version(movies):
    movies.start()
    assert movies.train()["state"] == "published"
    assert movies.stop() == 0
    store = sqlite3.connect(movies.folder / "tastevin.db")
    store.executemany(
        "INSERT INTO model_versions (seq, started_ms, state, reason, report, active, kept) VALUES (0, 1, 'failed', '', '{}', 0, 0)", [()] * 100)
    store.commit()
    store.close()
    movies.start()
    assert movies.get("/readyz")["model_version"] == 1
    assert "version_followed" not in movies.log.read_text()


def test_a_bad_setting_is_refused_before_anything_is_touched(make_daemon):
    daemon = make_daemon(**{"models.ials.dimensions": "100000"})
    with pytest.raises(AssertionError) as refusal:
        daemon.start()
    assert "dimensions" in str(refusal.value)
    daemon = make_daemon("other", **{"models.ials.lamda": "1"})
    with pytest.raises(AssertionError) as refusal:
        daemon.start()
    assert "lambda" in str(refusal.value)


def test_a_round_that_learns_nothing_is_refused(make_daemon, demo_folder):
    """A planted bad setting: so much regularisation that every vector is zero."""
    daemon = make_daemon()
    shutil.copytree(demo_folder, daemon.folder)
    daemon.start()
    good = daemon.train()
    assert good["state"] == "published"
    assert daemon.stop() == 0
    daemon.settings |= {"models.ials.dimensions": "1", "models.ials.epochs": "1", "models.ials.alpha0": "1", "models.ials.lambda": "10"}
    daemon.start()
    bad = daemon.train()
    assert bad["state"] == "refused" and bad["reason"], bad
    assert daemon.get("/readyz")["model_version"] == good["version"]


def test_too_little_memory_is_a_refused_round_with_the_figure(make_daemon, demo_folder):
    daemon = make_daemon(**{"training.max_memory": "1M"})
    shutil.copytree(demo_folder, daemon.folder)
    daemon.start()
    failed = daemon.train()
    assert failed["state"] == "failed" and "memory" in failed["reason"], failed


def test_a_round_can_be_cancelled(make_daemon, demo_folder):
    daemon = make_daemon(**{"models.ials.dimensions": "256", "models.ials.epochs": "200"})
    shutil.copytree(demo_folder, daemon.folder)
    daemon.start()
    daemon.call("POST", "/v1/training", 202)
    while daemon.get("/v1/training").get("phase", "starting") == "starting":
        time.sleep(0.01)
    daemon.call("POST", "/v1/training", 409)
    daemon.call("DELETE", "/v1/training", 204)
    assert daemon.wait_round(0)["state"] == "cancelled"
    daemon.call("DELETE", "/v1/training", 404)
    assert not any((daemon.folder / "snapshots").iterdir()), "nothing half-written stays"
    assert daemon.stop() == 0


def test_a_round_that_waits_can_be_cancelled(make_daemon, demo_folder):
    daemon = make_daemon(**{"models.ials.dimensions": "256", "models.ials.epochs": "200"})
    shutil.copytree(demo_folder, daemon.folder)
    daemon.start()
    for before in range(5):
        daemon.call("POST", "/v1/training", 202)
        daemon.call("DELETE", "/v1/training", 204)
        assert daemon.wait_round(before)["state"] == "cancelled"


def test_stopping_during_a_round_is_quick_and_clean(make_daemon, demo_folder):
    daemon = make_daemon(**{"models.ials.dimensions": "256", "models.ials.epochs": "200"})
    shutil.copytree(demo_folder, daemon.folder)
    daemon.start()
    daemon.call("POST", "/v1/training", 202)
    time.sleep(0.3)
    assert daemon.stop() == 0


def test_rounds_start_by_themselves(make_daemon):
    daemon = make_daemon(**{"training.after_events": "100"}).start()
    put_items(daemon, 40)
    daemon.post("/v1/interactions", checkerboard())
    assert daemon.wait_round(0)["state"] == "published"


def test_a_round_that_publishes_nothing_is_not_repeated_at_once(make_daemon, demo_folder):
    """Only so many new events start the next one: not those that the failed round had."""
    daemon = make_daemon(**{"training.max_memory": "1M", "training.after_events": "100", "training.at_start": "true"})
    shutil.copytree(demo_folder, daemon.folder)
    daemon.start()
    assert daemon.wait_round(0)["state"] == "failed"
    time.sleep(3)
    assert [m["version"] for m in daemon.get("/v1/models")["models"]] == [1]
    daemon.post("/v1/interactions", [{"user": f"u{i}", "item": "1", "type": "view"} for i in range(100)])
    assert daemon.wait_round(1)["version"] == 2


def test_old_snapshots_go_and_their_rows_stay(make_daemon):
    daemon = make_daemon(**{"training.keep": "2", "training.gate": "false"}).start()
    put_items(daemon, 40)
    daemon.post("/v1/interactions", checkerboard())
    versions = [daemon.train()["version"] for _ in range(4)]
    kept = sorted(int(p.name) for p in (daemon.folder / "snapshots").iterdir())
    assert kept == versions[-2:]
    listed = daemon.get("/v1/models")["models"]
    assert [m["version"] for m in listed] == versions[::-1]
    assert [m["kept"] for m in listed] == [True, True, False, False]


def test_a_second_daemon_on_the_same_data_is_refused(daemon):
    done = run("serve", "--data", str(daemon.folder), "--port", "0")
    assert done.returncode == 1 and "in use" in done.stderr


def test_an_import_beside_the_daemon_is_served(movies, tmp_path):
    movies.start()
    (tmp_path / "more.csv").write_text("user,item,type\nnewcomer,1,like\nnewcomer,2,like\n")
    done = run("import", "csv", str(tmp_path / "more.csv"), "--data", str(movies.folder))
    assert done.returncode == 0, done.stderr
    for _ in range(100):
        if len(movies.get("/v1/users/newcomer/interactions", None).get("interactions", [])) == 2 and \
           "1" not in movies.recommended("newcomer", n=1000):
            break
        time.sleep(0.1)
    assert not {"1", "2"} & set(movies.recommended("newcomer", n=1000))


def test_a_round_of_another_process_is_followed(movies):
    movies.start()
    first = movies.train()
    done = run("train", "--data", str(movies.folder), "--set", "models.ials.dimensions=16", "--set", "models.ials.epochs=4")
    assert done.returncode == 0, done.stderr
    for _ in range(100):
        if movies.get("/readyz")["model_version"] == first["version"] + 1:
            break
        time.sleep(0.1)
    assert movies.get("/readyz")["model_version"] == first["version"] + 1
    done = run("models", "activate", str(first["version"]), "--data", str(movies.folder))
    assert done.returncode == 0, done.stderr
    for _ in range(100):
        if movies.get("/readyz")["model_version"] == first["version"]:
            break
        time.sleep(0.1)
    assert movies.get("/readyz")["model_version"] == first["version"]


def test_a_round_that_a_kill_ended_is_told_as_failed(make_daemon, demo_folder):
    daemon = make_daemon(**{"models.ials.dimensions": "256", "models.ials.epochs": "200"})
    shutil.copytree(demo_folder, daemon.folder)
    daemon.start()
    daemon.call("POST", "/v1/training", 202)
    while daemon.get("/v1/training").get("phase", "starting") == "starting":
        time.sleep(0.01)
    daemon.kill()
    daemon.start()
    for _ in range(100):
        if daemon.get("/v1/models/1")["state"] == "failed":
            break
        time.sleep(0.1)
    assert "ended during" in daemon.get("/v1/models/1")["reason"]


def test_the_curves_are_written(movies):
    movies.start()
    movies.train()
    for _ in range(300):  # the items are drawn after the round's end
        files = list((movies.folder / "tensorboard").rglob("*tfevents*"))
        if len(files) == 2:
            break
        time.sleep(0.1)
    assert {file.parent.name for file in files} == {"round-000001", "items-000001"}
    assert all(file.stat().st_size > 50 for file in files)


def test_backup_and_restore(movies, tmp_path):
    movies.start()
    movies.train()
    before = movies.recommended("1")
    done = run("backup", str(tmp_path / "b.tar"), "--data", str(movies.folder))
    assert done.returncode == 0, done.stderr
    assert run("backup", "--verify", str(tmp_path / "b.tar")).returncode == 0
    assert movies.stop() == 0
    done = run("restore", str(tmp_path / "b.tar"), "--data", str(tmp_path / "restored"))
    assert done.returncode == 0, done.stderr
    movies.folder = tmp_path / "restored"
    movies.start()
    assert movies.recommended("1") == before


def test_keys_guard_every_scope(make_daemon):
    daemon = make_daemon()
    keys = {}
    for scope in ("read", "events", "write", "admin"):
        done = run("keys", "make", scope, "--scope", scope, "--data", str(daemon.folder), "--json")
        assert done.returncode == 0, done.stderr
        keys[scope] = json.loads(done.stdout)["key"]
    daemon.start()
    status = lambda key, method, path, **kw: daemon.call(
        method, path, None, headers={"Authorization": f"Bearer {key}"} if key else {}, **kw).status_code
    event = {"json": {"user": "u", "item": "i", "type": "view"}}
    assert status(None, "GET", "/v1/items") == 401 and status("wrong", "GET", "/v1/items") == 401
    assert status(keys["read"], "GET", "/v1/items") == 200
    assert status(keys["read"], "POST", "/v1/interactions", **event) == 403
    assert status(keys["events"], "POST", "/v1/interactions", **event) == 200
    assert status(keys["events"], "GET", "/v1/items") == 403
    assert status(keys["write"], "PUT", "/v1/items/i", json={}) in (200, 201)
    assert status(keys["write"], "POST", "/v1/training") == 403
    assert status(keys["admin"], "POST", "/v1/training") == 202
    assert status(None, "GET", "/healthz") == 200


def test_keys_may_be_changed_for_ever(make_daemon):
    """Revoked keys do not use up the places of those in force."""
    daemon = make_daemon()
    key = lambda: json.loads(run("keys", "make", "--scope", "read", "--data", str(daemon.folder), "--json").stdout)["key"]
    first = key()
    store = sqlite3.connect(daemon.folder / "tastevin.db")
    store.execute("UPDATE access_keys SET revoked_ms = 1")
    store.executemany(
        "INSERT INTO access_keys (name, scopes, hash, created_ms, revoked_ms) SELECT name, scopes, ?, created_ms, 1 FROM access_keys LIMIT 1",
        [(bytes([i % 256, i // 256] + [7] * 30),) for i in range(2000)])
    store.commit()
    store.close()
    last = key()
    daemon.start()
    status = lambda key: daemon.call("GET", "/v1/items", None, headers={"Authorization": f"Bearer {key}"}).status_code
    assert status(last) == 200 and status(first) == 401
    assert daemon.call("GET", "/v1/items", None).status_code == 401
