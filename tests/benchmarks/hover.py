"""Images per second while the mouse moves over the map for 5 s, and the bytes sent meanwhile."""

import math
import time

from bench import app, page, spread, table
from live import wait_for_map

SECONDS = 5
MODELS = (
    *("fashion-vae", "fashion-vae-conv", "fashion-cvae", "fashion-hvae", "fashion-exemplar"),
    *("garments-exemplar", "emoji-exemplar"),
)
HEAD = ("mouse moves/s", "images/s", "decode median / p90, ms", "bytes sent")


def main() -> None:
    rows = []
    with app() as url, page() as tab:
        for model in MODELS:
            rows.append([model, *measure(tab, f"{url}/?m={model}")])
    table("Hovering for 5 s", ["model", *HEAD], rows)


def measure(tab, url: str) -> list[str]:
    sent = []
    tab.on("websocket", lambda ws: ws.on("framesent", lambda data: sent.append(len(data))))
    tab.on("request", lambda r: sent.append(len(r.url)))
    tab.goto(url)
    wait_for_map(tab)
    tab.wait_for_timeout(1500)
    box = tab.get_by_test_id("latent-map").bounding_box()
    tab.mouse.move(box["x"] + 300, box["y"] + 200)
    tab.wait_for_timeout(500)
    sent.clear()
    stats = "document.querySelector('[data-testid=latent-map]').stats"
    tab.evaluate(f"{stats}.decodes.length = 0")
    start, moves = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < SECONDS:
        angle = 2 * math.pi * elapsed / 2.5
        x = 0.5 + 0.35 * math.cos(angle) * math.cos(0.37 * angle)
        y = 0.5 + 0.4 * math.sin(1.3 * angle)
        tab.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        moves += 1
    elapsed = time.perf_counter() - start
    decodes = tab.evaluate(f"{stats}.decodes")
    median, p90 = spread(decodes)
    return [
        f"{moves / elapsed:.0f}",
        f"{len(decodes) / elapsed:.1f}",
        f"{median:.2f} / {p90:.2f}",
        sum(sent),
    ]


if __name__ == "__main__":
    main()
