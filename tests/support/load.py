"""Several clients at once that call nearly every route, each with what it may: for the suites that
want the daemon busy, under a sanitizer or while something is taken from it.

Each client has users and event ids of its own, so that it knows at any moment what the store must
hold of them; the items, the rounds and the models are everybody's.
"""
import json
import random
import threading
import time

import requests

ITEMS = 60
USERS = 12  # of each client
BAD_BODIES = [b"{", b'{"a":1,"a":2}', b"[" * 64, b'"\xff"', b"[1e999]", b'{"user":5}', b"", b"[{}]", b'[{"user":"x"}]']


class Client(threading.Thread):
    """What was acknowledged is in `stored`; what got no answer may be there or not: `doubtful`."""

    def __init__(self, number: int, daemon, seed: int, forgives: frozenset[int]):
        super().__init__()
        self.number, self.daemon, self.forgives = number, daemon, forgives
        self.rng = random.Random(f"{seed} {number}")
        self.http = requests.Session()
        self.stored: dict[str, str] = {}  # event id: user
        self.doubtful: set[str] = set()
        self.answers: dict[int, int] = {}
        self.lost = 0  # requests without an answer
        self.posts = 0
        self.failure: BaseException | None = None
        self.stopped = threading.Event()

    def run(self):
        try:
            while not self.stopped.is_set():
                self.rng.choice(OPERATIONS)(self)
        except BaseException as failure:
            self.failure = failure

    def call(self, method: str, path: str, *expected: int, **keywords):
        """The answer, or None where there was none that counts: the server was out of something."""
        try:
            answer = self.http.request(method, self.daemon.url + path, timeout=60, **keywords)
        except requests.RequestException:
            if not self.forgives:
                raise
            self.http.close()
            self.lost += 1
            time.sleep(0.005)
            return None
        status = answer.status_code
        self.answers[status] = self.answers.get(status, 0) + 1
        if status in self.forgives and status not in expected:
            return None
        assert status in expected, f"{method} {path} {keywords}: {status} {answer.text[:600]}"
        return answer

    def user(self) -> str:
        return f"c{self.number}-{self.rng.randrange(USERS)}"

    def session(self) -> str:
        return f"s{self.number}-{self.rng.randrange(3)}"

    def item(self) -> str:
        return f"i{self.rng.randrange(ITEMS)}"

    def event(self, i: int) -> dict:
        kind = self.rng.choice(["view", "view", "like", "rating"])
        event = {"user": self.user(), "item": self.item(), "type": kind, "event_id": f"{self.number}-{self.posts}-{i}"}
        if kind == "rating":
            event["rating"] = self.rng.randint(1, 5)
        if self.rng.random() < 0.2:
            event |= {"timestamp": "2026-01-02T03:04:05Z", "context": {"place": "x" * self.rng.randrange(50)}}
        return event


# ---- what a client does ----

def post_events(client: Client) -> None:
    client.posts += 1
    events = [client.event(i) for i in range(client.rng.choice([1, 1, 3, 40, 300]))]
    ids = {event["event_id"]: event["user"] for event in events}
    client.doubtful |= ids.keys()
    for _ in range(client.rng.choice([1, 1, 1, 2])):  # now and then again, as after a time-out
        answer = client.call("POST", "/v1/interactions", 200, json=events if len(events) > 1 else events[0])
        if answer is not None:
            told = answer.json()
            assert told["accepted"] + told["duplicates"] == len(events)
            client.stored |= ids
            client.doubtful -= ids.keys()


def post_as_guest(client: Client) -> None:
    client.call("POST", "/v1/interactions", 200, json={"session": client.session(), "item": client.item(), "type": "like"})


def merge(client: Client) -> None:
    client.call("POST", f"/v1/users/{client.user()}:merge", 200, 404, 409, json={"session": client.session()})


def recommend(client: Client) -> None:
    rng = client.rng
    words = {"n": rng.choice([1, 10, 100]), "offset": rng.choice([0, 5])}
    if rng.random() < 0.3:
        words |= {"category": f"c{rng.randrange(4)}", "exclude": [client.item() for _ in range(3)]}
    if rng.random() < 0.3:
        words |= {"seen": "include", "fields": "title,price"}
    answer = client.call("GET", f"/v1/users/{client.user()}/recommendations", 200, params=words)
    if answer is not None:
        told = answer.json()["items"]
        assert len({item["id"] for item in told}) == len(told) <= words["n"]


def similar(client: Client) -> None:
    client.call("GET", f"/v1/items/{client.item()}/similar", 200, 404, 422, params={"n": 10})


def change_item(client: Client) -> None:
    rng, path = client.rng, f"/v1/items/{client.item()}"
    kind = rng.randrange(5)
    if kind == 0:
        client.call("DELETE", path, 204, 404)
    elif kind == 1:
        client.call("PATCH", path, 200, 404, json={"hidden": rng.random() < 0.5, "price": rng.randrange(100)})
    elif kind == 2:
        client.call("POST", "/v1/items:batch", 200, json=[item(i) for i in rng.sample(range(ITEMS), 10)])
    else:
        client.call("PUT", path, 200, 201, json={"title": "t" * rng.randrange(1, 200), "categories": [f"c{rng.randrange(4)}/x"]})


