import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from running import make_daemon  # noqa: E402,F401 (a fixture)
