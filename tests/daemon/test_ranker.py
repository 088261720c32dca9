"""Two stages in the daemon: where order decides a round publishes a ranker, where it means nothing it
does not; answers stay whole, count the last click, and go on by one stage when the ranker's file breaks."""
import json
import random
import shutil
import subprocess

import pytest

from conftest import QUIET, Daemon, binary, put_items

USERS, ITEMS, STEPS = 240, 150, 24


def stamp(step: int, user: int) -> str:
    hours = step + 1
    return f"2026-01-{1 + hours // 24:02}T{hours % 24:02}:{user % 60:02}:00Z"


def walks(user: int) -> list[str]:
    """Around a ring of items: only the newest one tells which come next."""
    draw = random.Random(user)
    at, path = draw.randrange(ITEMS), []
    for _ in range(STEPS):
        path.append(f"i{at}")
        at = (at + draw.randint(1, 3)) % ITEMS
    return path


def post(daemon, path_of) -> None:
    put_items(daemon, ITEMS)
    for user in range(USERS):
        daemon.post("/v1/interactions", [
            {"user": f"u{user}", "item": item, "type": "like", "timestamp": stamp(step, user)}
            for step, item in enumerate(path_of(user))])


RANKED = {"models.ranker": "wide_deep", "items.auto": "true"}


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    """A data directory with one round on the walks; tests get copies."""
    daemon = Daemon(tmp_path_factory.mktemp("ring") / "data", {**QUIET, **RANKED}).start()
    post(daemon, walks)
    daemon.train()
    assert daemon.stop() == 0 and not daemon.sanitizer_reports()
    return daemon.folder


@pytest.fixture
def ranked(make_daemon, ring):
    daemon = make_daemon(**RANKED)
    shutil.copytree(ring, daemon.folder)
    return daemon.start()


def test_two_stages_serve_where_order_decides(ranked):
    version = ranked.get("/v1/models/1")
    ranker = version["report"]["ranker"]
    assert version["state"] == "published" and ranker["published"] and not ranker["calibrated"]
    assert "both stages serve" in version["reason"]
    assert 0 < ranker["over_retrieval"][0] <= ranker["over_retrieval"][1]
    assert ranker["rows_of"] == "candidates" and set(ranker["shift"]) == {"score", "score_gap", "rank"}
    assert all(abs(feature["shift"]) < 3 for feature in ranker["shift"].values())
    whole = ranked.get("/v1/users/u1/recommendations?n=1000")
    assert whole["strategy"] == "ials+wide_deep" and whole["score_kind"] == "preference"
    ids = [item["id"] for item in whole["items"]]
    assert len(ids) == len(set(ids)) == whole["eligible"] == ITEMS - len(set(walks(1)))
    scores = [item["score"] for item in whole["items"]]
    assert scores == sorted(scores, reverse=True)
    pages = [ranked.recommended("u1", n=10, offset=at) for at in range(0, len(ids), 10)]
    assert sum(pages, []) == ids
    last = int(walks(1)[-1][1:])
    near = {f"i{(last + step) % ITEMS}" for step in range(1, 13)}
    assert len(near & set(ids[:5])) >= 3, ids[:5]


