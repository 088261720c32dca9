"""Pictures of TensorBoard's pages on the demo data; started by scripts/screenshots, which see."""
import argparse
import itertools
import pathlib
import sys
import time

from boards import Board, runs_in
from browser import Browser, Opened, below_bar, coloured_share, save
from demo_logs import ROOT, made_logs, make_logs
from pages import PAGES, Row, Shown


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def show(row: Row, browser: Browser, board: Board, pictures: pathlib.Path | None) -> str:
    """'' or what is wrong."""
    runs = row.runs(board) if row.runs else list(board.get("runs"))
    if not runs:
        say(f"{row.name}: left out, this build writes nothing for it")
        return ""
    begun = time.monotonic()
    opened = browser.open(f"{board.url}/?darkMode=false{row.address}")
    try:
        return look(row, opened, board, runs, pictures, begun)
    finally:
        opened.close()


def look(row: Row, opened: Opened, board: Board, runs, pictures, begun: float) -> str:
    picture = None
    try:
        opened.wait(*row.wants)
        opened.settle()
        if row.act:
            row.act(Shown(opened, board, runs))
        picture = opened.drawn(row.still)
    except Exception as error:  # whatever it is, the other pages are looked at too
        opened.wrong.append(f"shows no data: {str(error).splitlines()[0]}")
        if pictures:
            opened.page.screenshot(path=pictures / f"failed-{row.name}.png")
    coloured = coloured_share(below_bar(picture)) if picture else 0
    if picture and coloured < row.coloured:
        opened.wrong.append(f"only {coloured:.5f} of the picture is of a colour")
    size = save(picture, pictures / f"{row.name}.png") if picture and pictures else 0
    say(f"{row.name}: {'; '.join(opened.wrong) or 'shown'} ({time.monotonic() - begun:.0f} s"
        f"{f', {size // 1000} kB' if size else ''}, colour {coloured:.4f})")
    return "; ".join(opened.wrong)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__.split(";")[0] + ".")
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build directory")
    parser.add_argument("--tensorboard", type=pathlib.Path, required=True, help="the program")
    parser.add_argument("--scratch", type=pathlib.Path, default=ROOT / "build-screenshots" / "demo")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs" / "tensorboard", help="of the pictures")
    parser.add_argument("--check", action="store_true", help="only look at the pages, save no picture")
    parser.add_argument("--keep-logs", action="store_true", help="take the logs that the last call has made")
    parser.add_argument("--only", action="append", metavar="PAGE", help="only this page (may be repeated)")
    asked = parser.parse_args()
    rows = [row for row in PAGES if not asked.only or row.name in asked.only]
    if not rows:
        parser.error(f"no such page; there are: {' '.join(row.name for row in PAGES)}")
    logs = made_logs(asked.scratch) if asked.keep_logs else make_logs(asked.build, asked.scratch, say)
    pictures = None if asked.check else asked.out
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    wrong = {}
    with Browser() as browser:
        for name, group in itertools.groupby(sorted(rows, key=lambda row: list(logs).index(row.board)),
                                             lambda row: row.board):
            with Board(asked.tensorboard, logs[name]) as board:
                board.wait_for_runs(runs_in(logs[name]))
                wrong.update({row.name: found for row in group if (found := show(row, browser, board, pictures))})
    for page, found in wrong.items():
        print(f"{page}: {found}")
    print(f"{len(rows) - len(wrong)} of {len(rows)} pages in order")
    return 1 if wrong else 0


sys.exit(main())
