"""How well clusters agree with the classes: of 16 principal components of the pixels, of codes of
two dimensions, and of codes of 16 dimensions of the scikit-learn transformer, fitted to the
bundled 10,000 training images. On the 10,000 test images of Fashion-MNIST, one thread, the mean
of three seeds; HDBSCAN is deterministic.
"""

import time
from pathlib import Path

import numpy as np
from bench import table
from sklearn.decomposition import PCA

import vae
from vae.analysis import clustering
from vae.latent.encoding import split_codes
from vae.sklearn import VAETransformer

ROOT = Path(vae.__file__).parents[1]
SEEDS = range(3)
MODELS = ("fashion-vae", "fashion-ae")


def main() -> None:
    data = vae.load_dataset("fashion-mnist-starter")
    train, test = (part.images.reshape(len(part.images), -1) for part in (data.train, data.test))
    codes_of = {"pixels, PCA of 16": PCA(16, random_state=0).fit(train).transform(test)}
    for name in MODELS:
        loaded = vae.load(ROOT / "checkpoints" / name)
        codes_of[f"{name}, codes of 2"] = split_codes(loaded, data.test).mean
    begun = time.perf_counter()
    wide = VAETransformer(16, epochs=20, random_state=0).fit(train)
    print(
        f"VAETransformer(16): {time.perf_counter() - begun:.0f} s to fit 10,000 rows", flush=True
    )
    codes_of["VAETransformer, codes of 16"] = wide.transform(test)
    rows = []
    for name, codes in codes_of.items():
        for method in clustering.METHODS:
            by_size = method == "hdbscan"
            number, seeds = (100, SEEDS[:1]) if by_size else (10, SEEDS)
            begun = time.perf_counter()
            found = [clustering.cluster(codes, method, number, seed=seed) for seed in seeds]
            each = (time.perf_counter() - begun) / len(seeds)
            agreements = [clustering.agreement(codes, f.labels, data.test.labels) for f in found]
            mean = clustering.Agreement(*np.mean(agreements, 0))
            noise = np.mean([(f.labels < 0).mean() for f in found])
            rows.append(
                [
                    name,
                    f"{method}, {'at least 100 images' if by_size else '10'}",
                    len(found[0].centres),
                    f"{100 * noise:.0f} %" if by_size else "-",
                    f"{mean.v_measure:.3f}",
                    f"{mean.adjusted_rand:.3f}",
                    f"{100 * mean.purity:.0f} %",
                    f"{mean.silhouette:.3f}",
                    f"{each:.1f}",
                ]
            )
            print(rows[-1], flush=True)
    head = ["codes", "method", "clusters", "noise", "V-measure", "adjusted Rand", "purity"]
    table("Clusters of 10,000 test images", [*head, "silhouette", "s"], rows)


if __name__ == "__main__":
    main()
