#!/usr/bin/env python3
"""Writes the golden values of tests/unit/data/features: quantiles, the distribution function, the cuts
of a decision tree and piecewise linear encodings, from their definitions and in exact fractions.
Run by hand: features.py | clang-format > features_golden.h"""
from fractions import Fraction as F
from itertools import groupby
from math import copysign, floor, log1p
from statistics import fmean, stdev
from textwrap import wrap
import struct


def lcg(seed):
    while True:
        seed = (seed * 1103515245 + 12345) % 2**31
        yield F(seed, 2**31)


def f32(x):
    return F(struct.unpack("f", struct.pack("f", float(x)))[0])


def quantile(rows, q):
    """Linear between neighbours: rows sorted (Hyndman and Fan's type 7)."""
    place = q * (len(rows) - 1)
    low = floor(place)
    high = min(low + 1, len(rows) - 1)
    return rows[low] + (place - low) * (rows[high] - rows[low])


def place_in(rows, points, x):
    """The mean of the interpolations from below and from above, as scikit-learn's QuantileTransformer
    has them: a run of equal quantiles counts by its middle; the ends are 0 and 1."""
    steps = [F(i, points - 1) for i in range(points)]
    values = [f32(quantile(rows, q)) for q in steps]
    if x <= values[0]:
        return F(0)
    if x >= values[-1]:
        return F(1)

    def interpolate(highest):
        below = [i for i in range(points) if (values[i] <= x if highest else values[i] < x)]
        i = max(below)
        if highest and values[i] == x:
            return steps[i]
        if not highest and values[i + 1] == x:
            return steps[i + 1]
        return steps[i] + (x - values[i]) / (values[i + 1] - values[i]) * (steps[i + 1] - steps[i])

    return (interpolate(True) + interpolate(False)) / 2


def gini(labels):
    p = F(sum(labels), len(labels))
    return len(labels) * 2 * p * (1 - p)


def best_cut(rows, least):
    """rows: sorted (value, label). (gain, index) of the best cut, or None."""
    found = None
    labels = [label for _, label in rows]
    for i in range(1, len(rows)):
        if rows[i][0] == rows[i - 1][0] or i < least or len(rows) - i < least:
            continue
        gain = gini(labels) - gini(labels[:i]) - gini(labels[i:])
        if gain > 0 and (found is None or gain > found[0]):
            found = (gain, i)
    return found


def tree(rows, leaves, least):
    parts, cuts = [rows], []
    while len(parts) < leaves:
        found = [(best_cut(part, least), k) for k, part in enumerate(parts)]
        found = [(cut[0], -k, cut[1]) for cut, k in found if cut]  # of equal gains the lowest values
        if not found:
            break
        _, k, i = max(found)
        part = parts.pop(-k)
        cuts.append((part[i - 1][0] + part[i][0]) / 2)
        parts = sorted(parts + [part[:i], part[i:]], key=lambda p: p[0][0])
    return sorted(cuts)


def pieces(bounds, x):
    """Gorishniy et al. 2022, eq. 1, with x held within the outer bounds."""
    x = min(max(x, bounds[0]), bounds[-1])
    return [max(F(0), min(F(1), (x - a) / (b - a))) for a, b in zip(bounds, bounds[1:])]


def c(name, values, kind="float"):
    def number(v):
        text = ("%.9g" if kind == "float" else "%.17g") % float(v)
        return text + "f" * (kind == "float" and "." in text)

    text = ", ".join(number(v) for v in values)
    print("\n".join(wrap("static const %s %s[] = {%s};" % (kind, name, text), 100, subsequent_indent="    ")))


def main():
    draw = lcg(11)
    values, labels = [], []
    for _ in range(300):
        x = F(0) if next(draw) < F(2, 5) else f32((next(draw) + next(draw) + next(draw)) * 40 - 35)
        if next(draw) < F(1, 6):
            x = F(round(x))
        chance = F(1, 2) + (F(2, 5) if x > 30 or -15 < x < -3 else F(-2, 5)) * (next(draw) > F(1, 5))
        values.append(x)
        labels.append(int(next(draw) < chance))
    rows = sorted(values)
    pairs = sorted(zip(values, labels))
    queries = [F(-1000), rows[0], F(-20), F(-10), F(-1, 2), F(0), F(1, 3), F(7), rows[250], F(61, 2), rows[-1], F(1000)]
    queries = [f32(x) for x in queries]
    print("/* Written by tests/golden/features.py. */")
    c("golden_values", values)
    c("golden_labels", labels)
    c("golden_queries", queries)
    exact = [float(x) for x in values]
    c("golden_moments", [fmean(exact), stdev(exact)], "double")
    logs = [copysign(log1p(abs(x)), x) for x in exact]
    c("golden_log_moments", [fmean(logs), stdev(logs)], "double")
    c("golden_median_and_tenth", [quantile(rows, F(1, 2)), quantile(rows, F(1, 10))], "double")
    edges = sorted({f32(quantile(rows, F(i, 16))) for i in range(17)})
    c("golden_quantiles", edges)
    c("golden_places", [place_in(rows, 21, x) for x in queries], "double")
    cuts = [f32(x) for x in tree(pairs, 12, 10)]
    c("golden_cuts", cuts)
    bounds = [rows[0]] + cuts + [rows[-1]]
    print("enum { GOLDEN_PIECES = %d };" % (len(bounds) - 1))
    c("golden_pieces", [v for x in queries for v in pieces(bounds, x)], "double")
    c("golden_quantile_pieces", [v for x in queries for v in pieces(edges, x)], "double")


main()
