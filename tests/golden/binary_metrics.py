#!/usr/bin/env python3
"""Writes the golden values of tests/unit/eval/binary_metrics_test.c and tests/unit/linalg/auc_test.c by
scikit-learn. Run by hand: binary_metrics.py > binary_metrics_golden.h"""
import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import (accuracy_score, average_precision_score, log_loss, precision_score,
                             recall_score, roc_auc_score)

BATCH = 7


def values(p, y, w):
    said, weight = p > 0.5, dict(sample_weight=w)
    total = log_loss(y, p, sample_weight=w, normalize=False)
    mean = np.average(y, weights=w)
    return [accuracy_score(y, said, **weight), max(mean, 1 - mean), roc_auc_score(y, p, **weight),
            average_precision_score(y, p, **weight), log_loss(y, p, **weight), mean,
            total / -(-len(p) // BATCH), precision_score(y, said, zero_division=0, **weight),
            np.average(p, weights=w), recall_score(y, said, **weight)]


def array(numbers):
    return "{" + ", ".join(("%.9gf" if x % 1 else "%.0f") % x for x in numbers) + "}"


def main():
    draw = np.random.default_rng(3)
    print("/* Written by tests/golden/binary_metrics.py with scikit-learn. */")
    print("static const struct golden_scores golden_scores[] = {")
    for n, digits, weighted, shift in [(200, None, False, 0), (90, 1, True, 0), (60, 2, True, 1),
                                       (30, None, True, -3), (25, 0, False, 0)]:
        z = draw.normal(shift, 1.5, n)
        p = 1 / (1 + np.exp(-z))
        p = (p if digits is None else p.round(digits).clip(0.001, 0.999)).astype(np.float32).astype(float)
        y = (draw.random(n) < p ** 0.8).astype(float)
        y[:2] = 0, 1
        w = (draw.integers(1, 17, n) / 4 if weighted else np.ones(n))
        print("    {%d, %d, %s, %s, %s, {%s}}," % (n, BATCH, array(p), array(y), array(w),
                                                   ", ".join("%.17g" % v for v in values(p, y, w))))
        if n == 200:
            assert len(set(p)) == n
            label, prediction = calibration_curve(y, p, n_bins=10, strategy="quantile")
    print("};")
    print("static const double golden_label_means[] = %s;" % ("{%s}" % ", ".join("%.17g" % x for x in label)))
    print("static const double golden_prediction_means[] = {%s};" % ", ".join("%.17g" % x for x in prediction))


main()
