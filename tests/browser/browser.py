"""Headless Chromium on TensorBoard's pages: waits until data shows, and notes what goes wrong."""
import io
import pathlib
import re

from PIL import Image
from playwright.sync_api import Page, sync_playwright

WIDTH, HEIGHT = 1400, 900
WAIT_MS = 60_000          # for data to show, at most
SETTLE_MS = 1500          # for animations to end
DRAWN_EVERY_MS = 1000     # two equal pictures so far apart: all is drawn
COLOURS = 128             # of a picture's palette; fewer where it would be too large
PICTURE_BYTES_MAX = 150_000
CHROMIUM = "/usr/bin/chromium"
# Chromium's own sandbox wants rights that containers and root do not have; only TensorBoard's pages
# on the loopback address are opened. The projector draws with WebGL, here without a graphics card.
FLAGS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
         "--ignore-gpu-blocklist", "--hide-scrollbars", "--force-color-profile=srgb")

# What TensorBoard itself prints as an error whatever it shows: (pattern, reason). None is known of
# 2.21: its warnings (three.js twice, deprecated panels) are no errors.
ALLOWED: tuple[tuple[str, str], ...] = ()

# The boxes of the charts that are wholly in view.
CHARTS = """([width, height]) => {
  const boxes = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.matches('line-chart, vz-line-chart2, vz-distribution-chart, vz-histogram-timeseries')) {
        const box = element.getBoundingClientRect();
        if (box.width > 0 && box.height > 0 && box.top >= 0 && box.right <= width && box.bottom <= height)
          boxes.push([box.left, box.top, box.right, box.bottom].map(Math.round));
      }
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
  return boxes;
}"""


class Browser:
    """One Chromium; each page is opened afresh. Runs while the `with` block does."""

    def __enter__(self) -> "Browser":
        self.playwright = sync_playwright().start()
        try:
            self.chromium = self.playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        except BaseException:
            self.playwright.stop()
            raise
        return self

    def __exit__(self, *_reason) -> None:
        self.chromium.close()
        self.playwright.stop()

    def open(self, address: str) -> "Opened":
        return Opened(self.chromium, address)


class Opened:
    """One page of TensorBoard in a context of its own, so that no setting of another page stays."""

    def __init__(self, chromium, address: str):
        self.wrong: list[str] = []
        self.context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT})
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._note(f"uncaught: {error}"))
        self.page.on("response", self._on_response)
        self.page.on("requestfailed", self._on_failed)
        self.page.goto(address)

    def _note(self, what: str) -> None:
        if not any(re.search(pattern, what) for pattern, _reason in ALLOWED):
            self.wrong.append(what[:500])

    def _on_console(self, message) -> None:
        if message.type == "error":
            self._note(f"console: {message.text}")

    def _on_response(self, response) -> None:
        if response.status >= 400:
            self._note(f"{response.status}: {response.url}")

    def _on_failed(self, request) -> None:
        # A page takes back its own requests when what it shows changes.
        if request.failure != "net::ERR_ABORTED":
            self._note(f"{request.failure}: {request.url}")

    def close(self) -> None:
        self.context.close()

    def settle(self, milliseconds: int = SETTLE_MS) -> None:
        self.page.wait_for_timeout(milliseconds)

    def wait(self, selector: str, count: int = 1) -> None:
        """Until so many of the selector's elements are there; shadow trees are looked into."""
        self.page.locator(selector).nth(count - 1).wait_for(state="attached")

    def picture(self) -> Image.Image:
        return Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")

    def drawn(self, still: bool = True) -> Image.Image:
        """The picture once nothing moves any more (if it is a page that ever stands still) and each chart in view
        shows something of a colour."""
        before, empty = self.picture(), []
        for _ in range(WAIT_MS // DRAWN_EVERY_MS):
            self.settle(DRAWN_EVERY_MS)
            picture = self.picture()
            empty = [box for box in self.page.evaluate(CHARTS, [WIDTH, HEIGHT])
                     if coloured_share(picture.crop(box)) == 0]
            if not empty and (not still or picture.tobytes() == before.tobytes()):
                return picture
            before = picture
        if empty:
            self._note(f"{len(empty)} charts in view show nothing, the first at {empty[0][:2]}")
        else:
            self._note("it never stands still")
        return before


def coloured_share(picture: Image.Image) -> float:
    """How many of its pixels are of a colour and not grey."""
    return sum(picture.convert("HSV").getchannel("S").histogram()[90:]) / (picture.width * picture.height)


def below_bar(picture: Image.Image) -> Image.Image:
    """Without TensorBoard's orange bar."""
    return picture.crop((0, 70, picture.width, picture.height))


def save(picture: Image.Image, path: pathlib.Path) -> int:
    """As a PNG of few colours that is no larger than it may be; returns its size."""
    for colours in (COLOURS, COLOURS // 2, COLOURS // 4, COLOURS // 8):
        reduced = picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        out = io.BytesIO()
        reduced.save(out, "PNG", optimize=True)
        if len(out.getvalue()) <= PICTURE_BYTES_MAX:
            break
    else:
        raise RuntimeError(f"{path.name} takes {len(out.getvalue())} bytes with {colours} colours")
    path.write_bytes(out.getvalue())
    return len(out.getvalue())
