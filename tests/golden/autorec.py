#!/usr/bin/env python3
"""Writes autorec_golden.h: losses and predictions of small AutoRecs, by dense NumPy with masks.

usage: autorec.py > autorec_golden.h
"""
import numpy as np

COLUMNS, HIDDEN = 7, 3
ROWS = [{0: 5, 2: 3, 5: 1}, {1: 4, 2: 2}, {0: 1, 3: 2, 4: 5, 6: 4}]


def parameters():
    """As the test makes them: sines, slice after slice."""
    wave = lambda n, phase: np.sin(np.arange(n) * 1.7 + phase)
    return (0.3 * wave(COLUMNS * HIDDEN, 0).reshape(COLUMNS, HIDDEN), 0.3 * wave(HIDDEN, 1),
            0.3 * wave(COLUMNS * HIDDEN, 2).reshape(COLUMNS, HIDDEN), 0.3 * wave(COLUMNS, 3))


# in the order of enum autorec_g
ACTIVATIONS = [lambda h: 1 / (1 + np.exp(-h)), lambda h: h, np.tanh]


def loss(g, multinomial: bool) -> float:
    v, m, w, b = parameters()
    x, seen = np.zeros((len(ROWS), COLUMNS)), np.zeros((len(ROWS), COLUMNS), bool)
    for r, row in enumerate(ROWS):
        for column, value in row.items():
            x[r, column], seen[r, column] = value, True
    h = x @ v + m
    z = g(h) @ w.T + b
    if multinomial:
        return -(z - np.log(np.exp(z).sum(1, keepdims=True)))[seen].sum()
    return ((z - (x - 3)) ** 2)[seen].sum()


print("#pragma once\n/* Written by tests/golden/autorec.py. */\n")
print("static const double autorec_losses[3][2] = {")
for g in ACTIVATIONS:
    print("    {" + ", ".join(f"{loss(g, multinomial):.12g}" for multinomial in (False, True)) + "},")
print("};")
