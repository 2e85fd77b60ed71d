"""First paint and pan rate of the map at 10,000, 70,000 and 1,000,000 synthetic points."""

import time

from bench import app, page, table
from live import READY

# Counts the frames in which the items are drawn.
FRAMES = """() => { window.drawn = 0;
  const context = document.querySelector('.la-points').getContext('2d');
  const put = context.putImageData;
  context.putImageData = (...values) => { window.drawn++; put.apply(context, values); }; }"""

# Pans for three seconds, a step per frame: Playwright's own movements wait for one another.
PAN = """async () => {
  const map = document.querySelector('[data-testid=latent-map]');
  const box = map.getBoundingClientRect();
  const held = { pointerId: 1, isPrimary: true, buttons: 1, shiftKey: true };
  const [x, y] = [box.x + 200, box.y + 150];
  const place = (k) => ({ clientX: x + k * 7 % 300, clientY: y + k * 5 % 200 });
  const send = (kind, k) => map.dispatchEvent(new PointerEvent(kind, { ...held, ...place(k) }));
  map.setPointerCapture = () => {};
  const frame = () => new Promise(requestAnimationFrame), end = performance.now() + 3000;
  window.drawn = 0;
  send('pointerdown', 0);
  for (let step = 1; performance.now() < end; step++) { send('pointermove', step); await frame(); }
  send('pointerup', 0);
  return window.drawn; }"""


def main() -> None:
    rows = []
    with app("tests/benchmarks/points_server.py") as url:
        for count in (10_000, 70_000, 1_000_000):
            with page() as tab:
                tab.goto(f"{url}/?n={count}")  # the server computes the points once
                tab.wait_for_selector(READY, timeout=60_000)
            with page() as tab:
                rows.append([f"{count:,}", *measure(tab, f"{url}/?n={count}")])
    head = [
        "points",
        "drawn",
        "navigation to interactive, s",
        "pans drawn/s",
        "images/s while hovering",
    ]
    table("Points on the map (software rendering)", head, rows)


def measure(tab, url: str) -> list[str]:
    begin = time.perf_counter()
    tab.goto(url)
    tab.wait_for_selector(READY, timeout=60_000)
    box = tab.get_by_test_id("latent-map").bounding_box()
    tab.mouse.move(box["x"] + 200, box["y"] + 150)
    tab.wait_for_function(
        "document.querySelector('[data-testid=latent-map]').stats.decodes.length > 1", polling=20
    )
    ready = time.perf_counter() - begin
    drawn = tab.evaluate("Number(document.querySelector('.la-points').dataset.drawn)")
    tab.evaluate(FRAMES)
    pans = tab.evaluate(PAN) / 3
    tab.wait_for_timeout(1500)
    stats = "document.querySelector('[data-testid=latent-map]').stats.decodes"
    tab.evaluate(f"{stats}.length = 0")
    step = 0
    start = time.perf_counter()
    while time.perf_counter() - start < 2:
        step += 1
        tab.mouse.move(box["x"] + 200 + (step * 7) % 300, box["y"] + 150 + (step * 5) % 200)
    hovered = tab.evaluate(f"{stats}.length") / (time.perf_counter() - start)
    return [f"{drawn:,}", f"{ready:.1f}", f"{pans:.0f}", f"{hovered:.0f}"]


if __name__ == "__main__":
    main()
