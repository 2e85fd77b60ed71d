"""From a click to torch's image on the screen: our map compared with st.plotly_chart(on_select).

Both apps run on the same machine in turn, every click is at a new position, and both times end
at the second animation frame after the new image has loaded. Our map is also measured during a
training started by the Train page, whose process has a lower priority.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from bench import app, page, spread, table
from live import wait_for_map

CLICKS = 30

# Times a click in the page: from pointerdown to two frames after the image has loaded.
WATCH = """(done) => new Promise((resolve) => {
  let start;
  const begin = () => { start = performance.now(); };
  addEventListener('pointerdown', begin, { capture: true, once: true });
  setTimeout(() => resolve(null), 4000);  // a click without effect is not measured
  const look = () => {
    if (start === undefined || !eval(done)) { requestAnimationFrame(look); return; }
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - start)));
  };
  look();
})"""


def time_click(tab, done: str, x: float, y: float) -> float | None:
    tab.evaluate(f"() => {{ window.timed = ({WATCH})({done!r}); }}")
    tab.mouse.move(x, y)
    tab.wait_for_timeout(600)  # Plotly takes two quick clicks for a double click
    tab.mouse.click(x, y)
    return tab.evaluate("window.timed")


def ours() -> list[float]:
    with app() as url, page() as tab:
        tab.goto(url)
        wait_for_map(tab)
        tab.wait_for_timeout(2000)
        box = tab.get_by_test_id("latent-map").bounding_box()
        times = []
        rng = np.random.default_rng(0)
        for i in range(CLICKS):
            if i % 10 == 0 and i:
                tab.get_by_role("button", name="Clear").click()
                tab.wait_for_timeout(500)
            count = tab.locator('[data-testid="pin-image"]').count()
            done = (
                "document.querySelectorAll('[data-testid=pin-image][data-source=server]').length"
                f" === {count + 1}"
            )
            x, y = rng.uniform(0.2, 0.8, 2)
            times.append(
                time_click(tab, done, box["x"] + x * box["width"], box["y"] + y * box["height"])
            )
        return [t for t in times[3:] if t is not None]


@contextmanager
def training() -> Iterator[None]:
    """A training in a separate process until the block ends."""
    from vae.training import run_queue

    with tempfile.TemporaryDirectory() as folder:
        os.environ["VAE_RUNS_DIR"] = folder
        run = run_queue.start({"data": "fashion-mnist-starter", "epochs": 5000})
        try:
            yield
        finally:
            run_queue.stop(run)
            while run_queue.runs.info(run).live:
                time.sleep(0.1)


def plain() -> list[float]:
    with app("tests/benchmarks/plain_plotly.py") as url, page() as tab:
        tab.goto(url)
        tab.wait_for_selector(".js-plotly-plot .nsewdrag", state="attached")
        tab.wait_for_timeout(3000)
        times = []
        rng = np.random.default_rng(0)
        for _ in range(CLICKS):
            # Plotly reports clicks on points only: take the position of a random one.
            x, y = tab.evaluate(
                """(k) => {
                  const g = document.querySelector('.js-plotly-plot'), t = g._fullData[0];
                  const i = Math.floor(k * t.x.length), b = g.getBoundingClientRect();
                  const { _size: s, xaxis, yaxis } = g._fullLayout;
                  return [b.x + s.l + xaxis.l2p(t.x[i]), b.y + s.t + yaxis.l2p(t.y[i])];
                }""",
                rng.uniform(),
            )
            before = tab.locator('[data-testid="stImage"] img').get_attribute("src")
            done = (
                "(() => { const i = document.querySelector('[data-testid=stImage] img');"
                f" return i && i.getAttribute('src') !== '{before}' && i.complete; }})()"
            )
            times.append(time_click(tab, done, x, y))
        return [t for t in times[3:] if t is not None]


def main() -> None:
    rows = []
    with training():
        during_training = ours()
    for name, times in (
        ("our map, anywhere", ours()),
        ("st.plotly_chart, on a point", plain()),
        ("our map, during a training", during_training),
    ):
        median, p90 = spread(times)
        rows.append([name, len(times), f"{median:.0f}", f"{p90:.0f}"])
    table("Click to the authoritative image", ["what", "clicks", "median, ms", "p90, ms"], rows)
    print(f"\nratio of the medians: {float(rows[1][2]) / float(rows[0][2]):.1f}")


if __name__ == "__main__":
    main()
