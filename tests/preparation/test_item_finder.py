"""The item is found on uneven ground, and comes out bright on black as in Fashion-MNIST."""

import io
import time

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from vae import load_dataset
from vae.preparation import item_finder
from vae.preparation import picture as preparation

H, W = 150, 200
Y, X = np.mgrid[0 : 1 : H * 1j, 0 : 1 : W * 1j].astype(np.float32)


def shape(kind: str, left=60, top=30, side=90) -> np.ndarray:
    """A silhouette in the picture, bool [H, W]."""
    y, x = (np.mgrid[0:H, 0:W] - np.array([top, left])[:, None, None]) / side
    inside = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
    shirt = (abs(x - 0.5) < 0.27) | ((y < 0.35) & (y > 0.02))
    legs = (abs(x - 0.5) < 0.32) & ((y < 0.3) | (abs(x - 0.5) > 0.08))
    boot = (x > 0.55) | (y > 0.6)
    return inside & {"shirt": shirt, "trousers": legs, "boot": boot}[kind]


def ramp(strength: float, angle: float) -> np.ndarray:
    along = np.cos(angle) * X + np.sin(angle) * Y
    return 1 - strength * (along - along.min()) / np.ptp(along)


def photograph(mask, ground, item, light, grain=2.0, shadow=0.0) -> np.ndarray:
    soft = ndimage.gaussian_filter(mask.astype(np.float32), 0.7)[..., None]
    under = np.array(ground, np.float32) * np.ones((H, W, 1), np.float32)
    fallen = np.roll(ndimage.gaussian_filter(mask.astype(np.float32), 5), (5, 6), (0, 1))
    under = under * (1 - shadow * fallen[..., None])
    picture = (under * (1 - soft) + np.array(item, np.float32) * soft) * light[..., None]
    picture = picture + np.random.default_rng(0).normal(size=(H, W, 1)) * grain
    return picture.clip(0, 255).astype(np.uint8)


EVEN, VIGNETTE = np.ones((H, W), np.float32), 1 - 0.22 * ((2 * X - 1) ** 2 + (2 * Y - 1) ** 2)
WOOD = 1 + 0.06 * np.sin(40 * Y + 3 * np.sin(5 * X)) - 0.2 * X
KINDS = {
    "white": ((255,) * 3, (60, 50, 55), EVEN, {}),
    "darker to the right": ((235, 232, 228), (70, 60, 65), ramp(0.4, 0), {}),
    "darker to the left": ((235, 232, 228), (70, 60, 65), ramp(0.4, 3.1), {}),
    "darker upwards": ((235, 232, 228), (120, 120, 125), ramp(0.4, -1.5), {}),
    "vignette": ((230, 230, 230), (60, 60, 60), VIGNETTE, {}),
    "light on dark": ((60, 62, 65), (220, 220, 220), ramp(0.4, 0.7), {}),
    "white on grey": ((150, 150, 152), (245, 245, 245), ramp(0.3, 2.0), {}),
    "red on green": ((90, 150, 90), (200, 70, 70), ramp(0.35, 0.9), {}),
    "wood": ((205, 170, 125), (60, 50, 55), WOOD, {"grain": 4}),
    "little contrast": ((225, 222, 218), (165, 165, 165), ramp(0.35, 0.4), {}),
    "shadow": ((235, 232, 228), (50, 50, 50), ramp(0.2, 0.2), {"shadow": 0.35}),
}


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return (a & b).sum() / (a | b).sum()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("item", ["shirt", "trousers", "boot"])
def test_item_on_uneven_ground_is_found_and_bright_on_black(kind, item):
    ground, colour, light, more = KINDS[kind]
    mask = shape(item)
    picture = photograph(mask, ground, colour, light, **more)
    found = item_finder.find_item(picture)
    assert overlap(found.mask, mask) > 0.8
    assert np.abs(np.array(found.box) - (60, 30, 151, 121)).max() <= 5 or item != "boot"
    assert found.darker == (np.mean(colour) < np.mean(ground))
    black = item_finder.on_black(picture, found)
    assert black.shape == (H, W) and black.dtype == np.uint8
    assert not black[~ndimage.binary_dilation(found.mask, iterations=2)].any()
    assert np.median(black[ndimage.binary_erosion(mask, iterations=3)]) > 170


@pytest.mark.parametrize("left, top", [(5, 5), (150, 95), (80, 60)])
def test_item_of_a_third_of_the_frame_off_centre(left, top):
    mask = shape("shirt", left, top, 45)
    found = item_finder.find_item(photograph(mask, (190, 165, 135), (40, 30, 30), WOOD))
    assert overlap(found.mask, mask) > 0.8


