"""kill -9 at random moments under posts and rounds.

What this catches: an event that was acknowledged and is gone, one that a retry stored twice, half an
array, a store that contradicts itself, a data directory that the next start refuses.
"""
import threading
import time

import requests

from conftest import check_log_size, exported, put_items, rounds

POSTERS = 4


class Poster(threading.Thread):
    """Posts one event, then an array, and so on, each with its own ids. What got no answer is posted
    again, as it was, after the next start."""

    def __init__(self, number: int, rng):
        super().__init__()
        self.number, self.rng = number, rng
        self.acknowledged: dict[str, int] = {}  # by id: which post
        self.posts = 0
        self.pending: list[dict] | None = None
        self.url = None
        self.stopped = False
        self.failure: Exception | None = None

    def make(self) -> list[dict]:
        self.posts += 1
        n = 1 if self.posts % 2 else self.rng.randint(2, 300)
        return [
            {"user": f"u{self.rng.randrange(50)}", "item": f"i{self.rng.randrange(20)}", "type": "view",
             "event_id": f"p{self.number}-{self.posts}-{i}"}
            for i in range(n)
        ]

    def run(self):
        try:
            self.post_on()
        except Exception as failure:
            self.failure = failure

    def post_on(self):
        http, at = requests.Session(), None
        while not self.stopped:
            if self.url is None:
                time.sleep(0.002)
                continue
            if at != self.url:
                http, at = requests.Session(), self.url
            batch = self.pending or self.make()
            self.pending = batch
            try:
                answer = http.post(at + "/v1/interactions", json=batch if len(batch) > 1 else batch[0], timeout=30)
            except requests.RequestException:
                time.sleep(0.002)
                continue
            if answer.status_code == 429 or answer.status_code == 503:
                continue
            assert answer.status_code == 200, answer.text
            told = answer.json()
            assert told["accepted"] + told["duplicates"] == len(batch)
            assert told["accepted"] in (0, len(batch)), "half an array was there"
            self.pending = None
            self.acknowledged.update({event["event_id"]: self.posts for event in batch})


def test_kills_lose_nothing_and_double_nothing(make_daemon, rng):
    daemon = make_daemon(**{"training.after_events": "2000"}).start()
    put_items(daemon, 20)
    posters = [Poster(n, rng) for n in range(POSTERS)]
    for poster in posters:
        poster.start()
    try:
        for _ in range(rounds(12)):
            for poster in posters:
                poster.url = daemon.url
            time.sleep(rng.uniform(0.05, 0.7))
            daemon.kill()
            check_log_size(daemon)
            for poster in posters:
                poster.url = None
            daemon.start()
            daemon.recommended("u1")  # every restart serves
        for poster in posters:
            poster.url = daemon.url
        time.sleep(0.5)
    finally:
        for poster in posters:
            poster.stopped = True
        for poster in posters:
            poster.join()
    assert [poster.failure for poster in posters] == [None] * POSTERS
    assert daemon.stop() == 0
    ids = [event["event_id"] for event in exported(daemon.folder)]
    acknowledged = {event for poster in posters for event in poster.acknowledged}
    assert len(acknowledged) > 1000
    assert acknowledged <= set(ids), f"{len(acknowledged - set(ids))} acknowledged events are gone"
    assert len(ids) == len(set(ids)), "an event is there twice"
    pending = {event["event_id"] for poster in posters for event in poster.pending or []}
    assert set(ids) <= acknowledged | pending
