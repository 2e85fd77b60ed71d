"""From starting the process to a map that answers the pointer, on a warm disk."""

import tempfile
import time
from pathlib import Path

from bench import page, spread, table
from live import READY, start_server, stop_server

RUNS = 5


def main() -> None:
    parts = {"health check answers": [], "map is interactive": []}
    with tempfile.TemporaryDirectory() as folder, page() as tab:
        for _ in range(RUNS + 1):
            begin = time.perf_counter()
            process, url = start_server(Path(folder) / "log")
            parts["health check answers"].append(time.perf_counter() - begin)
            try:
                tab.goto(url)
                tab.wait_for_selector(READY, timeout=60_000)
                before = tab.get_by_test_id("decoded-image").get_attribute("data-z")
                box = tab.get_by_test_id("latent-map").bounding_box()
                tab.mouse.move(box["x"] + 200, box["y"] + 150)
                tab.wait_for_function(
                    "z => document.querySelector('[data-testid=decoded-image]').dataset.z !== z",
                    arg=before,
                )
                parts["map is interactive"].append(time.perf_counter() - begin)
                tab.mouse.move(5, 5)
            finally:
                stop_server(process)
    rows = []
    for name, times in parts.items():
        median, p90 = spread(times[1:])  # the first run warms the disk
        rows.append([name, len(times) - 1, f"{median:.1f}", f"{p90:.1f}"])
    table("From process start", ["until", "runs", "median, s", "p90, s"], rows)


if __name__ == "__main__":
    main()
