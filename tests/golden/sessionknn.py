#!/usr/bin/env python3
"""Writes the golden values of tests/unit/models/sessionknn_test.c: sessions, some of them after the
fit, and the scores of queries by VMIS-kNN, with lists and dictionaries. Run by hand:
sessionknn.py > sessionknn_golden.h"""
import math

USERS, ITEMS, LIVE = 30, 12, 6
NEIGHBOURS, RECENT, LENGTH = 7, 6, 4
MINUTE, HOUR = 60_000, 3_600_000


def lcg(seed):
    while True:
        seed = (seed * 1103515245 + 12345) % 2**31
        yield seed / 2**31


def make_sessions(draw, users, start):
    """(user, [(item, time)]): two an user, hours apart, items a minute apart, repeats among them."""
    found = []
    for user in users:
        for part in range(2):
            begin = start + (user * 7 % 11) * 24 * HOUR + part * 3 * HOUR + user * 2 * MINUTE
            n = 1 + int(next(draw) * 5)
            found.append((user, [(int(next(draw) * ITEMS), begin + k * MINUTE) for k in range(n)]))
    return found


def scores(by_age, n, counts, query):
    """by_age: sets of items, newest first; query: (item, time), at most one an item."""
    newest = sorted(query, key=lambda q: (-q[1], q[0]))[:LENGTH]
    seen = {}
    for place, (item, _) in enumerate(newest):
        for s in [s for s, items in enumerate(by_age) if item in items][:RECENT]:
            r, best = seen.get(s, (0, 0))
            seen[s] = (r + 1 - place / len(newest), max(best, 1 - .1 * place))
    nearest = sorted(seen, key=lambda s: (-seen[s][0], s))[:NEIGHBOURS]
    total = [0.] * ITEMS
    for s in nearest:
        for item in by_age[s]:
            total[item] += seen[s][0] * seen[s][1]
    return [t * math.log(1 + n / max(counts[i], 1)) for i, t in enumerate(total)]


def print_events(name, sessions):
    rows = [(u, i, t) for u, events in sessions for i, t in events]
    print(f"static const struct test_event {name}[] = {{")
    for user, item, time in rows:
        print(f"    {{{user}, {item}, TEST_LIKE, {time}, NAN}},")
    print("};")


def main():
    draw = lcg(9)
    fitted = make_sessions(draw, range(USERS), 100 * HOUR)
    live = make_sessions(draw, range(USERS, USERS + LIVE), 1000 * HOUR)
    counts = [sum(any(i == item for i, _ in events) for _, events in fitted) for item in range(ITEMS)]
    old = [{i for i, _ in events} for _, events in sorted(fitted, key=lambda s: -s[1][-1][1])]
    new = [{i for i, _ in events} for _, events in reversed(live)]
    queries = [[(int(next(draw) * ITEMS), 0) for _ in range(6)] for _ in range(8)]
    queries = [[(item, 1000 * k) for k, item in enumerate(dict.fromkeys(i for i, _ in q))] for q in queries]
    print("/* Written by sessionknn.py. */\n#pragma once")
    print(f"enum {{ GOLDEN_ITEMS = {ITEMS}, GOLDEN_QUERIES = {len(queries)}, GOLDEN_USERS = {USERS} }};")
    print_events("golden_fitted", fitted)
    print_events("golden_live", live)
    print("/* Newest last; -1 ends. */\nstatic const int golden_queries[GOLDEN_QUERIES][7] = {")
    for q in queries:
        print("    {" + ", ".join(str(i) for i, _ in q) + ", -1},")
    print("};")
    for name, sessions in (("golden_scores", old), ("golden_live_scores", new + old)):
        print(f"static const double {name}[GOLDEN_QUERIES][GOLDEN_ITEMS] = {{")
        for q in queries:
            print("    {" + ", ".join(f"{s:.9g}" for s in scores(sessions, len(fitted), counts, q)) + "},")
        print("};")


main()
