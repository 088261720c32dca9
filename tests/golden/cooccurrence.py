#!/usr/bin/env python3
"""Writes the golden values of tests/unit/models/cooccurrence_test.c: 400 events of 25 users and the
log-likelihood ratios of their items, from the 2 x 2 tables themselves. Run by hand:
cooccurrence.py > cooccurrence_golden.h"""
import collections
import math

USERS, ITEMS, EVENTS = 25, 9, 400
LIKE, RATING, SEEN = 1, 2, 3
MINUTE, DAY = 60_000, 86_400_000


def lcg(seed):
    while True:
        seed = (seed * 1103515245 + 12345) % 2**31
        yield seed / 2**31


def make_events():
    """(user, item, type, time): pauses of 10 to 40 minutes or a day; some times are unknown."""
    draw = lcg(3)
    clocks = [DAY // 2] * USERS
    events = []
    for _ in range(EVENTS):
        user = int(next(draw) * USERS)
        item = int(next(draw) * 3) * 3 + user % 3 if next(draw) < .6 else int(next(draw) * ITEMS)
        kind = LIKE if next(draw) < .6 else SEEN
        clocks[user] += [10 * MINUTE, 10 * MINUTE, 20 * MINUTE, 40 * MINUTE, DAY][int(next(draw) * 5)]
        events.append((user, item, kind, None if next(draw) < .1 else clocks[user]))
    return events


def baskets(events, within):
    """Lists of (item, type)."""
    of_user = collections.defaultdict(list)
    for user, item, kind, time in events:
        of_user[user].append((-1 if time is None else time, item, kind))
    found = []
    for user in sorted(of_user):
        before = None
        for time, item, kind in sorted(of_user[user], key=lambda e: e[0]):
            new = before is None or (before < 0) != (time < 0)
            if not new and time >= 0:
                new = time - before > 30 * MINUTE if within == "sessions" else time // DAY != before // DAY
            if new:
                found.append([])
            found[-1].append((item, kind))
            before = time
    return found


def ratio(k):
    """2 N (entropy of rows + entropy of columns - entropy of the table), in natural units."""
    n = sum(map(sum, k))
    h = lambda counts: -sum(c / n * math.log(c / n) for c in counts if c)
    return 2 * n * (h(map(sum, k)) + h(map(sum, zip(*k))) - h(c for row in k for c in row))


def matrix(events, within, leads, led, support):
    all_baskets = [(({i for i, t in b if leads(t)}), {i for i, t in b if led(t)})
                   for b in baskets(events, within)]
    all_baskets = [b for b in all_baskets if b[0] or b[1]]
    values = [[0.] * ITEMS for _ in range(ITEMS)]
    for a in range(ITEMS):
        for b in range(ITEMS):
            k = [[0, 0], [0, 0]]
            for x, y in all_baskets:
                k[a not in x][b not in y] += 1
            expected = (k[0][0] + k[0][1]) * (k[0][0] + k[1][0]) / len(all_baskets)
            if a != b and k[0][0] >= support and k[0][0] > expected:
                values[a][b] = ratio(k)
    return values


def print_matrix(name, values):
    print(f"static const double {name}[GOLDEN_ITEMS][GOLDEN_ITEMS] = {{")
    for row in values:
        print("    {" + ", ".join(f"{v:.12g}" for v in row) + "},")
    print("};")


def main():
    events = make_events()
    liked = {(u, i) for u, i, t, _ in events if t == LIKE}
    print("/* Written by cooccurrence.py. */\n#pragma once")
    print(f"enum {{ GOLDEN_ITEMS = {ITEMS}, GOLDEN_EVENTS = {EVENTS} }};")
    print("static const struct test_event golden_events[GOLDEN_EVENTS] = {")
    for user, item, kind, time in events:
        print(f"    {{{user}, {item}, {kind}, {'TIME_UNKNOWN' if time is None else time}, NAN}},")
    print("};")
    # Without names an event counts for what its user likes in the end, whatever its own type is.
    in_the_end = [(u, i, LIKE if (u, i) in liked else 0, t) for u, i, _, t in events]
    print_matrix("golden_sessions", matrix(in_the_end, "sessions", lambda t: t, lambda t: t, 2))
    print_matrix("golden_days", matrix(events, "days", lambda t: t == SEEN, lambda t: t == LIKE, 1))


main()