def change_user(client: Client) -> None:
    path = f"/v1/users/{client.user()}"
    client.call("PUT", path, 200, 201, json={"attributes": {"age": client.rng.randrange(90), "city": "x" * client.rng.randrange(50)}})
    client.call("PATCH", path, 200, 404, json={"attributes": {"city": None}})


def read(client: Client) -> None:
    path, statuses = client.rng.choice([
        ("/v1/users?limit=20", [200]), ("/v1/items?limit=7", [200]), ("/v1/models", [200]), ("/metrics", [200]),
        ("/readyz", [200]), ("/healthz", [200]), ("/openapi.json", [200]), ("/v1/training", [200]),
        ("/v1/map?fields=title", [200, 404]),
        (f"/v1/users/{client.user()}", [200, 404]), (f"/v1/users/{client.user()}/interactions?limit=5", [200, 404]),
        (f"/v1/users/{client.user()}/export", [200, 404]), (f"/v1/items/{client.item()}", [200, 404]),
        (f"/v1/items/{client.item()}/interactions", [200, 404]),
    ])
    client.call("GET", path, *statuses)


def show(client: Client) -> None:
    client.call("POST", "/v1/impressions", 200, json={"user": client.user(), "items": [client.item() for _ in range(5)]})


def drop(client: Client, ids: list[str]) -> None:
    """These are gone, or may be: it was asked for."""
    for event_id in ids:
        client.stored.pop(event_id, None)


def erase(client: Client) -> None:
    user = client.user()
    ids = [event_id for event_id, of in client.stored.items() if of == user]
    answer = client.call("DELETE", f"/v1/users/{user}", 204, 404)
    drop(client, ids)
    if answer is None:
        client.doubtful |= set(ids)


def retract(client: Client) -> None:
    if not client.stored:
        return
    event_id = client.rng.choice(list(client.stored))
    answer = client.call("DELETE", f"/v1/interactions/{event_id}", 204)
    drop(client, [event_id])
    if answer is None:
        client.doubtful.add(event_id)


def train(client: Client) -> None:
    if client.rng.random() < 0.8:
        client.call("POST", "/v1/training", 202, 409)
    else:
        client.call("DELETE", "/v1/training", 204, 404)


def activate(client: Client) -> None:
    answer = client.call("GET", "/v1/models?limit=5", 200)
    versions = [m["version"] for m in answer.json()["models"]] if answer is not None else []
    if versions:
        client.call("POST", f"/v1/models/{client.rng.choice(versions)}:activate", 200, 404, 409)


def send_nonsense(client: Client) -> None:
    """Answered with a refusal, whatever else is going on."""
    kind = client.rng.randrange(3)
    if kind == 0:
        client.call("POST", "/v1/interactions", 400, 413, 422, data=client.rng.choice(BAD_BODIES),
                    headers={"Content-Type": "application/json"})
    elif kind == 1:
        client.call("GET", f"/v1/users/{client.user()}/recommendations?n=0", 422)
    else:
        client.call("GET", "/v1/nothing/" + "x" * client.rng.randrange(1000), 404)


OPERATIONS = ([post_events] * 8 + [recommend] * 8 + [read] * 4 + [change_item] * 3 + [change_user] * 2
              + [similar, post_as_guest, merge, show, erase, retract, retract, train, activate, send_nonsense])


def item(i: int) -> dict:
    return {"id": f"i{i}", "title": f"Item {i}", "categories": [f"c{i % 4}"], "price": i}


class Load:
    """Clients that run from the start to the end of a `with`; then `check` compares with the store."""

    def __init__(self, daemon, seed: int, clients: int = 6, forgives: frozenset[int] = frozenset()):
        self.clients = [Client(number, daemon, seed, forgives) for number in range(clients)]
        daemon.post("/v1/items:batch", [item(i) for i in range(ITEMS)])

    def __enter__(self) -> "Load":
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *_) -> None:
        for client in self.clients:
            client.stopped.set()
        for client in self.clients:
            client.join()

    def failures(self) -> list[BaseException]:
        return [client.failure for client in self.clients if client.failure]

    def answers(self) -> dict[int, int]:
        sums: dict[int, int] = {}
        for client in self.clients:
            for status, n in client.answers.items():
                sums[status] = sums.get(status, 0) + n
        return sums

    def check(self, exported: str) -> None:
        """`exported`: all interactions, as the program exports them."""
        ids = [event["event_id"] for line in exported.splitlines() if "user" in (event := json.loads(line))]
        own = [event_id for event_id in ids if event_id.count("-") == 2]
        assert len(ids) == len(set(ids)), "an event is there twice"
        stored = {event_id for client in self.clients for event_id in client.stored}
        doubtful = {event_id for client in self.clients for event_id in client.doubtful}
        assert stored <= set(own), f"{len(stored - set(own))} acknowledged events are gone"
        extra = set(own) - stored - doubtful
        assert not extra, f"{len(extra)} events are there that were erased, retracted or refused: {sorted(extra)[:5]}"
