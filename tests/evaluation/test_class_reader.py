"""What class a picture shows."""

import numpy as np

import vae
from vae.analysis.pixel_neighbours import PixelIndex
from vae.data.dataset import Dataset, Split
from vae.evaluation.class_reader import ClassReader


def test_shares_of_the_nearest_images_are_the_probabilities():
    images = np.zeros((30, 1, 4, 4), np.uint8)
    images[:10, :, :2], images[10:20, :, 2:], images[20:] = 255, 255, 90
    labels = np.repeat([0, 1, 1], 10)
    split = Split(images, labels)
    reader = ClassReader(Dataset("d", split, split, ("a", "b")), PixelIndex(images))
    found = reader(images[[0, 10]].transpose(0, 2, 3, 1))
    assert found.tolist() == [[1, 0], [0, 1]]


def test_fashion_images_are_read_better_with_the_classifier_than_by_neighbours_alone():
    dataset = vae.load_dataset("fashion-mnist-starter")
    known = Split(dataset.test.images[1000:4000], dataset.test.labels[1000:4000])
    part = Dataset(dataset.name, known, known, dataset.class_names)
    reader = ClassReader(part, PixelIndex(part.shown.images))
    pictures = dataset.test.images[:500].transpose(0, 2, 3, 1)
    found = reader(pictures)
    assert ((found >= 0) & (found <= 1)).all()
    right = (found.argmax(1) == dataset.test.labels[:500]).mean()
    reader._classifier = False
    assert right > 0.9 > (reader(pictures).argmax(1) == dataset.test.labels[:500]).mean()
