"""What serving does, as the daemon writes it and as TensorBoard shows it with both of its loaders.

What this catches: figures that are not those of /metrics, a choice that is counted for another model
or place, a restart or a clock that is set back after which readers forget what they had, a log
directory that takes the daemon along.
"""
import os
import re
import time

import pytest

from running import put_items
from test_tensorboard import BUILD, as_float32, eventually, start  # noqa: F401 (a fixture)

DAY = 86400
EVERY = {"tensorboard.serving_every": "1s"}


def preload() -> str:
    path = BUILD / "tests" / "support" / "libshifted_clock.so"
    if not path.exists():
        pytest.skip(f"{path} is not there: a build with sanitizers has none")
    return str(path)


def logs(daemon):
    return daemon.folder / "tensorboard" / "serving"


def wait_for(look):
    for _ in range(600):
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it never came")


def use(daemon, users=10):
    """Ten lists of five items; each user takes the third of theirs."""
    for u in range(users):
        answer = daemon.get(f"/v1/users/u{u}/recommendations?n=5")
        chosen = {"user": f"u{u}", "item": answer["items"][2]["id"], "position": 2,
                  "recommendation_id": answer["recommendation_id"]}
        daemon.post("/v1/impressions", {"user": f"u{u}", "recommendation_id": answer["recommendation_id"],
                                        "items": [item["id"] for item in answer["items"]]}, None)
        for kind in ("view", "purchase"):  # both of one item: chosen once
            daemon.post("/v1/interactions", {**chosen, "type": kind})
        daemon.post("/v1/interactions", {**chosen, "type": "dislike", "item": answer["items"][0]["id"],
                                         "position": 0})
        forged = ("B" if answer["recommendation_id"][0] == "A" else "A") + answer["recommendation_id"][1:]
        daemon.post("/v1/interactions", {**chosen, "type": "view", "recommendation_id": forged})


def test_what_is_written_at_the_end_is_what_was_served(make_daemon, start):  # noqa: F811
    daemon = make_daemon().start()
    put_items(daemon, 30)
    use(daemon)
    daemon.get("/v1/users/u1/recommendations?n=5000", 422)
    requests = re.findall(r"^tastevin_http_requests_total\{.*\} (\d+)$", daemon.call("GET", "/metrics").text, re.M)
    assert daemon.stop() == 0
    [folder] = logs(daemon).glob("day-*")
    board = start(daemon.folder / "tensorboard")
    run = f"serving/{folder.name}"
    eventually(lambda: "serving/requests_per_second" in board.tags("scalars").get(run, ()), True)

    def value(tag):
        [(_, number)] = board.scalars(run, tag)
        return number

    [(_, table)] = board.texts(run, "serving/day_so_far")
    count = re.search(r"<td>requests</td>\s*<td[^>]*>(\d+)</td>", table)
    assert int(count.group(1)) == sum(map(int, requests)) + 1  # and /metrics itself
    assert value("strategy/latest") == 1
    assert value("serving/share_refused") > 0 and value("serving/share_failed") == 0
    assert value("online/chosen_of_shown") == value("online/chosen_of_given") == as_float32(1 / 5)
    assert value("online_by_rank/chosen_of_shown_03") == 1
    assert value("online_by_rank/chosen_of_given_01") == 0
    assert value("online_by_version/chosen_of_given_v000000") == as_float32(1 / 5)
    ratio = value("events_per_hour/view") / value("events_per_hour/purchase")
    assert ratio == pytest.approx(2, rel=1e-5)
    assert 0 < value("latency/p50_ms") <= value("latency/p90_ms") <= value("latency/p99_ms")
    layout = board.get("plugin/custom_scalars/layout")
    charts = [chart for category in layout["category"] for chart in category["chart"]]
    for title in ("Milliseconds to recommend", "Chosen, by place in the list", "Events an hour"):
        [chart] = [chart for chart in charts if chart["title"] == title]
        for pattern in chart["multiline"]["tag"]:
            assert any(re.match(pattern, tag) for tag in board.tags("scalars")[run]), pattern


def test_choices_belong_to_the_model_that_recommended(make_daemon, start):  # noqa: F811
    daemon = make_daemon().start()
    put_items(daemon, 30)
    daemon.post("/v1/interactions", [{"user": f"u{u}", "item": f"i{i}", "type": "view"}
                                     for u in range(8) for i in range(u, u + 8)])
    old = daemon.get("/v1/users/u1/recommendations?n=10")
    assert daemon.train()["state"] == "published"
    daemon.get("/v1/users/u1/recommendations?n=10")
    daemon.get("/v1/users/u2/recommendations?n=10")
    daemon.post("/v1/interactions", {"user": "u1", "item": old["items"][0]["id"], "type": "like",
                                     "recommendation_id": old["recommendation_id"], "position": 0})
    assert daemon.stop() == 0
    [folder] = logs(daemon).glob("day-*")
    board = start(logs(daemon))
    tag = "online_by_version/chosen_of_given_v{:06d}".format
    eventually(lambda: {tag(0), tag(1)} <= board.tags("scalars").get(folder.name, set()), True)
    assert [value for _, value in board.scalars(folder.name, tag(0))] == [as_float32(1 / 10)]
    assert [value for _, value in board.scalars(folder.name, tag(1))] == [0]