def test_the_last_click_moves_what_comes_next(ranked):
    far = (int(walks(2)[-1][1:]) + ITEMS // 2) % ITEMS
    ranked.post("/v1/interactions", {"user": "u2", "item": f"i{far}", "type": "like"})
    answer = ranked.get("/v1/users/u2/recommendations?n=10")
    assert answer["strategy"] == "fold_in+wide_deep"
    assert f"i{far}" not in [item["id"] for item in answer["items"]]


def test_one_stage_serves_where_order_means_nothing(make_daemon):
    daemon = make_daemon(**{"models.ranker": "wide_deep"}).start()

    def tastes(user: int) -> list[str]:
        draw = random.Random(1000 + user)
        group = [f"i{i}" for i in range(ITEMS) if i % 5 == user % 5]
        return draw.sample(group, STEPS)

    post(daemon, tastes)
    version = daemon.train()
    assert version["state"] == "published" and not version["report"]["ranker"]["published"]
    assert "one stage serves" in version["reason"]
    assert daemon.get("/v1/users/u1/recommendations")["strategy"] == "ials"


def test_a_broken_ranker_leaves_the_first_stage(ranked):
    assert ranked.stop() == 0
    path = ranked.folder / "snapshots" / "1" / "ranker.tvs"
    with open(path, "r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"broken")
    ranked.start()
    assert "ranker_broken" in ranked.log.read_text()
    answer = ranked.get("/v1/users/u1/recommendations?n=1000")
    assert answer["strategy"] == "ials" and len(answer["items"]) == answer["eligible"]


def test_a_ranker_survives_a_restart(ranked):
    before = ranked.get("/v1/users/u3/recommendations?n=20")
    assert ranked.stop() == 0
    ranked.start()
    after = ranked.get("/v1/users/u3/recommendations?n=20")
    assert [i["id"] for i in before["items"]] == [i["id"] for i in after["items"]]
    assert after["strategy"] == "ials+wide_deep"


NOISE_SPEC = """
label: {column: chosen}
features:
  score: {type: numeric, normalize: quantile}
  rank: {type: numeric, normalize: standard}
  history: {type: categorical, separator: " ", feeds: none}
  item: {type: categorical, feeds: none}
  user.noise: {type: categorical, feeds: wide}
  history x item: {type: crossed, of: [history, item], buckets: 100000}
model: {mode: wide}
"""


def test_a_round_says_what_each_column_of_its_ranker_is_worth(make_daemon, tmp_path):
    """Of a ring only the newest item tells what comes next, and `noise` tells nothing."""
    spec = tmp_path / "ranker.yaml"
    spec.write_text(NOISE_SPEC)
    daemon = make_daemon(**{"models.ranker": "wide", "models.ranker_spec": str(spec), "items.auto": "true",
                            "training.features": "true"}).start()
    assert "models.ranker" in daemon.get("/v1/features", expect=404)["detail"]
    draw = random.Random(5)
    daemon.post("/v1/users:batch", [
        {"id": f"u{user}", "attributes": {"noise": f"n{draw.randrange(20)}"}} for user in range(USERS)])
    post(daemon, walks)
    version = daemon.train()
    answer = daemon.get("/v1/features")
    assert answer["version"] == version["version"] and answer["state"] == version["state"]
    report = answer["report"]
    worth = {row["name"]: row for row in report["features"]}
    assert list(worth)[0] in ("history", "history x item", "item"), list(worth)
    assert worth["history x item"]["cross"] and worth["history x item"]["low"] > 0.02
    assert "user.noise" in report["drop"] and worth["user.noise"]["importance"] < 0.002
    assert report["model"] == "wide" and report["rows"]["held_out"] > 0
    measured = dict(version["report"]["ranker"]["features"])
    assert measured.items() <= report.items()


def test_rounds_leave_the_columns_alone_where_that_is_off(make_daemon):
    daemon = make_daemon(**{"models.ranker": "wide", "items.auto": "true"}).start()
    post(daemon, walks)
    assert "features" not in daemon.train()["report"]["ranker"]
    daemon.get("/v1/features", expect=404)


CONTEXT_SPEC = """
label: {column: chosen}
features:
  score: {type: numeric, normalize: quantile}
  rank: {type: numeric, normalize: standard}
  item.kind: {type: categorical, feeds: none}
  user.plan: {type: categorical, feeds: none}
  context.device: {type: categorical, feeds: wide}
  categories: {type: categorical, separator: "|", feeds: wide}
  device x kind: {type: crossed, of: [context.device, item.kind], buckets: 1000}
  plan x device x kind: {type: crossed, of: [user.plan, context.device, item.kind], buckets: 1000}
model: {mode: wide}
"""

KINDS = {"tv": "film", "phone": "clip"}


def post_devices(daemon) -> None:
    """Who has the plan `basic` sees films on tv and clips on the phone; whatever the history tells of the kind, the
    device of the moment tells more."""
    daemon.post("/v1/items:batch", [
        {"id": f"i{i}", "attributes": {"kind": "film" if i % 2 else "clip"}, "categories": [f"c{i % 3}/d"]}
        for i in range(ITEMS)])
    daemon.post("/v1/users:batch", [
        {"id": f"u{user}", "attributes": {"plan": "basic" if user % 3 else "turned"}} for user in range(USERS)])
    for user in range(USERS):
        draw = random.Random(user)
        first, second = draw.choice(["tv", "phone"]), draw.choice(["tv", "phone"])
        left = {kind: draw.sample([i for i in range(ITEMS) if (i % 2 == 1) == (kind == "film")], STEPS)
                for kind in ("film", "clip")}
        events = []
        for step in range(STEPS):
            device = first if step < 12 else second
            kind = KINDS[device] if user % 3 else KINDS["phone" if device == "tv" else "tv"]
            events.append({"user": f"u{user}", "item": f"i{left[kind].pop()}", "type": "like",
                           "timestamp": stamp(step, user), "context": {"device": device, "battery": step}})
        daemon.post("/v1/interactions", events)


def share_of_films(answer) -> float:
    return sum(int(item["id"][1:]) % 2 for item in answer["items"]) / len(answer["items"])


def test_context_and_attributes_reach_the_ranker(make_daemon, tmp_path):
    spec = tmp_path / "context.yaml"
    spec.write_text(CONTEXT_SPEC)
    daemon = make_daemon(**{"models.ranker": "wide", "models.ranker_spec": str(spec)}).start()
    post_devices(daemon)
    version = daemon.train()
    assert version["report"]["ranker"]["published"], version["reason"]
    for user, on_tv in (("u1", 1), ("u3", 0)):
        shares = {device: share_of_films(daemon.get(f"/v1/users/{user}/recommendations?n=20&context=device:{device}"))
                  for device in ("tv", "phone")}
        for device in shares:  # the general form of the question reaches it as well
            asked = daemon.post("/v1/recommendations", {"user": user, "n": 20, "context": {"device": device}})
            assert asked["items"] == daemon.get(
                f"/v1/users/{user}/recommendations?n=20&context=device:{device}")["items"]
        assert abs(shares["tv"] - on_tv) < 0.1 and abs(shares["phone"] - (1 - on_tv)) < 0.1, (user, shares)
    # Asked again without a context, and with one that nobody has ever sent: no list of another context comes back.
    plain = daemon.get("/v1/users/u1/recommendations?n=20")
    assert daemon.get("/v1/users/u1/recommendations?n=20&context=weather:rain")["items"] == plain["items"]
    assert daemon.get("/v1/users/u1/recommendations?n=20&context=device:fridge")["strategy"] == plain["strategy"]
    assert 0.1 < share_of_films(plain) < 0.9 or share_of_films(plain) in (0, 1)
    # The attributes are those of now.
    daemon.put("/v1/users/u1", {"attributes": {"plan": "turned"}})
    assert share_of_films(daemon.get("/v1/users/u1/recommendations?n=20&context=device:tv")) < 0.1
    daemon.put("/v1/items/i2", {"attributes": {"kind": "film"}})
    daemon.put("/v1/users/u1", {"attributes": {"plan": "basic"}})
    whole = daemon.get("/v1/users/u1/recommendations?n=1000&context=device:tv")["items"]
    seen = {item["id"]: item["score"] for item in whole}
    if "i2" in seen:
        others = [score for id, score in seen.items() if int(id[1:]) % 2 == 0 and id != "i2"]
        assert seen["i2"] > max(others)


@pytest.mark.parametrize("context", ["phone", ":phone", "device:", "x" * 200 + ":y", "device:" + "y" * 600])
def test_a_context_that_is_no_pair_is_refused(make_daemon, context):
    daemon = make_daemon().start()
    problem = daemon.get(f"/v1/users/u/recommendations?context={context}", 422)
    assert problem["errors"][0]["pointer"] == "?context"


def test_too_many_contexts_are_refused(make_daemon):
    daemon = make_daemon().start()
    query = "&".join(f"context=n{i}:v" for i in range(33))
    daemon.get(f"/v1/users/u/recommendations?{query}", 422)


@pytest.mark.parametrize("text, says", [
    ("label: {column: chosen}\nfeatures:\n  score: {type: numeric}\nmodel:\n  mode: wide\n  epochz: 3\n",
     ["spec.yaml:6", "did you mean 'epochs'"]),
    ("label: {column: chosen}\nfeatures:\n  score: {type: numeric}\nmodel:\n  epochs: many\n",
     ["spec.yaml:5", "epochs"]),
    ("label: {column: chosen}\nfeatures:\n  itm.kind: {type: categorical, feeds: wide}\n",
     ["spec.yaml:3", "did you mean 'item.kind'?"]),
    ("label: {column: chosen}\nfeatures:\n  categories: {type: categorical, feeds: wide}\n", ["spec.yaml:3", "separator"]),
])
def test_a_wrong_ranker_spec_stops_the_start(make_daemon, tmp_path, text, says):
    spec = tmp_path / "spec.yaml"
    spec.write_text(text)
    daemon = make_daemon(**{"models.ranker": "wide_deep", "models.ranker_spec": str(spec)})
    with pytest.raises(AssertionError, match="the daemon ended"):
        daemon.start()
    log = daemon.log.read_text()
    assert all(part in log for part in says), log


SHOWN_SPEC = """
label: {column: chosen}
features:
  score: {type: numeric, normalize: quantile}
  item.kind: {type: categorical, feeds: wide}
  context.device: {type: categorical, feeds: wide}
  device x kind: {type: crossed, of: [context.device, item.kind], buckets: 1000}
model: {mode: wide}
"""

LISTS, SHOWN = 12, 8
LIKED, NOT_LIKED = 0.5, 0.03


def post_lists(daemon, lists: int) -> None:
    """Every 36 hours each user is shown films and clips; on tv half of the films are liked and hardly a clip, on the
    phone it is the other way round."""
    daemon.post("/v1/items:batch", [
        {"id": f"i{i}", "attributes": {"kind": "film" if i % 2 else "clip"}} for i in range(ITEMS)])
    for user in range(USERS):
        draw, events = random.Random(user), []
        first, second = draw.choice(["tv", "phone"]), draw.choice(["tv", "phone"])
        left = draw.sample(range(ITEMS), ITEMS)
        for at in range(lists):
            device = first if at < 4 else second
            hours = at * 36 + user % 24
            when = f"2026-03-{1 + hours // 24:02}T{hours % 24:02}"
            shown = [left.pop() for _ in range(SHOWN)]
            daemon.post("/v1/impressions", {
                "user": f"u{user}", "items": [f"i{i}" for i in shown], "timestamp": f"{when}:00:00Z",
                "context": {"device": device}})
            for i in shown:
                fits = KINDS[device] == ("film" if i % 2 else "clip")
                if draw.random() < (LIKED if fits else NOT_LIKED):
                    events.append({"user": f"u{user}", "item": f"i{i}", "type": "like",
                                   "timestamp": f"{when}:{i % 50 + 1:02}:00Z", "context": {"device": device}})
        if events:
            daemon.post("/v1/interactions", events)


@pytest.fixture
def shown(make_daemon, tmp_path):
    spec = tmp_path / "shown.yaml"
    spec.write_text(SHOWN_SPEC)
    return make_daemon(**{"models.ranker": "wide", "models.ranker_spec": str(spec)}).start()


def evaluate(daemon, *words: str) -> dict:
    """The same stages measured at the terminal."""
    done = subprocess.run([binary(), "evaluate", "--data", str(daemon.folder), "--json", "--model", "ials+wide", *words],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_posted_impressions_make_probabilities(shown, tmp_path):
    post_lists(shown, LISTS)
    version = shown.train()
    ranker = version["report"]["ranker"]
    assert ranker["published"] and ranker["rows_of"] == "impressions", version["reason"]
    assert ranker["calibrated"] and ranker["calibration"]["error"] < 0.1, ranker
    assert abs(ranker["calibration"]["predicted"] / ranker["calibration"]["chosen"] - 1) < 0.15
    assert len(ranker["calibration"]["deciles"]) == 10
    measured = evaluate(shown, "--ranker-spec", str(tmp_path / "shown.yaml"))["rankers"][0]
    assert measured["rows_of"] == "impressions" and measured["calibrated"], measured
    assert (measured["rows"], measured["positives"]) == (ranker["rows"], ranker["positives"])
    for _ in range(2):  # the second time from the kept list
        answer = shown.get("/v1/users/u1/recommendations?n=20")
        assert answer["score_kind"] == "probability"
        assert all(0 < item["score"] < 1 for item in answer["items"])
    for device, kind in (("tv", 1), ("phone", 0)):
        whole = shown.get(f"/v1/users/u1/recommendations?n=1000&context=device:{device}")
        assert whole["score_kind"] == "probability"
        scores = {fits: [item["score"] for item in whole["items"] if (int(item["id"][1:]) % 2 == kind) == fits]
                  for fits in (True, False)}
        mean = {fits: sum(scores[fits]) / len(scores[fits]) for fits in scores}
        assert abs(mean[True] - LIKED) < 0.1 and abs(mean[False] - NOT_LIKED) < 0.05, mean
    assert shown.get("/v1/users/nobody/recommendations")["score_kind"] == "preference"
    assert shown.get("/v1/users/u1/recommendations?model=popular")["score_kind"] == "preference"
    assert shown.stop() == 0
    shown.start()
    assert shown.get("/v1/users/u1/recommendations?n=20&context=device:tv")["score_kind"] == "probability"


def test_few_impressions_leave_preferences(shown):
    post_lists(shown, 4)
    version = shown.train()
    assert "lists of shown items" in version["reason"], version["reason"]
    ranker = version["report"].get("ranker", {"rows_of": "candidates", "calibrated": False})
    assert ranker["rows_of"] == "candidates" and not ranker["calibrated"]
    assert shown.get("/v1/users/u1/recommendations")["score_kind"] == "preference"


@pytest.mark.parametrize("wrong, pointer", [
    ({"timestamp": "2999-01-01T00:00:00Z"}, "/timestamp"), ({"timestamp": "soon"}, "/timestamp"),
    ({"context": {"a": {"b": 1}}}, "/context"), ({"context": []}, "/context"),
    ({"context": {"a": "x" * 9000}}, "/context")])
def test_a_bad_time_or_context_of_an_impression_is_refused(make_daemon, wrong, pointer):
    daemon = make_daemon().start()
    problem = daemon.post("/v1/impressions", {"user": "u", "items": ["i"], **wrong}, expect=None)
    assert problem["status"] in (400, 413, 422) and problem["errors"][0]["pointer"].startswith(pointer), problem


def test_the_context_of_an_impression_is_exported(make_daemon):
    daemon = make_daemon().start()
    daemon.put("/v1/users/u", {})
    daemon.post("/v1/impressions", {"user": "u", "items": ["i"], "timestamp": "2026-03-01T00:00:00Z",
                                    "context": {"device": "tv"}})
    shown = daemon.get("/v1/users/u/export")["impressions"]
    assert shown[0]["context"] == {"device": "tv"} and shown[0]["timestamp"] == "2026-03-01T00:00:00.000Z"
