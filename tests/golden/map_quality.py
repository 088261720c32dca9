#!/usr/bin/env python3
"""Writes the golden values of tests/unit/eval/map_quality_test.c: 60 points of 5 dimensions, a bad map of them, and
scikit-learn's trustworthiness of it both ways round (the other way is continuity). The variances of PCA with them.
Needs NumPy and scikit-learn. Run by hand: map_quality.py > map_quality_golden.h"""
import numpy as np
from sklearn.manifold import trustworthiness

N, D = 60, 5
draw = np.random.default_rng(3)
points = np.round(draw.normal(size=(N, D)) * [4, 2, 1, 1, .5], 3).astype(np.float32)
places = np.round(points[:, :2] + draw.normal(size=(N, 2)) * [1, 3], 3).astype(np.float32)


def rows(name, matrix):
    print(f"static const float {name}[{matrix.shape[0]}][{matrix.shape[1]}] = {{")
    for row in matrix:
        print("    {" + ", ".join(f"{x:g}F" if "." in f"{x:g}" else f"{x:g}.0F" for x in row) + "},")
    print("};")


print("/* Written by tests/golden/map_quality.py. */")
print(f"enum {{ GOLDEN_POINTS = {N}, GOLDEN_DIMENSIONS = {D} }};")
rows("golden_points", points)
rows("golden_places", places)
print("static const struct {\n    uint32_t k;\n    double trustworthiness, continuity;\n} golden_quality[] = {")
for k in (1, 5, 12, 29):
    print(f"    {{{k}, {trustworthiness(points, places, n_neighbors=k):.12f}, "
          f"{trustworthiness(places, points, n_neighbors=k):.12f}}},")
print("};")
values = np.sort(np.linalg.eigvalsh(np.cov(points.astype(float).T, bias=True)))[::-1]
print("static const double golden_variances[] = {" + ", ".join(f"{v:.9f}" for v in values) + "};")
