"""Time to prepare the metric and to compute a geodesic, of the models named as arguments.

Prints JSON: seconds of preparation (density included) and milliseconds per geodesic.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import vae  # noqa: E402
from vae.latent.density import bounds  # noqa: E402
from vae.latent.encoding import split_codes  # noqa: E402
from vae.latent.geodesics import Metric, density_penalty, pixel_length, pixel_means  # noqa: E402


def measure(name: str, *, queries: int = 200) -> dict:
    checkpoint = vae.load(ROOT / "checkpoints" / name)
    codes = split_codes(checkpoint, vae.load_dataset("fashion-mnist-starter").test).mean
    decode = pixel_means(checkpoint.model)
    Metric(decode, bounds(codes), side=8)  # warm-up of torch
    start = time.perf_counter()
    metric = Metric(decode, bounds(codes), penalty=density_penalty(codes))
    prepared = time.perf_counter() - start
    times, ratios = [], []
    for ends in np.random.default_rng(0).choice(codes, (queries, 2)):
        start = time.perf_counter()
        path = metric.geodesic(*ends)
        times.append(1e3 * (time.perf_counter() - start))
        ratios.append(pixel_length(metric.decode, path) / max(pixel_length(decode, ends), 1e-9))
    return {
        "prepare_s": round(prepared, 3),
        "query_ms": {q: round(float(np.percentile(times, q)), 2) for q in (50, 90, 100)},
        "length_to_straight": {q: round(float(np.percentile(ratios, q)), 3) for q in (10, 50, 90)},
    }


if __name__ == "__main__":
    names = sys.argv[1:] or ["fashion-vae"]
    print(json.dumps({name: measure(name) for name in names}, indent=2))
