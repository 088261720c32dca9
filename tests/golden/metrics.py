#!/usr/bin/env python3
"""Writes the golden values of tests/unit/eval/metrics_test.c: an independent implementation from the
definitions, in exact fractions where they exist. Run by hand: metrics.py > metrics_golden.h"""
from fractions import Fraction as F
from math import fsum, log


def lcg(seed):
    while True:
        seed = (seed * 1103515245 + 12345) % 2**31
        yield seed / 2**31


def recall(ranked, truth, k):
    return F(len(set(ranked[:k]) & truth), len(truth))


def recall_capped(ranked, truth, k):
    return F(len(set(ranked[:k]) & truth), min(k, len(truth)))


def precision(ranked, truth, k):
    return F(len(set(ranked[:k]) & truth), k)


def ndcg(ranked, truth, k):
    gain = fsum(log(2) / log(place + 1) for place, item in enumerate(ranked[:k], 1) if item in truth)
    return gain / fsum(log(2) / log(place + 1) for place in range(1, min(k, len(truth)) + 1))


def hit_rate(ranked, truth, k):
    return int(bool(set(ranked[:k]) & truth))


def mrr(ranked, truth, k):
    return next((F(1, place) for place, item in enumerate(ranked[:k], 1) if item in truth), 0)


def average_precision(ranked, truth, k):
    return sum((precision(ranked, truth, place) for place, item in enumerate(ranked[:k], 1) if item in truth),
               F(0)) / min(k, len(truth))


def gini(counts):
    """Mean absolute difference over twice the mean."""
    n, total = len(counts), sum(counts)
    return F(sum(abs(a - b) for a in counts for b in counts), 2 * n * total)


METRICS = [recall, recall_capped, precision, ndcg, hit_rate, mrr, average_precision]


def main():
    draw = lcg(7)
    print("/* Written by tests/golden/metrics.py. */")
    print("static const struct golden_list golden_lists[] = {")
    for case in range(12):
        n_test, k = 1 + int(next(draw) * 30), 1 + int(next(draw) * 25)
        truth = set(range(n_test))
        ranked, free = [], list(range(60))
        for _ in range(k):
            ranked.append(free.pop(int(next(draw) ** 1.5 * len(free))))
        hits = ", ".join("01"[item in truth] for item in ranked)
        values = ", ".join("%.17g" % float(f(ranked, truth, k)) for f in METRICS)
        print("    {%d, %d, {%s}, {%s}}," % (k, n_test, hits, values))
    print("};")
    counts = [int(next(draw) ** 3 * 50) for _ in range(20)]
    print("static const uint32_t golden_counts[] = {%s};" % ", ".join(map(str, counts)))
    print("static const double golden_gini = %.17g;" % float(gini(counts)))


main()
