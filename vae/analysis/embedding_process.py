"""The process that computes t-SNE or UMAP: run as a script, it imports no torch and nothing of
the engine, so that it starts at once and can be ended at any time."""

from __future__ import annotations

import io
import sys
import time

import numpy as np

TSNE_STEPS = 1000  # scikit-learn's default


def npy_bytes(array: np.ndarray) -> bytes:
    target = io.BytesIO()
    np.save(target, array, allow_pickle=False)
    return target.getvalue()


def main(method: str, seed: str, near: str) -> None:
    """The process: uint8 pixels [N, P] on its input, float64 [N + 1, 2] on its output: the places,
    then the seconds. Talks of its progress on stderr, as the libraries do."""
    import os

    if hasattr(os, "nice"):
        os.nice(5)  # whoever looks at a page comes before what is computed for it
    answer, sys.stdout = sys.stdout.buffer, sys.stderr
    points = np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) / np.float32(255)
    if method == "tsne":
        from sklearn.manifold import TSNE

        reducer = TSNE(
            perplexity=float(near), random_state=int(seed), max_iter=TSNE_STEPS, verbose=2
        )
    else:
        from umap import UMAP

        # A seed makes UMAP repeatable and therefore single-threaded; it says so itself.
        reducer = UMAP(n_neighbors=int(near), random_state=int(seed), n_jobs=1, verbose=True)
    begun = time.perf_counter()
    places = reducer.fit_transform(points)
    seconds = time.perf_counter() - begun
    answer.write(npy_bytes(np.vstack([places, [seconds, 0]]).astype(np.float64)))


if __name__ == "__main__":
    main(*sys.argv[1:])
