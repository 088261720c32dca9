"""The pages of TensorBoard that docs/tensorboard.md shows, one row each: where it is, what to do on
it, and what must be there before it counts as shown.

Few of TensorBoard's settings can be given in an address; the rest is clicked, or said to the page's
own elements by the events that a click makes.
"""
import dataclasses
import math
import re
from collections.abc import Callable

from boards import Board
from browser import Opened

NO_SMOOTHING = "_smoothingWeight=0&_ignoreYOutliers=false"

# Sends an event to the one element of this name, in whatever shadow tree it is.
SEND = """([name, event, detail]) => {
  const find = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.localName === name) return element;
      const inner = element.shadowRoot && find(element.shadowRoot);
      if (inner) return inner;
    }
    return null;
  };
  find(document).dispatchEvent(new CustomEvent(event, {detail}));
}"""

# Of all that a graph draws, on the screen: left, top, right, bottom.
GRAPH_BOX = """() => {
  const boxes = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.matches('g.node, g.annotation')) boxes.push(element.getBoundingClientRect());
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
  const seen = boxes.filter((box) => box.width > 0);
  return [Math.min(...seen.map((box) => box.left)), Math.min(...seen.map((box) => box.top)),
          Math.max(...seen.map((box) => box.right)), Math.max(...seen.map((box) => box.bottom))];
}"""
SPACE = (370, 110, 1380, 880)  # for a graph, beside its controls
CORNER = (1390, 890)           # of it, where no graph is drawn
GROWTH_MAX = 1.8               # of a small graph
SOUGHT = "Toy Story"            # among the titles of items
WHEEL_STEP = 0.002             # of the logarithm of the scale, by unit of the mouse's wheel

@dataclasses.dataclass
class Shown:
    """What an action has: the page, the board, and the runs that the page is about."""
    opened: Opened
    board: Board
    runs: list[str]


Act = Callable[[Shown], None]


@dataclasses.dataclass(frozen=True)
class Row:
    name: str                 # of the picture
    board: str                # the log directory, by its name
    address: str              # after the host
    wants: tuple[str, int]    # a selector, and how many elements of it
    act: Act | None = None
    runs: Callable[[Board], list[str]] | None = None  # none of them: the page is left out
    coloured: float = 0.001   # share of the picture that data colours, at least
    still: bool = True        # False: it turns for as long as nobody takes hold of it


# ---- actions ----

def show_outliers(shown: Shown) -> None:
    """Else a chart is drawn without what lies far from the rest."""
    shown.opened.page.get_by_text("Ignore outliers in chart scaling").first.click()


def close_settings(shown: Shown) -> None:
    page = shown.opened.page
    show_outliers(shown)
    page.get_by_role("button", name="Settings").and_(page.locator(".settings-button")).click()


def choose_run(run: str) -> Act:
    def choose(shown: Shown) -> None:
        page = shown.opened.page
        page.locator("tf-graph-controls paper-dropdown-menu").first.click()
        exactly = re.compile(rf"^\s*{re.escape(run)}\s*$")
        page.locator("tf-graph-controls paper-item").filter(has_text=exactly).first.click()
        shown.opened.settle()
        shown.opened.wait("tf-graph-scene g.nodes g.node")
    return choose


def choose_last_run(shown: Shown) -> None:
    choose_run(shown.runs[-1])(shown)


def tell_graph(shown: Shown, event: str, **detail) -> None:
    shown.opened.page.evaluate(SEND, ["tf-graph", event, detail])
    shown.opened.settle(700)


def open_scopes(*names: str, aside: tuple[str, ...] = ()) -> Act:
    """Opens these scopes of the graph, the outer ones first; those aside are drawn apart."""
    def open_them(shown: Shown) -> None:
        for name in aside:
            tell_graph(shown, "node-toggle-extract", name=name)
        for name in names:
            shown.opened.wait(f'g.node[data-name="{name}"]')
            tell_graph(shown, "node-toggle-expand", name=name)
        tell_graph(shown, "graph-select")
    return open_them


