#!/usr/bin/env python3
"""Writes the golden values of tests/unit/models/neighbours_golden_test.c: the item x item matrices of
the closed-form models for 30 users x 20 items, dense and in double, from their definitions. Needs
NumPy. Run by hand: neighbours.py > neighbours_golden.h"""
import numpy as np

USERS, ITEMS, GFCF_DIMENSIONS = 30, 20, 3


def lcg(seed):
    while True:
        seed = (seed * 1103515245 + 12345) % 2**31
        yield seed / 2**31


def confidences():
    """Signed: about a third liked, some disliked; the last item and the last user liked by none."""
    draw = lcg(5)
    c = np.zeros((USERS, ITEMS))
    for u in range(USERS):
        for i in range(ITEMS):
            chance = .55 if (u + i) % 3 == 0 else .2
            size = .5 + round(16 * next(draw)) / 4
            if next(draw) < chance:
                c[u, i] = size
            elif next(draw) < .1:
                c[u, i] = -size
    c[:, -1] = np.minimum(c[:, -1], 0)
    c[-1] = np.minimum(c[-1], 0)
    return c


def without_diagonal(b):
    b = b.copy()
    np.fill_diagonal(b, 0)
    return b


def itemknn(x, shrinkage):
    n = x.sum(0)
    return without_diagonal(x.T @ x / (np.sqrt(np.outer(n, n)) + shrinkage))


def rp3beta(x, alpha, beta):
    with np.errstate(divide="ignore"):
        walk_to_user = np.where(x.T > 0, (x.T / x.sum(0)[:, None].clip(1)) ** alpha, 0)
        walk_to_item = np.where(x > 0, (x / x.sum(1)[:, None].clip(1)) ** alpha, 0)
    return without_diagonal(walk_to_user @ walk_to_item / x.sum(0).clip(1) ** beta)


def ease(x, lam, row_power, dropout=0, popularity_power=0):
    likes = x.sum(0)
    x = x * x.sum(1)[:, None].clip(1) ** -row_power
    gram = x.T @ x
    penalties = lam + dropout / (1 - dropout) * np.diag(gram)
    p = np.linalg.inv(gram + np.diag(penalties))
    b = without_diagonal(-p / np.diag(p)) * likes.clip(1) ** -popularity_power
    touched = x.sum(0) > 0
    return b * np.outer(touched, touched)


def slim(x, lam, row_power, dropout, popularity_power, k):
    """Column j from the k items that alone would explain it best."""
    likes = x.sum(0)
    x = x * x.sum(1)[:, None].clip(1) ** -row_power
    gram = x.T @ x
    full = gram + np.diag(lam + dropout / (1 - dropout) * np.diag(gram))
    b = np.zeros_like(gram)
    for j in np.flatnonzero(likes):
        benefits = np.where(gram[j] > 0, gram[j] ** 2 / np.diag(full), 0)
        benefits[j] = 0
        assert len(set(benefits[benefits > 0].round(12))) == (benefits > 0).sum(), "no ties"
        s = [i for i in np.argsort(-benefits)[:k] if benefits[i] > 0]
        b[s, j] = np.linalg.solve(full[np.ix_(s, s)], gram[s, j]) * likes[j] ** -popularity_power
    return b


def gfcf(x, alpha, dimensions):
    n = x.sum(0).clip(1)
    r = x / np.sqrt(np.outer(x.sum(1).clip(1), n))
    _, values, vectors = np.linalg.svd(r)
    assert values[dimensions] < .9 * values[dimensions - 1], values  # so that iterations converge
    v = vectors[:dimensions].T
    return without_diagonal(r.T @ r) + alpha * (v @ v.T) * np.sqrt(n / n[:, None])


def strongest(lists, k):
    """Zeros all but the k largest in size of each row."""
    kept = np.zeros_like(lists)
    for row, out in zip(lists, kept):
        best = sorted(range(len(row)), key=lambda i: (-abs(row[i]), i))[:k]
        out[best] = row[best]
    return kept


def write(name, kind, matrix):
    print("static const %s %s[%d][%d] = {" % (kind, name, *matrix.shape))
    for row in matrix:
        print("    {%s}," % ", ".join("%.7g" % v for v in row))
    print("};")


def main():
    c = confidences()
    x = (c > 0).astype(float)
    print("/* Written by tests/golden/neighbours.py. */")
    print("enum { GOLDEN_USERS = %d, GOLDEN_ITEMS = %d };" % (USERS, ITEMS))
    write("golden_confidences", "float", c)
    write("golden_itemknn", "double", itemknn(x, 3))
    write("golden_itemknn_5", "double", strongest(itemknn(x, 3).T, 5).T)
    write("golden_rp3beta", "double", rp3beta(x, .7, .4))
    write("golden_rp3beta_5", "double", strongest(rp3beta(x, .7, .4), 5))
    write("golden_ease", "double", ease(x, 2, 0))
    write("golden_ease_rows", "double", ease(x, .5, .3))
    write("golden_ease_denoised", "double", ease(x, .5, .3, .4, .2))
    write("golden_slim_5", "double", slim(x, .5, .3, .4, .2, 5))
    write("golden_gfcf", "double", gfcf(x, .7, GFCF_DIMENSIONS))
    b = ease(x, 2, 0)
    loss = ((x - x @ b) ** 2).sum() + 2 * (b ** 2).sum()
    print("static const double golden_ease_loss = %.9g;" % loss)
    b = ease(x, 2, 0, .4)
    penalties = 2 + .4 / .6 * x.sum(0)
    loss = ((x - x @ b) ** 2).sum() + (penalties[:, None] * b ** 2).sum()
    print("static const double golden_ease_denoised_loss = %.9g;" % loss)
    write("golden_ease_5", "double", strongest(ease(x, 2, 0).T, 5).T)


main()
