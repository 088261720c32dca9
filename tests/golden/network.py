#!/usr/bin/env python3
"""Writes the golden values of tests/unit/models/network_test.c: a small wide & deep network with a
cross layer and layer normalisation, in float64 from the definitions; gradients by central
differences of its loss, then two steps of FTRL-proximal and AdaGrad by their papers' equations.
Run by hand, with NumPy: network.py > network_golden.h"""
import numpy as np

rng = np.random.default_rng(11)
# field a: features 0..2, one each; field b: features 3..6, several with values; c: numbers 7, 8
EXAMPLES = [
    [(0, 1), (3, 1), (5, 0.5), (7, 0.3), (8, -1.2)],
    [(2, 1), (4, 2), (7, -0.7)],
    [(0, 1), (8, 0.9)],
    [(1, 1), (3, 1), (4, 1), (7, 1.5), (8, 0.2)],
]
LABELS, WEIGHTS = np.array([1, 0, 0.25, 1]), np.array([1, 2, 0.5, 1])
POSITIVE_WEIGHT, SCALE = 1.5, 0.2
ALPHA, BETA, L1, L2, FTRL_START = 0.1, 0.5, 0.01, 0.02, 0.1
RATE, DECAY, ADAGRAD_START = 0.05, 0.01, 0.1

draw = lambda *shape: rng.normal(0, 0.7, shape)
P = {
    "bias": draw(1, 1), "wide": draw(7, 1), "embedding_0": draw(3, 2), "embedding_1": draw(4, 2),
    "layer_0_weights": draw(6, 6), "layer_0_biases": draw(1, 6),
    "layer_1_weights": draw(6, 5), "layer_1_biases": draw(1, 5),
    "layer_1_gains": 1 + draw(1, 5), "layer_1_shifts": draw(1, 5),
    "layer_2_weights": draw(5, 3), "layer_2_biases": draw(1, 3),
    "layer_2_gains": 1 + draw(1, 3), "layer_2_shifts": draw(1, 3),
    "output": draw(1, 3),
}
P = {k: v.astype(np.float32).astype(np.float64) for k, v in P.items()}
P["wide"][1] = 0


def bag(table, entries):
    total = sum(abs(v) for _, v in entries)
    return sum((v / total * table[i] for i, v in entries), np.zeros(table.shape[1]))


def hidden(x, p, layer):
    z = x @ p[f"layer_{layer}_weights"] + p[f"layer_{layer}_biases"][0]
    normal = (z - z.mean()) / np.sqrt(z.var() + 1e-5)
    return np.maximum(p[f"layer_{layer}_gains"][0] * normal + p[f"layer_{layer}_shifts"][0], 0)


def logit(example, p):
    wide = sum(p["wide"][i, 0] * v for i, v in example if i < 7)
    numbers = dict(example)
    x0 = np.concatenate([bag(p["embedding_0"], [(i, v) for i, v in example if i < 3]),
                         bag(p["embedding_1"], [(i - 3, v) for i, v in example if 3 <= i < 7]),
                         [numbers.get(7, 0), numbers.get(8, 0)]])
    x = x0 * (x0 @ p["layer_0_weights"] + p["layer_0_biases"][0]) + x0
    x = hidden(hidden(x, p, 1), p, 2)
    return p["bias"][0, 0] + wide + p["output"][0] @ x


def losses(p):
    s = np.array([logit(e, p) for e in EXAMPLES])
    w = WEIGHTS * (1 + LABELS * (POSITIVE_WEIGHT - 1))
    return w * (np.logaddexp(0, s) - LABELS * s)


def gradients(p):
    out = {}
    for name, array in p.items():
        g = out[name] = np.zeros_like(array)
        for at in np.ndindex(array.shape):
            kept, h = array[at], 1e-6
            array[at] = kept + h
            above = losses(p).sum()
            array[at] = kept - h
            g[at] = SCALE * (above - losses(p).sum()) / (2 * h)
            array[at] = kept
    return out


def ftrl(w, g, z, n, l1, l2):
    sigma = (np.sqrt(n + g * g) - np.sqrt(n)) / ALPHA
    z = z + g - sigma * w
    n = n + g * g
    w = np.where(abs(z) <= l1, 0, -(z - np.sign(z) * l1) / ((BETA + np.sqrt(n)) / ALPHA + l2))
    return w, z, n


def train(p):
    is_wide = lambda name: name in ("bias", "wide")
    l1 = lambda name: L1 if name == "wide" else 0
    l2 = lambda name: L2 if name == "wide" else 0
    n = {k: np.full_like(v, FTRL_START if is_wide(k) else ADAGRAD_START) for k, v in p.items()}
    z = {k: -v * ((BETA + np.sqrt(FTRL_START)) / ALPHA + l2(k)) - np.sign(v) * l1(k) for k, v in p.items()}
    used = {i for e in EXAMPLES for i, _ in e}
    for _ in range(2):
        g = gradients(p)
        for name in p:
            if is_wide(name):
                p[name], z[name], n[name] = ftrl(p[name], g[name], z[name], n[name], l1(name), l2(name))
                continue
            decays = name == "output" or "weights" in name or "embedding" in name
            n[name] += g[name] ** 2
            after = (1 - RATE * DECAY * decays) * p[name] - RATE * g[name] / np.sqrt(n[name])
            rows = range(len(after))
            if "embedding" in name: # rows that no example touches stay as they are
                rows = [r for r in rows if r + (3 if name.endswith("1") else 0) in used]
            p[name][rows] = after[rows]
    return p


def c_array(kind, name, values):
    print(f"static const {kind} {name}[] = {{{', '.join(repr(float(v)) for v in np.ravel(values))}}};")


def main():
    print("/* Written by tests/golden/network.py. */")
    c_array("double", "golden_logits", [logit(e, P) for e in EXAMPLES])
    c_array("double", "golden_loss", [losses(P).sum()])
    g = gradients(P)
    for name, values in P.items():
        c_array("float", f"golden_{name}", values)
        c_array("double", f"golden_{name}_gradients", g[name])
    for name, values in train({k: v.copy() for k, v in P.items()}).items():
        c_array("double", f"golden_{name}_after", values)
    print("static const struct golden_slice golden_slices[] = {")
    for name, values in P.items():
        print(f'    {{"{name}", {values.shape[0]}, {values.shape[1]}, golden_{name}, '
              f"golden_{name}_gradients, golden_{name}_after}},")
    print("};")


main()
