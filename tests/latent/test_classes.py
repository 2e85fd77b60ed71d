"""Classes in latent space: the one of a place, and typical items."""

import numpy as np

from vae.latent.classes import class_near, typical_items

NAMES = ["Bag", "Coat", "Shirt"]


def test_a_place_is_of_the_class_of_most_items_near_it():
    codes = np.array([[k, 0.0] for k in range(30)])
    labels = np.repeat([0, 1, 2], 10)
    assert class_near(codes, labels, NAMES, np.array([3.0, 0])) == "Bag"
    assert class_near(codes, labels, NAMES, np.array([11.0, 1])) == "Coat"
    assert class_near(codes, labels, NAMES, np.array([19.5, 0])) == "between Coat and Shirt"
    assert class_near(codes[:3], labels[:3], NAMES, np.array([0.0, 0])) == "Bag"
    assert class_near(codes, np.zeros(30, int), ["images"], codes[0]) == ""


def test_typical_items_are_among_their_class_and_well_reconstructed():
    """Of 400 items 300 are around the centre of their class, and every third is reconstructed
    wrongly; a distant cluster of the class is reconstructed best of all."""
    random = np.random.default_rng(0)
    codes = np.concatenate([random.normal(0, 1, (300, 2)), random.uniform(-60, 60, (100, 2))])
    labels = np.zeros(400, int)
    labels[::10] = 2
    images = np.full((400, 1, 4, 4), 100, np.uint8)
    images[::3] = 180
    asked = []

    def reconstruct(z, label):
        asked.append((label, len(z)))
        far = np.linalg.norm(z, axis=1) > 8
        return np.where(far, 100, 101)[:, None, None, None] * np.ones((1, 4, 4, 1), int)

    found = typical_items(codes, labels, images, reconstruct=reconstruct, classes=4, count=8)
    assert [len(items) for items in found] == [8, 0, 8, 0]
    assert [label for label, _ in asked] == [0, 2] and max(n for _, n in asked) <= 121
    for label in (0, 2):
        chosen = np.array(found[label])
        assert len(set(chosen.tolist())) == 8 and (labels[chosen] == label).all()
        assert (chosen < 300).all() and (images[chosen] == 100).all()
        apart = np.linalg.norm(codes[chosen][:, None] - codes[chosen], axis=2)
        assert apart[np.triu_indices(8, 1)].min() > 0.1  # different ones


def test_small_classes_have_all_their_items():
    codes = np.random.default_rng(1).normal(size=(7, 3))
    images = np.zeros((7, 3, 2, 2), np.uint8)
    found = typical_items(
        *(codes, np.array([0, 0, 0, 1, 1, 1, 1]), images),
        reconstruct=lambda z, label: np.zeros((len(z), 2, 2, 3), np.uint8),
        classes=2,
    )
    assert [sorted(items) for items in found] == [[0, 1, 2], [3, 4, 5, 6]]
