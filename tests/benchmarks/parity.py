"""The largest difference between the browser's image and torch's at 100 random codes per
model, with every label and none (conditional) and with several noise seeds (hierarchical)."""

import numpy as np
import torch
from bench import app, page, table
from live import ROOT, wait_for_map

import vae
from vae.latent.encoding import decode_uint8

DECODE = """async ([codes, context]) => {
  const resources = performance.getEntriesByType('resource').map((r) => r.name);
  const load = (name) => import(resources.find((u) => u.endsWith(`/decoder/${name}`)));
  const { Decoder } = await load('decoder.js'), { kernels, ready } = await load('kernels.js');
  await ready();
  for (const url of resources.filter((u) => u.includes('/atelier/content/'))) {
    const buffer = await (await fetch(url)).arrayBuffer();
    let decoder;
    try { decoder = new Decoder(buffer, kernels()); } catch { continue; }
    const times = [], images = codes.map((z) => {
      const start = performance.now(), pixels = Array.from(decoder.decode(z, context));
      times.push(performance.now() - start);
      return pixels;
    });
    return { images, median: times.sort((a, b) => a - b)[times.length >> 1] };
  }
}"""


def main() -> None:
    rows = []
    with app() as url, page() as tab:
        for folder in sorted(p.name for p in (ROOT / "checkpoints").iterdir() if p.is_dir()):
            tab.goto(f"{url}/?m={folder}")
            wait_for_map(tab)
            model = vae.load(ROOT / "checkpoints" / folder).model
            worst, levels, median = zip(
                *(compare(tab, model, *c) for c in cases(model)), strict=True
            )
            rows.append(
                [
                    folder,
                    len(levels),
                    f"{max(worst):.1e}",
                    f"{max(levels):.0f}/255",
                    f"{np.median(median):.2f}",
                ]
            )
    head = [
        "model",
        "labels or seeds",
        "largest difference of a pixel mean",
        "as 8-bit pixels",
        "decode median, ms",
    ]
    table("Browser compared with torch at 100 random codes", head, rows)


def cases(model) -> list[tuple[dict, list[float]]]:
    """Arguments of `decode_uint8`, and the context that the browser passes to the decoder."""
    seeds = (0, 1, 2, 100, 255) if model.noise_size else (0,)
    labels = [None, *range(model.classes)]
    given = [{"label": label, "seed": seed} for label in labels for seed in seeds]
    return [(case, model.context_vector(**case).tolist()) for case in given]


def compare(tab, model, condition: dict, context: list[float]) -> tuple[float, float, float]:
    """Largest difference of a pixel mean and of a byte, and the browser's median in ms."""
    codes = np.random.default_rng(0).normal(scale=1.5, size=(100, model.latent)).astype("f4")
    found = tab.evaluate(DECODE, [codes.tolist(), context])
    with torch.inference_mode():
        z, noise = torch.from_numpy(codes), torch.tensor(context).expand(len(codes), -1)
        logits = model.decoder(torch.cat([z, noise], dim=1))
    images = np.array(found["images"])
    exact = decode_uint8(model, codes, **condition).reshape(len(codes), -1)
    return (
        np.abs(images - logits.sigmoid().flatten(1).numpy()).max(),
        np.abs(np.round(images * 255) - exact).max(),
        found["median"],
    )


if __name__ == "__main__":
    main()
