#!/usr/bin/env python3
"""Writes the golden values of tests/unit/models/content_test.c: the cosines of its records by
TF-IDF, from the definition. Run by hand: content.py > content_golden.h"""
import collections
import json
import math
import re

FIELDS = {"t": .3, "c": 1, "a": 1, "v": 1}
RECORDS = [
    ("The Red Shoe", ["shoes/running"], {"brand": "Acme", "tags": ["light", "red"], "size": 42}, [3, 4]),
    ("The Blue Shoe", ["shoes/running", "sale"], {"brand": "Acme", "tags": ["light"], "new": True}, [4, 3]),
    ("Boot, boot and BOOT", ["shoes/boots"], {"brand": "Zenith", "size": 42}, None),
    ("Kettle", ["kitchen"], {"brand": "Zenith", "text": "A kettle of steel for the kitchen, light as a feather and of a red that lasts."}, [-1, 0]),
    ("Teekanne Übergroß", ["kitchen"], {}, [0, 0]),
    (None, [], {}, None),
    ("Pan", ["kitchen"], {"text": "Steel. Light. Steel again: " + "and so on " * 6}, [1, 2, 3]),
]


def words(text):
    """Letters and digits of ASCII in lower case; bytes of other letters as they are."""
    return [w.lower() for w in re.findall(rb"[0-9A-Za-z\x80-\xff]+", text.encode())]


def terms(title, categories, attributes):
    found = collections.Counter(("t", "", w) for w in words(title or ""))
    for path in categories:
        parts = path.split("/")
        found.update(("c", "", "/".join(parts[:n + 1])) for n in range(len(parts)))
    for name, value in attributes.items():
        for v in value if isinstance(value, list) else [value]:
            text = v if isinstance(v, str) else json.dumps(v)
            if len(text.encode()) > 64:
                found.update(("a", name, w) for w in words(text))
            else:
                found[("a", name, text)] += 1
    return found


def vectors(records):
    bags = [terms(*r[:3]) for r in records]
    n = sum(1 for bag in bags if bag)
    df = collections.Counter(t for bag in bags for t in bag)
    found = []
    for bag, record in zip(bags, records):
        x = {t: (1 + math.log(c)) * (1 + math.log((1 + n) / (1 + df[t]))) for t, c in bag.items()}
        if record[3] and len(record[3]) == 2 and any(record[3]):
            x.update({("v", "", k): v for k, v in enumerate(record[3])})
        squares = collections.Counter()
        for t, v in x.items():
            squares[t[0]] += v * v
        whole = sum(FIELDS[f] for f in squares)
        found.append({t: v * math.sqrt(FIELDS[t[0]] / whole / squares[t[0]]) for t, v in x.items()})
    return found


def main():
    vs = vectors(RECORDS)
    print("/* Written by content.py. */\n#pragma once")
    print(f"enum {{ GOLDEN_RECORDS = {len(RECORDS)} }};")
    print("static const double golden_cosines[GOLDEN_RECORDS][GOLDEN_RECORDS] = {")
    for a in vs:
        print("    {" + ", ".join(f"{sum(v * b.get(t, 0) for t, v in a.items()):.9g}" for b in vs) + "},")
    print("};")


main()
