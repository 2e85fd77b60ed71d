"""Attributes measured on images, and the directions that are found from them."""

import numpy as np
import pytest

import vae
from vae.analysis.image_attributes import attributes, factors
from vae.analysis.ready_directions import ready_directions
from vae.data.dataset import Dataset, Metadata, Split


def drawn(*boxes, channels=1, value=200):
    """Images on which rectangles (row from, to, column from, to) are filled."""
    images = np.zeros((len(boxes), channels, 28, 28), np.uint8)
    for image, parts in zip(images, boxes, strict=True):
        for r0, r1, c0, c1 in parts:
            image[:, r0:r1, c0:c1] = value
    return images


BODY = (4, 26, 8, 20)


def test_parts_of_garments_are_measured_on_drawings():
    short = [BODY, (4, 10, 2, 26)]
    long = [BODY, (4, 24, 2, 26)]
    found = attributes(drawn(short, long), "T-shirt/top")
    assert found["sleeve length"][0] < found["sleeve length"][1] - 0.3
    round_neck, deep = [(4, 26, 2, 26)], [(4, 26, 2, 12), (4, 26, 16, 26), (14, 26, 2, 26)]
    found = attributes(drawn(round_neck, deep), "Pullover")
    assert found["neckline depth"] == pytest.approx([0, 10 / 22], abs=0.03)
    low = [(18, 26, 2, 26)]
    high = [(18, 26, 2, 26), (4, 26, 15, 26)]
    found = attributes(drawn(low, high), "Ankle boot")
    assert found["shaft height"][1] > found["shaft height"][0] + 0.4
    flat, heeled = [(10, 26, 2, 26)], [(10, 22, 2, 26), (22, 26, 20, 26), (20, 26, 2, 6)]
    found = attributes(drawn(flat, heeled), "Sandal")
    assert found["heel height"] == pytest.approx([0, 4 / 16], abs=0.03)
    closed, apart = [(2, 26, 8, 20)], [(2, 26, 8, 13), (2, 26, 15, 20), (2, 8, 8, 20)]
    found = attributes(drawn(closed, apart), "Trouser")
    assert found["gap between the legs"][1] > found["gap between the legs"][0] + 0.5


def test_other_images_have_size_brightness_and_colour_and_empty_ones_none():
    images = np.full((3, 3, 32, 32), 255, np.uint8)  # on white
    images[0, :, 8:16, 8:24] = np.array([200, 40, 40])[:, None, None]
    images[1, :, 4:28, 8:12] = np.array([40, 40, 200])[:, None, None]
    found = attributes(images, "anything")
    assert set(found) == {"height", "width", "brightness", "colourfulness", "warmth", "green"}
    assert found["height"][:2].tolist() == [0.25, 0.75]
    assert found["width"][:2].tolist() == [0.5, 0.125]
    assert found["warmth"][:2].tolist() == [160, -160]
    assert all(np.isnan(values[2]) for values in found.values())


def test_columns_with_few_values_or_texts_are_no_factors():
    rng = np.random.default_rng(0)
    columns = {"length": rng.random(100), "size": rng.integers(0, 4, 100), "name": np.array(["a"])}
    assert list(factors(columns)) == ["length"]


def test_a_direction_leads_along_a_known_factor_and_what_the_latents_do_not_know_is_left_out():
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 255, (200, 1, 8, 8)).astype(np.uint8), np.repeat([0, 1], 100)
    codes = rng.standard_normal((200, 2))
    columns = {"length": codes[:, 1] * np.where(labels, -1, 1), "unknown": rng.random(200)}
    split, none = Split(images, labels), Split(images[:0], labels[:0])
    empty = Metadata((), {name: values[:0] for name, values in columns.items()})
    known = {"train_metadata": empty, "test_metadata": Metadata((), columns)}
    dataset = Dataset("drawn", none, split, ("a", "b"), **known)
    found = ready_directions(dataset, codes, model="m", digest="0" * 64)
    for label, sign in ((0, 1), (1, -1)):
        (direction,) = found[label]
        assert direction.name == "length" and direction.auc == 1
        z1, z2 = direction.vector
        assert sign * z2 > 1.5 and abs(z1) < 0.5


def test_ready_directions_of_a_bundled_model_change_what_they_are_named_after():
    checkpoint = vae.load("checkpoints/fashion-vae-10")
    dataset = vae.load_dataset(checkpoint.config.train.data)
    codec = vae.latent.codec.TorchCodec(checkpoint.model)
    codes = codec.encode(dataset.test.images[:3000]).mean
    part = Split(dataset.test.images[:3000], dataset.test.labels[:3000])
    few = Dataset(dataset.name, Split(part.images[:0], part.labels[:0]), part, dataset.class_names)
    found = ready_directions(few, codes, model="fashion-vae-10", digest="0" * 64)
    boot, top = found[9], found[0]
    assert {d.name for d in boot} == {"shaft height", "heel height", "brightness"}
    assert "sleeve length" in {d.name for d in top}
    for label, directions in ((9, boot), (0, top)):
        mean = codes[part.labels == label].mean(0)
        for direction in directions:
            z = mean + np.array([[-0.5], [0.5]]) * np.array(direction.vector)
            images = codec.decode(z.astype(np.float32)).transpose(0, 3, 1, 2)
            low, high = attributes(images, dataset.class_names[label])[direction.name]
            assert low < high, direction.name