def test_a_round_tells_what_came_of_the_model_before(make_daemon, start):  # noqa: F811
    daemon = make_daemon().start()
    put_items(daemon, 30)
    daemon.post("/v1/interactions", [{"user": f"u{u}", "item": f"i{i}", "type": "view"}
                                     for u in range(8) for i in range(u, u + 8)])
    use(daemon)  # of no model: the first round has none before it
    assert daemon.train()["state"] == "published"
    use(daemon, users=4)
    assert daemon.train()["version"] == 2
    assert daemon.stop() == 0
    board = start(daemon.folder / "tensorboard")
    eventually(lambda: "round/verdict" in board.tags("text").get("round-000002", ()), True)
    assert board.scalars("round-000002", "online/shown") == [(2, 20)]
    assert board.scalars("round-000002", "online/chosen") == [(2, 4)]
    assert board.scalars("round-000002", "online/chosen_of_shown") == [(2, as_float32(1 / 5))]
    assert board.scalars("round-000001", "online/shown") == [(1, 50)]


def test_kills_restarts_and_clocks_lose_no_point(make_daemon, start, tmp_path):  # noqa: F811
    """Three lives and a clock set back and forth: every step that was shown stays, over two days."""
    shift = tmp_path / "shift"
    shift.write_text("0")
    daemon = make_daemon(**EVERY)
    daemon.environment = {"LD_PRELOAD": preload(), "SHIFTED_CLOCK": str(shift)}
    daemon.start()
    put_items(daemon, 10)

    def days():
        return sorted(path.parent.name for path in logs(daemon).glob("day-*/serving.json"))

    def state(day):
        return (logs(daemon) / day / "serving.json").read_text()

    wait_for(lambda: logs(daemon).exists() and days())
    [first] = days()
    for seconds in (-3600, DAY, 0, -1800):
        shift.write_text(str(seconds))
        before = state(first)
        daemon.recommended("u")
        if seconds == DAY:
            wait_for(lambda: len(days()) == 2)
        else:
            wait_for(lambda: state(first) != before)
        if seconds == 0:
            daemon.kill()
        elif seconds == DAY:
            assert daemon.stop() == 0
        if daemon.process.poll() is not None:
            daemon.start()
    assert daemon.stop() == 0
    board = start(logs(daemon))
    tag = "serving/requests_per_second"
    shown = {}
    for day in days():
        last = int(re.search(r'"last_step": (\d+)', state(day)).group(1))
        eventually(lambda: max((step for step, _ in board.scalars(day, tag)), default=-1), last)
        shown[day] = [step for step, _ in board.scalars(day, tag)]
        assert shown[day] == sorted(set(shown[day]))
    assert len(shown[first]) >= 4 and len(shown) == 2
    texts = {step for step, _ in board.texts(first, "serving/day_so_far")}
    assert texts <= set(shown[first])


@pytest.mark.parametrize("what", ["a file", "another's", "foreign"])
def test_a_log_directory_that_is_not_ours_harms_nothing(make_daemon, tmp_path, what):
    logdir = tmp_path / "logs"
    daemon = make_daemon(**EVERY, **{"tensorboard.logdir": str(logdir)})
    if what == "a file":
        logdir.write_text("not a folder")
    elif what == "another's":
        other = make_daemon("other", **EVERY, **{"tensorboard.logdir": str(logdir)}).start()
        put_items(other, 5)
        other.train()
        wait_for(lambda: (logdir / "serving").exists() and list(logdir.glob("serving/day-*/*tfevents*")))
    else:
        (logdir / "serving" / "day-2000-01-01").mkdir(parents=True)
        (logdir / "serving" / "day-2000-01-01" / "events.out.tfevents.9999999998.them").write_bytes(os.urandom(99))
        (logdir / "serving" / "serving.json").write_text("{")
    daemon.start()
    put_items(daemon, 10)
    daemon.post("/v1/interactions", [{"user": f"u{u}", "item": f"i{i}", "type": "view"}
                                     for u in range(8) for i in range(u, u + 4)])
    if what == "foreign":
        wait_for(lambda: len(list(logdir.glob("serving/day-*/*tfevents*"))) == 2)
    else:
        wait_for(lambda: "serving_not_shown" in daemon.log.read_text())
    assert daemon.train()["state"] == "published"
    assert len(daemon.recommended("u1")) > 0
    assert daemon.stop() == 0
    told = daemon.log.read_text()
    assert told.count("serving_not_shown") == (what != "foreign"), "once, however many points are lost"
    assert told.count("tensorboard_off") == (what != "foreign")
    if what == "another's":
        assert other.stop() == 0


def test_serving_can_be_left_out(make_daemon):
    daemon = make_daemon(**{"tensorboard.serving_days": "0"}).start()
    daemon.get("/v1/users/u/recommendations")
    assert daemon.stop() == 0
    assert not logs(daemon).exists()
