"""The table of bench/run: a section a part, a row a figure, with a peer's beside it and the machine's limit."""
import dataclasses
import os
import pathlib
import time

HEAD = """# Benchmarks

Written by `bench/run --write docs/benchmarks.md`; `bench/run --help` tells how to repeat a part on your own machine and data. Absolute figures hold for one machine at one hour: compare ratios within a section. *Peer* is other people's software on the same work in the same run, unless it says "seen earlier". *Ratio* is ours to the peer's: of times less is better, of rates and qualities more. *Limit* is what the machine itself allows, measured in the same run.
"""

NOTES = {
    "kernels": "One core, the best of five. The limit of arithmetic is a loop of fused multiply-adds on registers alone, that of memory a triad over arrays beyond every cache.",
    "iALS": "One sweep solves all users and all items once, the objective included. The limit counts the sweep's multiplications and additions (gathering, sorting and latency are free there) at the machine's peak on all cores.",
    "closed forms": "EASE as its paper has it (Steck 2019) in turns with NumPy on the same pairs, items without training pairs left out for both; medians of three. Memory is how far the fit made the process grow above what reading the data had left it.",
    "choosing": "A training round that looks for its own model and settings, of all that have ranges to search, within a time.",
    "evaluate": "Full ranking of every item that a user has no training event with.",
    "import": "From a CSV file into a store, each event checked and given an id of its own, all indexes on.",
    "ingest": "POST /v1/interactions over HTTP on the same machine; each answer waits until its events are on disk, all indexes on. The client takes its share of the same cores. The limit of single events is one fsync for as many as wait.",
    "serving": "GET recommendations by wrk on the same machine, beside a bare libmicrohttpd server that answers with the same body in turns of a few seconds; medians. The bare server takes no more than one core of two, and wrk the other: its rate is nearly that of the client.",
    "slow clients": "Recommendations of one user after another on four kept connections, without and with clients who send a byte a second, stop half-way in a body, idle, or do not read their answers. The client is written in Python and is most of the time.",
    "daemon": "One daemon with its store, snapshot and cache, two event loops and four workers as two cores give it.",
    "large": "Generated interactions of 138,000 users with 27,000 items. Peaks are resident memory of the whole process, from start to end.",
}

COLUMNS = ("what", "ours", "peer", "ratio", "limit")


@dataclasses.dataclass
class Row:
    part: str
    what: str
    figure: str
    peer: str = ""
    ratio: str = ""
    limit: str = ""

    def line(self) -> str:
        cells = (self.what, self.figure, self.peer, self.ratio, self.limit)
        return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def machine() -> str:
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line]
    return f"{len(os.sched_getaffinity(0))} cores, {names[0] if names else 'unknown CPU'}"


def sections(rows: list[Row]) -> dict[str, str]:
    """The text of each part that was measured."""
    texts = {}
    for part in dict.fromkeys(row.part for row in rows):
        lines = [NOTES[part]] if part in NOTES else []
        lines += [f"Measured on {time.strftime('%Y-%m-%d')}, {machine()}.", "",
                  "| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
        texts[part] = "\n".join([*lines, *(row.line() for row in rows if row.part == part)])
    return texts


def kept(file: pathlib.Path) -> dict[str, str]:
    """The sections of an earlier run, so that parts can be measured one at a time."""
    if not file.exists():
        return {}
    parts = file.read_text().split("\n## ")[1:]
    return {part.split("\n")[0]: part.split("\n", 2)[2].strip("\n") for part in parts}


def write(file: pathlib.Path, rows: list[Row]) -> None:
    texts = {**kept(file), **sections(rows)}
    order = [part for part in NOTES if part in texts] + [part for part in texts if part not in NOTES]
    file.write_text(HEAD + "".join(f"\n## {part}\n\n{texts[part]}\n" for part in order))


def text(rows: list[Row]) -> str:
    return "\n\n".join(f"## {part}\n\n{body}" for part, body in sections(rows).items()) + "\n"
