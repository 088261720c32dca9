"""A TensorBoard on a log directory, and what it says over HTTP that it has."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tensorboard_server import TensorBoardServer  # noqa: E402

SEEN_SECONDS = 120   # to wait for what lies in the directory at most
RELOAD_SECONDS = 5


class Board(TensorBoardServer):
    """Runs while the `with` block does."""

    def __init__(self, tensorboard: pathlib.Path, logdir: pathlib.Path):
        # Under its own name in the pages' corner, whatever folder this is run in.
        super().__init__([tensorboard.absolute()], pathlib.Path(logdir.name),
                         "--reload_interval", str(RELOAD_SECONDS), cwd=logdir.parent)

    def wait_for_runs(self, wanted: set[str]) -> None:
        end = time.monotonic() + SEEN_SECONDS
        while not wanted <= set(self.get("runs")):
            if time.monotonic() > end:
                raise RuntimeError(f"TensorBoard shows no {sorted(wanted - set(self.get('runs')))}")
            time.sleep(0.2)

    def graphs(self) -> dict[str, list[str]]:
        """{run: tags of run metadata} of the runs that have a graph."""
        listed = self.get("plugin/graphs/info")
        return {run: sorted(tag for tag, what in about["tags"].items() if what.get("profile"))
                for run, about in sorted(listed.items()) if about["run_graph"]}

    def projected(self) -> list[str]:
        """Runs with vectors; the first question may come too early."""
        self.get("plugins_listing")
        return sorted(self.get("plugin/projector/runs"))


def runs_in(logdir: pathlib.Path) -> set[str]:
    """The runs that a log directory holds."""
    return {str(file.parent.relative_to(logdir)) for file in logdir.rglob("*tfevents*")}
