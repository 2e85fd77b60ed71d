"""How long 400 pictures take: on the engine, and from the click to the drawn grid in a browser."""

import time
from collections.abc import Callable

import numpy as np
from bench import app, page
from live import ROOT

import vae
from vae import aggregate, generate, novelty
from vae.checkpoint import load_aggregate
from vae.latent import split_codes

MODELS = ("fashion-vae", "fashion-vae-conv", "fashion-cvae", "fashion-hvae")
CLICKS = 8
# The click, the grid with its new key, its sprite decoded, then two frames.
MEASURE = """async () => {
  const grid = document.querySelector('[data-testid=sample-grid]'), before = grid.dataset.key;
  const named = (button) => button.innerText.trim() === 'Draw others';
  const button = [...document.querySelectorAll('button')].find(named);
  const start = performance.now();
  button.click();
  while (grid.dataset.key === before) await new Promise(requestAnimationFrame);
  const picture = new Image();
  picture.src = grid.querySelector('button').style.backgroundImage.slice(5, -2);
  await picture.decode();
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""


def main() -> None:
    data = vae.load_dataset("fashion-mnist-starter")
    for name in MODELS:
        checkpoint = vae.load(ROOT / "checkpoints" / name)
        codes, labels = split_codes(checkpoint, data.test), data.test.labels
        ground = generate.Ground.of(codes.mean)
        mixture = load_aggregate(checkpoint)
        mixture = mixture or aggregate.fit_for(checkpoint.model, codes, labels)
        told = 3 if checkpoint.model.extra_kind == "label" else None
        asked = generate.Request("aggregate", 400, 1, label=told, least=0.05)
        where = {"codes": codes, "labels": labels, "ground": ground, "aggregate": mixture}

        def draw(model=checkpoint.model, asked=asked, where=where) -> generate.Samples:
            return generate.sample(model, asked, **where)

        def decode(model=checkpoint.model, found=None) -> np.ndarray:
            return generate.decode(model, found.z, label=found.label, seeds=found.seeds)

        found = draw()
        made = decode(found=found)
        print(
            f"{name}: draw {ms(draw)}, decode {ms(lambda f=found, d=decode: d(found=f))}, nearest "
            f"of {len(labels):,} {ms(lambda m=made: novelty.nearest(m, data.test.images))}"
        )
    with app() as url, page() as tab:
        for name in MODELS:
            tab.goto(f"{url}/generate?m={name}&n=400")
            tab.wait_for_selector('.sg[data-state="ready"]')
            tab.wait_for_timeout(1500)
            taken = []
            for _ in range(CLICKS):
                taken.append(tab.evaluate(MEASURE))
                tab.wait_for_timeout(300)
            print(
                f"{name}: click to 400 pictures, median {np.median(taken):.0f} ms, "
                f"slowest {max(taken):.0f} ms"
            )


def ms(work: Callable, times: int = 7) -> str:
    """Median and slowest of several runs."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - start))
    return f"{np.median(taken):.1f} ms (slowest {max(taken):.1f})"


if __name__ == "__main__":
    main()
