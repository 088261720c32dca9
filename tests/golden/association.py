#!/usr/bin/env python3
"""Writes the golden values of tests/unit/eval/association_test.c by scikit-learn and SciPy. Run by hand:
association.py > association_golden.h"""
import numpy as np
from scipy.stats import chi2, chi2_contingency
from sklearn.metrics import mutual_info_score


def main():
    draw = np.random.default_rng(11)
    print("/* Written by tests/golden/association.py with scikit-learn and SciPy. */")
    print("static const struct golden_table golden_tables[] = {")
    for values, n, pull in [(2, 40, 1.0), (5, 300, 0.0), (12, 1000, 0.3), (30, 200, 0.0), (7, 5000, 3.0)]:
        lean = draw.normal(0, pull, values)
        table = np.array([[1 + draw.binomial(k, 1 / (1 + np.exp(z))), 0] for k, z in zip(draw.multinomial(n, np.ones(values) / values), lean)])
        table[:, 1] = draw.integers(1, n // values + 1, values)
        bits = mutual_info_score(None, None, contingency=table) / np.log(2)
        test = chi2_contingency(table, correction=False)
        print("    {%d, {%s}, %.17g, %.17g, %d, %.17g}," % (
            values, ", ".join("{%d, %d}" % tuple(row) for row in table), bits, test.statistic, test.dof, test.pvalue))
    print("};")
    print("static const struct golden_tail golden_tails[] = {")
    for degrees in (1, 2, 3, 10, 99, 1000, 60000):
        for factor in (0.01, 0.5, 0.98, 1.0, 1.01, 1.1, 2, 5):
            print("    {%.17g, %d, %.17g}," % (degrees * factor, degrees, chi2.sf(degrees * factor, degrees)))
    print("};")


main()