def fit_graph(shown: Shown) -> None:
    """As large as the space beside the controls allows, and in the middle of it."""
    page = shown.opened.page
    page.get_by_text("Legend", exact=True).click()
    page.get_by_text("Fit to screen").click()
    shown.opened.settle()
    left, top, right, bottom = page.evaluate(GRAPH_BOX)
    factor = min((SPACE[2] - SPACE[0]) / (right - left), (SPACE[3] - SPACE[1]) / (bottom - top), GROWTH_MAX)
    page.mouse.move(*CORNER)
    page.mouse.wheel(0, -math.log2(factor) / WHEEL_STEP)
    shown.opened.settle(700)
    left, top, right, bottom = page.evaluate(GRAPH_BOX)
    page.mouse.down()
    page.mouse.move(CORNER[0] + (SPACE[0] + SPACE[2] - left - right) / 2,
                    CORNER[1] + (SPACE[1] + SPACE[3] - top - bottom) / 2, steps=4)
    page.mouse.up()
    page.mouse.move(*CORNER)
    shown.opened.settle(700)


def colour_by_time(shown: Shown) -> None:
    page = shown.opened.page
    page.locator("tf-graph-controls paper-dropdown-menu").nth(1).click()
    tag = shown.board.graphs()[shown.runs[-1]][-1]
    page.locator("tf-graph-controls paper-item").filter(has_text=tag).last.click()
    page.locator("#compute-time-radio-button").click()
    shown.opened.settle()


def both(*acts: Act) -> Act:
    def act(shown: Shown) -> None:
        for one in acts:
            one(shown)
    return act


def open_parallel_coordinates(shown: Shown) -> None:
    shown.opened.page.get_by_text("Parallel Coordinates View").click()
    shown.opened.wait("tf-hparams-parallel-coords-plot path", 8)


def loaded_projector(shown: Shown):
    """The projector's own document, once its vectors are there."""
    frame = shown.opened.page.frames[-1]
    frame.get_by_text("Points:").wait_for()
    frame.locator("#notification-dialog").wait_for(state="hidden")
    return frame


def colour_by_category(shown: Shown) -> None:
    frame = loaded_projector(shown)
    category = frame.locator("#colorby paper-item").filter(has_text="category")
    if category.count():
        frame.locator("#colorby").click()
        category.first.click()
        shown.opened.settle()


def choose_projected(prefix: str) -> Act:
    """The newest run of those with vectors whose names begin so."""
    def choose(shown: Shown) -> None:
        frame = loaded_projector(shown)
        frame.locator("paper-dropdown-menu").first.click()
        frame.locator("paper-item").filter(has_text=re.compile(rf"^\s*{prefix}")).last.click()
        shown.opened.settle()
        loaded_projector(shown)
        shown.opened.page.mouse.move(*CORNER)
        shown.opened.settle(3000)
    return choose


def look_for_neighbours(shown: Shown) -> None:
    """Chooses one point, so that what is nearest to it is listed and named."""
    page = shown.opened.page
    frame = loaded_projector(shown)
    frame.locator("vz-projector-inspector-panel").get_by_label("Search").fill(SOUGHT)
    frame.locator("vz-projector-inspector-panel .matches-list .label, "
                  "vz-projector-inspector-panel .matches-list a").first.click()
    frame.locator("vz-projector-inspector-panel .nn-list .neighbor").nth(5).wait_for()
    page.mouse.move(*CORNER)
    shown.opened.settle(3000)  # the names come in one after the other


# ---- which runs ----

def have_graphs(board: Board) -> list[str]:
    return list(board.graphs())


def have_run_metadata(board: Board) -> list[str]:
    return [run for run, tags in board.graphs().items() if tags]


def have_images(board: Board) -> list[str]:
    return list(board.tags("images"))


def tell_drift(board: Board) -> list[str]:
    return [run for run, tags in board.tags("scalars").items() if any(tag.startswith("drift/") for tag in tags)]


def project_users(board: Board) -> list[str]:
    return [run for run in board.projected() if run.startswith("users-")]


def serve(board: Board) -> list[str]:
    return [run for run in board.tags("scalars") if run.startswith("serving")]


# ---- the pages ----

NODES = "tf-graph-scene g.nodes g.node"
GREY = 0.0001  # a graph is drawn in grey, but for equal parts and the controls

