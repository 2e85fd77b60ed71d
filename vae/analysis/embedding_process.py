"""The process that computes t-SNE or UMAP.

It runs as a script that imports neither torch nor the engine, so it starts quickly and can be
killed at any time: `python embedding_process.py METHOD SEED NEIGHBOURS FOLDER`.
"""

import os
import sys
import time

import numpy as np

TSNE_STEPS = 1000  # scikit-learn's default
INPUT, OUTPUT, LOG = "pixels.npy", "points.npz", "log.txt"


def main(method: str, seed: str, neighbours: str, folder: str) -> None:
    """Reads uint8 pixels [N, P], writes `points` [N, 2] and the `seconds` taken, logs progress."""
    if hasattr(os, "nice"):
        os.nice(5)
    sys.stdout = sys.stderr  # which is not buffered
    pixels = np.load(os.path.join(folder, INPUT), allow_pickle=False) / np.float32(255)
    if method == "tsne":
        from sklearn.manifold import TSNE

        options = {"random_state": int(seed), "max_iter": TSNE_STEPS, "verbose": 2}
        reducer = TSNE(perplexity=float(neighbours), **options)
    else:
        from umap import UMAP

        # With a seed UMAP is reproducible and therefore single-threaded.
        reducer = UMAP(n_neighbors=int(neighbours), random_state=int(seed), n_jobs=1, verbose=True)
    started = time.perf_counter()
    points = reducer.fit_transform(pixels)
    seconds = time.perf_counter() - started
    np.savez(os.path.join(folder, OUTPUT), points=points, seconds=seconds)


if __name__ == "__main__":
    main(*sys.argv[1:])