def test_pair_is_one_item():
    mask = shape("boot", 20, 40, 70) | shape("boot", 110, 40, 70)
    found = item_finder.find_item(photograph(mask, (235, 232, 228), (60, 60, 60), ramp(0.3, 1)))
    assert overlap(found.mask, mask) > 0.85


def test_edge_of_the_table_is_not_the_item():
    mask = shape("shirt", 70, 35, 60)
    picture = photograph(mask, (235, 232, 228), (60, 60, 60), ramp(0.25, 1))
    picture[-12:] //= 3
    picture[:, :6] = 40
    assert overlap(item_finder.find_item(picture).mask, mask) > 0.85


def test_hole_stays_open():
    mask = shape("shirt")
    mask[70:100, 95:115] = False
    found = item_finder.find_item(photograph(mask, (235, 232, 228), (60, 60, 60), ramp(0.3, 1)))
    assert not found.mask[75:95, 99:111].any()


def test_strokes_of_a_drawing_are_found_on_paper():
    mask = shape("boot")
    line = mask & ~ndimage.binary_erosion(mask, iterations=2)
    found = item_finder.find_item(photograph(line, (244, 240, 228), (90, 90, 95), ramp(0.35, 2)))
    assert np.abs(np.array(found.box) - (60, 30, 151, 121)).max() <= 4


@pytest.mark.parametrize("light", [EVEN, ramp(0.4, 1.0), VIGNETTE, WOOD])
@pytest.mark.parametrize("level", [20, 120, 240])
def test_nothing_stands_out_of_ground_alone(light, level):
    empty = photograph(np.zeros((H, W), bool), (level,) * 3, (0, 0, 0), light, grain=3)
    assert item_finder.find_item(empty) is None


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 3), (8, 8), (3, 500)])
def test_tiny_and_thin_pictures(size):
    picture = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    found = item_finder.find_item(picture)
    if found is not None:
        assert found.mask.shape == size
        assert item_finder.on_black(picture, found).shape == size


@pytest.mark.parametrize("quality", [20, 60])
def test_traces_of_jpeg_are_ground(quality):
    mask, file = shape("trousers"), io.BytesIO()
    picture = photograph(mask, (225, 225, 225), (60, 80, 60), ramp(0.35, 1))
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    assert overlap(item_finder.find_item(np.asarray(Image.open(file))).mask, mask) > 0.85


def framed(values: np.ndarray, box) -> np.ndarray:
    return np.asarray(preparation._framed(Image.fromarray(values), box, (28, 28)))


def test_item_fills_the_frame_in_the_middle():
    values = np.zeros((50, 60), np.uint8)
    values[10:30, 5:45] = 200
    full = framed(values, (5, 10, 45, 30))
    assert full[7:21].min() > 190 and not full[:7].any() and not full[21:].any()


def test_is_fast():
    picture = np.repeat(np.repeat(photograph(shape("shirt"), *KINDS["wood"][:3]), 3, 0), 3, 1)
    item_finder.find_item(picture)
    begin = time.process_time()
    item_finder.on_black(picture, item_finder.find_item(picture))
    assert time.process_time() - begin < 1


@pytest.fixture(scope="module")
def garments():
    """Known and other images of Fashion-MNIST with their classes."""
    split = load_dataset("fashion-mnist-starter").test
    images, labels = split.images[:, 0], split.labels
    return images[12:2012], labels[12:2012], images[:12], labels[:12]


def nearest_classes(known, labels, images) -> np.ndarray:
    known, images = (a.reshape(len(a), -1).astype(np.float32) for a in (known, images))
    return labels[(np.square(known).sum(1) - 2 * images @ known.T).argmin(1)]


@pytest.mark.parametrize("kind", ["darker to the left", "vignette", "light on dark", "wood"])
def test_photographs_of_garments_get_the_classes_of_the_garments(garments, kind):
    known, labels, images, classes = garments
    ground, _, light, more = KINDS[kind]
    away = -0.85 if sum(ground) > 400 else 1.0  # of the way from the ground to black or white
    room = np.array(ground, np.float32) if away < 0 else 255 - np.array(ground, np.float32)
    prepared = []
    for image in images:
        dye = np.zeros((H, W, 1), np.float32)
        dye[20:132, 45:157, 0] = np.asarray(Image.fromarray(image).resize((112, 112))) / 255
        picture = (np.array(ground, np.float32) + away * dye * room) * light[..., None]
        noise = np.random.default_rng(0).normal(size=(H, W, 1)) * more.get("grain", 2)
        picture = (picture + noise).clip(0, 255).astype(np.uint8)
        found = item_finder.find_item(picture)
        black = item_finder.on_black(picture, found)
        prepared.append(framed(black, found.box))
    right = (nearest_classes(known, labels, images) == classes).sum()
    assert (nearest_classes(known, labels, np.stack(prepared)) == classes).sum() >= 0.9 * right
