"""The rules of the source that a machine can check.

What these catch: an include that goes against the order of the parts, unformatted files, files and
functions that have grown too long, marks of unfinished work.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["core", "server", "cli", "bench", "tests"]

# Each part may include itself and these; a model never sees the board; the board and the
# drawings see only the base.
ORDER = ["base", "linalg", "embed", "data", "models", "recommend", "eval", "train"]
MAY_INCLUDE = {part: set(ORDER[: i + 1]) for i, part in enumerate(ORDER)}
MAY_INCLUDE["train"] |= {"board", "draw"}
MAY_INCLUDE["board"] = {"base", "board"}
MAY_INCLUDE["draw"] = {"base", "draw"}
MAY_INCLUDE["server"] = set(ORDER) | {"board", "draw", "server"}
MAY_INCLUDE["cli"] = MAY_INCLUDE["server"] | {"cli"}

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70


def sources(*folders: str) -> list[pathlib.Path]:
    found = [p for folder in folders for p in sorted((ROOT / folder).rglob("*.[ch]"))]
    assert found
    return found


def part_of(path: pathlib.Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "core" else parts[0]


def named(path: pathlib.Path) -> str:
    return str(path.relative_to(ROOT))


def test_includes_follow_the_order_of_the_parts():
    wrong = []
    for path in sources("core", "server", "cli"):
        for include in re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.M):
            root = include.split("/")[0]
            if "/" in include and root in MAY_INCLUDE and root not in MAY_INCLUDE[part_of(path)]:
                wrong.append(f"{named(path)} includes {include}")
    assert not wrong


def test_every_file_is_formatted():
    files = [str(p) for p in sources(*FOLDERS)]
    outcome = subprocess.run(
        ["clang-format", "--dry-run", "-Werror", *files], capture_output=True, text=True
    )
    assert outcome.returncode == 0, outcome.stderr[-3000:]


def long_functions(lines: list[str]) -> list[int]:
    """Numbers of the lines that end a function which is too long."""
    found, start = [], None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start > FUNCTION_LINES_MAX:
                found.append(number)
            start = None
    return found


def test_files_and_functions_stay_short():
    wrong = []
    for path in sources("core", "server", "cli", "bench"):
        lines = path.read_text().splitlines()
        if len(lines) > FILE_LINES_MAX:
            wrong.append(f"{named(path)} has {len(lines)} lines")
        wrong += [f"{named(path)}:{n}: a long function ends here" for n in long_functions(lines)]
    assert not wrong


def test_headers_begin_with_what_they_are():
    headers = [p for p in sources("core", "server", "cli") if p.suffix == ".h"]
    wrong = [named(p) for p in headers if not p.read_text().startswith(("#pragma once\n", "/*"))]
    assert not wrong


def test_nothing_is_marked_as_unfinished():
    marks = re.compile("|".join(("TO" + "DO", "FIX" + "ME", r"\bX" + r"XX\b")))
    assert not [named(p) for p in sources(*FOLDERS) if marks.search(p.read_text())]


def test_the_core_neither_logs_nor_exits():
    wrong = []
    for path in sources("core"):
        text = re.sub(r"/\*.*?\*/|\"(?:[^\"\\]|\\.)*\"", "", path.read_text(), flags=re.S)
        if re.search(r"\b(exit|abort|printf|fputs|puts|perror)\s*\(", text):
            wrong.append(named(path))
    assert not wrong


def test_each_defence_that_is_taken_away_in_turn_is_still_there():
    """scripts/defences shows, in minutes, that a test fails without it; here only that its rows fit."""
    outcome = subprocess.run(
        [sys.executable, ROOT / "scripts/defences", "--check"], capture_output=True, text=True
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
