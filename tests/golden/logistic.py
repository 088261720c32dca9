#!/usr/bin/env python3
"""Writes the golden values of tests/unit/linalg/logistic_test.c: logistic regression with L1 and L2
by scikit-learn's saga. Run by hand, with NumPy and scikit-learn: logistic.py > logistic_golden.h"""
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")
rng = np.random.default_rng(5)
N, M, PER_ROW = 120, 20, 5
X = np.zeros((N, M))
for row in X:
    row[rng.choice(M, PER_ROW, replace=False)] = np.round(rng.normal(0.5, 1, PER_ROW), 2)
X = X.astype(np.float32).astype(np.float64)
truth = np.where(np.arange(M) < 6, rng.normal(0, 2, M), 0)
y = (rng.random(N) < 1 / (1 + np.exp(0.5 - X @ truth))).astype(int)
a = np.round(rng.uniform(0.5, 2, N), 2).astype(np.float32).astype(np.float64)
print("/* Written by tests/golden/logistic.py. */")
print(f"enum {{ GOLDEN_N = {N}, GOLDEN_M = {M}, GOLDEN_PER_ROW = {PER_ROW} }};")
array = lambda kind, name, values: print(f"static const {kind} {name}[] = {{{', '.join(map(repr, values))}}};")
array("uint32_t", "golden_columns", [int(c) for row in X for c in np.nonzero(row)[0]])
array("float", "golden_values", [float(v) for row in X for v in row[row != 0]])
array("float", "golden_labels", [float(v) for v in y])
array("float", "golden_weights", [float(v) for v in a])
assert all((row != 0).sum() == PER_ROW for row in X)
print("static const struct golden_fit golden_fits[] = {")
for l1, l2, weighted in [(0.1, 0, 0), (0.02, 0, 0), (0.002, 0, 1), (0.01, 0.05, 1), (0, 0.1, 0)]:
    w = a if weighted else np.ones(N)
    model = LogisticRegression(solver="saga", C=1 / (w.sum() * (l1 + l2)), l1_ratio=l1 / (l1 + l2),
                               penalty="elasticnet", tol=1e-12, max_iter=200000)
    model.fit(X, y, sample_weight=w)
    s = X @ model.coef_[0] + model.intercept_[0]
    loss = float((w * (np.logaddexp(0, s) - y * s)).sum() / w.sum())
    f = loss + l1 * abs(model.coef_).sum() + l2 / 2 * (model.coef_ ** 2).sum()
    print(f"    {{{l1}, {l2}, {weighted}, {float(f)!r}, {loss!r}, {float(model.intercept_[0])!r}, "
          f"{{{', '.join(repr(float(v)) for v in model.coef_[0])}}}}},")
print("};")
