"""The largest difference between the browser's image and torch's, 500 random codes a model."""

import numpy as np
from bench import app, page, table
from live import ROOT, wait_for_map

import vae
from vae.latent import decode_bytes

DECODE = """async (codes) => {
  const resources = performance.getEntriesByType('resource').map((r) => r.name);
  const { Decoder } = await import(resources.find((u) => u.endsWith('/decoder.js')));
  for (const url of resources.filter((u) => u.includes('/atelier/content/'))) {
    const buffer = await (await fetch(url)).arrayBuffer();
    let decoder;
    try { decoder = new Decoder(buffer); } catch { continue; }
    const times = [], images = codes.map((z) => {
      const start = performance.now(), pixels = Array.from(decoder.decode(z));
      times.push(performance.now() - start);
      return pixels;
    });
    return { images, median: times.sort((a, b) => a - b)[times.length >> 1] };
  }
}"""


def main() -> None:
    codes = np.random.default_rng(0).normal(scale=1.5, size=(500, 2)).astype(np.float32)
    rows = []
    with app() as url, page() as tab:
        for folder in sorted(p.name for p in (ROOT / "checkpoints").iterdir() if p.is_dir()):
            tab.goto(f"{url}/?m={folder}")
            wait_for_map(tab)
            found = tab.evaluate(DECODE, codes.tolist())
            model = vae.load(ROOT / "checkpoints" / folder).model
            import torch

            with torch.inference_mode():
                exact = model.decode(torch.from_numpy(codes)).sigmoid().flatten(1).numpy()
            images = np.array(found["images"])
            levels = np.abs(np.round(images * 255) - decode_bytes(model, codes).reshape(500, -1))
            rows.append(
                [
                    folder,
                    f"{np.abs(images - exact).max():.1e}",
                    f"{levels.max():.0f}/255",
                    f"{found['median']:.2f}",
                ]
            )
    head = ["model", "largest difference of a pixel mean", "as 8-bit pixels", "decode median, ms"]
    table("Browser against torch at 500 random codes", head, rows)


if __name__ == "__main__":
    main()
