"""Pictures, as TensorBoard serves them with both of its loaders.

What these catch: bytes that are not those of the file, pictures of a step that are lost but for the
first, a fit without the pictures that the guide names, a machine without fonts that draws none.
"""
import os
import struct
import subprocess
import zlib

import pytest
import requests

from test_networks import SPEC, fitted  # noqa: F401 (a fixture)
from test_tensorboard import BUILD, eventually, start, write  # noqa: F401 (a fixture)


def png_of(width, height, shade):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    rows = b"".join(b"\0" + bytes([shade]) * width for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def pictures_of(board, run, tag, samples=1):
    """[(step, bytes), …] of all samples."""
    found = []
    for sample in range(samples):
        for about in board.get("plugin/images/images", run=run, tag=tag, sample=sample):
            answer = requests.get(f"{board.url}/data/plugin/images/individualImage?{about['query']}", timeout=20)
            answer.raise_for_status()
            assert answer.headers["Content-Type"] == "image/png"
            found.append((about["step"], answer.content))
    return found


def test_every_picture_comes_back_byte_for_byte(tmp_path, start):  # noqa: F811
    pictures = {shade: png_of(31, 17, shade) for shade in (0, 100, 200)}
    for shade, png in pictures.items():
        (tmp_path / f"{shade}.png").write_bytes(png)
    (tmp_path / "not.png").write_text("this is no picture")
    paths = {shade: tmp_path / f"{shade}.png" for shade in pictures}
    lines = [("run", "r", 0), ("image", "two", 3, f"{paths[0]} {paths[100]}"),
             ("image", "two", 4, f"{paths[200]} {paths[0]}"), ("image", "one", 0, paths[200])]
    write(tmp_path / "logs", lines)
    board = start(tmp_path / "logs")
    eventually(lambda: board.tags("images"), {"r": {"one", "two"}})
    eventually(lambda: pictures_of(board, "r", "one"), [(0, pictures[200])])
    eventually(lambda: pictures_of(board, "r", "two", samples=2),
               [(3, pictures[0]), (4, pictures[200]),
                (3, pictures[100]), (4, pictures[0])])


def test_a_file_that_is_no_picture_leaves_the_others(tmp_path, start):  # noqa: F811
    (tmp_path / "a.png").write_bytes(png_of(3, 2, 9))
    (tmp_path / "not.png").write_text("this is no picture")
    done = subprocess.run(
        [BUILD / "tests" / "support" / "board-writer", tmp_path / "logs"], timeout=60, text=True,
        input=f"run\tr\t0\nimage\tp\t0\t{tmp_path}/a.png\nimage\tp\t1\t{tmp_path}/not.png\n"
              f"image\tp\t2\t{tmp_path}/a.png\n", capture_output=True)
    assert done.returncode == 1 and "no PNG" in done.stderr  # told, and the run went on
    board = start(tmp_path / "logs")
    eventually(lambda: [step for step, _ in pictures_of(board, "r", "p")], [0, 2])


@pytest.mark.parametrize("fonts", [True, False])
def test_a_fit_draws_its_curves_with_and_without_fonts(fitted, tmp_path, start, fonts):  # noqa: F811
    (tmp_path / "fonts.conf").write_text('<?xml version="1.0"?><fontconfig></fontconfig>')
    surroundings = dict(os.environ) if fonts else {**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}
    (tmp_path / "spec.yaml").write_text(SPEC)
    done = subprocess.run(
        [BUILD / "cli" / "tastevin", "fit", "--spec", tmp_path / "spec.yaml", "--train", fitted / "train.csv",
         "--eval", fitted / "train.csv", "--out", tmp_path / "model", "--logdir", tmp_path / "logs"],
        capture_output=True, text=True, timeout=120, env=surroundings)
    assert done.returncode == 0, done.stderr
    board = start(tmp_path / "logs")
    eventually(lambda: board.tags("images"), {"model": {"test/roc", "test/reliability"}})
    for tag in ("test/roc", "test/reliability"):
        [(_, png)] = pictures_of(board, "model", tag)
        assert struct.unpack(">II", png[16:24]) == (400, 360)
        assert png.startswith(b"\x89PNG") and png.endswith(b"IEND\xaeB`\x82")
    eventually(lambda: board.get("plugin/pr_curves/tags").get("model", {}).keys() >= {"test/pr"}, True)