PAGES = (
    Row("custom-scalars", "rounds", f"#custom_scalars&{NO_SMOOTHING}", ("vz-line-chart2", 4), show_outliers),
    Row("scalars", "rounds", f"#scalars&{NO_SMOOTHING}&tagFilter=holdout.(ials%7Cpopular).(ndcg%7Crecall%7Chit_rate)"
        "%4020", ("vz-line-chart2", 4), show_outliers),
    Row("scalars-ranker", "rounds", f"#scalars&{NO_SMOOTHING}&tagFilter=%5Eranker%2F", ("vz-line-chart2", 4),
        show_outliers),
    Row("data", "rounds", f"#scalars&{NO_SMOOTHING}&tagFilter=%5E(drift%7Cevents_by_day%7Conline)",
        ("vz-line-chart2", 4), show_outliers, tell_drift),
    Row("serving", "rounds", f"#scalars&{NO_SMOOTHING}&regexInput=serving"
        "&tagFilter=%5E(serving%7Clatency)%2F%7Conline%2Fchosen_of",
        ("vz-line-chart2", 4), show_outliers, serve),
    Row("text", "rounds", "#text&tagFilter=round%2F(gate%7Cmodels)%24&regexInput=round-000007",
        ("tf-text-loader table", 2), coloured=0.0),
    Row("images-round", "rounds", "#images", ("tf-image-loader img", 1), None, have_images),
    Row("items", "rounds", "#projector", ("iframe", 1), both(colour_by_category, look_for_neighbours),
        Board.projected, still=False),
    Row("users", "rounds", "#projector", ("iframe", 1), both(choose_projected("users-"), colour_by_category),
        project_users, still=False),
    Row("time-series", "fits", "&smoothing=0&tagFilter=loss%7C%5Eeval#timeseries", ("scalar-card line-chart", 4),
        close_settings),
    Row("layers", "fits", "&smoothing=0&tagFilter=(gradient_norm%7Cupdate_ratio%7Cdead_relus).layer_%5B03%5D"
        "(_weights)%3F%24#timeseries", ("scalar-card line-chart", 4), close_settings),
    Row("graph", "fits", "#graphs", (NODES, 5), both(choose_run("census-wide-deep"), fit_graph), have_graphs, GREY),
    Row("graph-wide-deep", "fits", "#graphs", (NODES, 5),
        both(choose_run("census-wide-deep"), open_scopes("deep", aside=("train",)), fit_graph), have_graphs, GREY),
    Row("graph-time", "fits", "#graphs", (NODES, 5),
        both(choose_last_run, colour_by_time, open_scopes("deep", aside=("train",)), fit_graph),
        have_run_metadata, GREY),
    Row("distributions", "fits", "#distributions&tagFilter=%5Eweights.layer&regexInput=wide-deep",
        ("vz-distribution-chart svg path", 4)),
    Row("histograms", "fits", "#histograms&tagFilter=%5E(weights%7Cgradients).layer.*weights&regexInput=wide-deep",
        ("vz-histogram-timeseries svg path", 4)),
    Row("images", "fits", "#images&regexInput=wide-deep", ("tf-image-loader img", 1), None, have_images),
    Row("pr-curves", "fits", "#pr_curves", ("vz-line-chart2", 1)),
    Row("hparams", "search", "#hparams", ("tf-hparams-table-view vaadin-grid", 1)),
    Row("hparams-parallel", "search", "#hparams", ("tf-hparams-table-view vaadin-grid", 1), open_parallel_coordinates),
    Row("graph-ials", "models", "#graphs", (NODES, 1),
        both(choose_run("ials"), open_scopes("ials"), fit_graph), have_graphs, GREY),
    Row("graph-autorec", "models", "#graphs", (NODES, 1),
        both(choose_run("autorec"), open_scopes("autorec"), fit_graph), have_graphs, GREY),
    Row("graph-item2vec", "models", "#graphs", (NODES, 1),
        both(choose_run("item2vec"), open_scopes("item2vec"), fit_graph), have_graphs, GREY),
    Row("projector", "models", "#projector", ("iframe", 1), look_for_neighbours, still=False),
)
