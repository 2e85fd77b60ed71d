"""Time per frame that the items and their thumbnails take while the map of Explore is panned."""

from bench import app, page, table
from live import wait_for_map

# Pans for a number of frames and times what each layer takes, until its pixels can be read.
PAN = """async (frames) => {
  const loaded = performance.getEntriesByType("resource").map((e) => e.name);
  const url = loaded.find((name) => name.endsWith("/map/scatter.js"));
  const load = (name) => import(url.replace("scatter.js", name));
  const { PointLayer } = await load("points.js");
  const { Thumbnails } = await load("thumbnails/thumbnails.js");
  const times = [PointLayer, Thumbnails].map(({ prototype }) => {
    const plain = prototype.draw, found = [];
    prototype.draw = function (...values) {
      const start = performance.now();
      plain.apply(this, values);
      this.canvas.getContext("2d").getImageData(0, 0, 1, 1);
      found.push(performance.now() - start);
    };
    return { found, stop: () => { prototype.draw = plain; } };
  });
  const over = document.querySelector(".la-over"), box = over.getBoundingClientRect();
  const send = (type, x, y) => over.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, shiftKey: true, buttons: 1,
    clientX: box.x + box.width / 2 + x, clientY: box.y + box.height / 2 + y }));
  over.setPointerCapture = () => {};
  send("pointerdown", 0, 0);
  for (let i = 1; i <= frames; i++) {
    send("pointermove", 60 * Math.sin(i / 9), 40 * Math.sin(i / 7));
    await new Promise(requestAnimationFrame);
  }
  send("pointerup", 0, 0);
  return times.map(({ found, stop }) => { stop(); return found; });
}"""


def main() -> None:
    rows = []
    with app() as url, page() as tab:
        asked = []
        tab.on("request", lambda r: asked.append(r.url) if "/sheet?" in r.url else None)
        tab.goto(f"{url}/?m=fashion-vae&l=points,thumbnails")
        wait_for_map(tab)
        for zoom in (1, 1.5, 2.25, 3.375, 5.06):
            if zoom > 1:
                tab.get_by_test_id("latent-map").press("+")
            tab.wait_for_timeout(2000)
            marks, thumbnails = (sorted(times) for times in tab.evaluate(PAN, 90))
            shown = tab.locator(".la-points").get_attribute("data-thumbnails")
            middle = [f"{times[len(times) // 2]:.1f}" for times in (marks, thumbnails)]
            rows.append([zoom, shown, *middle, f"{thumbnails[9]:.1f}", len(asked)])
    head = ["zoom", "thumbnails", "marks, ms", "thumbnails, ms", "10th percentile, ms", "requests"]
    table("Panning a map of 10,000 items (software rendering)", head, rows)


if __name__ == "__main__":
    main()
