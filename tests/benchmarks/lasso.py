"""Time from releasing a lasso to grey items and to the numbers below the map, and of hovering."""

import hover
from bench import app, page, spread, table
from live import wait_for_map

REPEATS = 12
CORNERS = ((0.35, 0.25), (0.6, 0.2), (0.7, 0.5), (0.5, 0.75), (0.35, 0.5), (0.35, 0.27))
REGION = "-1,1;1.5,1.2;1.8,-0.5;0.2,-1.6;-0.9,-0.6"
# The time of the event and of the next frame; reading the canvas makes sure that it is drawn.
WATCH = """() => {
  const over = document.querySelector('.la-over'), marks = document.querySelector('.la-points');
  window.taken = [];
  const frame = window.requestAnimationFrame;
  window.requestAnimationFrame = (f) => frame((t) => {
    const start = performance.now();
    f(t);
    marks.getContext('2d').getImageData(0, 0, 1, 1);
    if (!window.released) return;
    window.taken.push(window.released + performance.now() - start);
    window.released = 0;
  });
  const begin = () => { window.start = performance.now(); };
  over.addEventListener('pointerup', begin, { capture: true });
  const end = () => { window.released = performance.now() - window.start; };
  over.addEventListener('pointerup', end);
}"""


def main() -> None:
    rows = []
    with app() as url, page() as tab:
        for model in ("fashion-vae", "fashion-vae-conv"):
            tab.goto(f"{url}/?m={model}")
            wait_for_map(tab)
            tab.wait_for_timeout(1500)
            tab.evaluate(WATCH)
            answers = [lasso(tab) for _ in range(REPEATS)]
            shown = spread(tab.evaluate("window.taken"))
            answered = spread(answers[1:])
            rows.append([model, *("{:.0f} / {:.0f}".format(*pair) for pair in (shown, answered))])
        hovered = [
            [regions, *hover.measure(tab, f"{url}/?m=fashion-vae{query}")]
            for regions, query in (("none", ""), ("one", f"&in={REGION}"))
        ]
    table(
        "A lasso among 10,000 items, median / p90, ms",
        ["model", "release to grey items", "release to numbers, mean, samples"],
        rows,
    )
    table("Hovering with a region", ["region", *hover.HEAD], hovered)


def lasso(tab) -> float:
    """Draws a lasso and returns the time until the panel answers, in milliseconds."""
    tab.keyboard.press("Escape")
    tab.get_by_text("Inside the lasso").wait_for(state="detached")
    tab.get_by_role("button", name="Lasso", exact=True).click()
    box = tab.get_by_test_id("latent-map").bounding_box()
    lasso.turn = getattr(lasso, "turn", 0) + 1  # a new lasso each time, so that no cache helps
    at = [
        (box["x"] + fx * box["width"] + lasso.turn, box["y"] + fy * box["height"])
        for fx, fy in CORNERS
    ]
    tab.mouse.move(*at[0])
    tab.mouse.down()
    for corner in at[1:]:
        tab.mouse.move(*corner, steps=6)
    tab.mouse.up()
    tab.get_by_text("samples from the aggregate posterior inside the lasso").wait_for()
    return tab.evaluate("performance.now() - window.start")


if __name__ == "__main__":
    main()
