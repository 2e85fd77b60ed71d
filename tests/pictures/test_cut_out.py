"""Cut-outs on grounds that they were not made on."""

import numpy as np
import pytest

import vae
from vae import garments
from vae.pictures.cut_out import cut_out, over, silhouette
from vae.pictures.upscale import enlarge_uint8

PINK = (236, 130, 170)


@pytest.fixture(scope="module")
def shoe():
    image = vae.load_dataset("fashion-mnist-starter").test.images[0]
    return enlarge_uint8(image.transpose(1, 2, 0), 224)


def soft_disc(colour, ground, size=112, softness=4.0):
    """A disc with a linear edge, and its true alpha."""
    y, x = np.mgrid[:size, :size] + 0.5 - size / 2
    alpha = np.clip((size / 3 - np.hypot(x, y)) / softness + 0.5, 0, 1)[..., None]
    return (alpha * colour + (1 - alpha) * ground).round().astype(np.uint8), alpha[..., 0]


@pytest.mark.parametrize(
    ("colour", "ground"), [((200,), (0,)), ((40, 90, 160), (244, 242, 238)), ((250,), (0,))]
)
def test_the_edge_of_a_disc_gets_its_own_colour_and_its_softness_as_alpha(colour, ground):
    image, truth = soft_disc(np.array(colour), np.array(ground))
    made = cut_out(image, scale=4)
    assert np.abs(made[..., 3] / 255 - truth).max() < 0.03
    assert np.abs(made[..., :3][truth > 0.1].astype(int) - colour).max() <= 2
    again = over(made, tuple(np.broadcast_to(ground, 3)))
    assert np.abs(again.astype(int) - image).max() <= 4  # over its own ground it is as it was
    choked = cut_out(image, scale=4, choke=0.5)[..., 3]
    assert (choked[truth < 0.49] == 0).all() and (choked[truth == 1] == 255).all()


@pytest.mark.parametrize("ground", [(255, 255, 255), PINK, (0, 0, 0)])
def test_no_rim_is_darker_than_the_item_beside_it(shoe, ground):
    item, made = silhouette(shoe), cut_out(shoe, scale=8)
    shown = over(made, ground).astype(int).min(2)
    opaque = made[..., 3] == 255
    rim = (made[..., 3] > 0) & ~opaque
    assert rim.sum() > 500 and 0.2 < item.mean() < 0.8
    own = made[..., 0].astype(int)
    assert (shown[rim] >= np.minimum(own[rim], min(ground)) - 1).all()
    if ground == (255, 255, 255):  # a grey fog would lie between the item and white
        assert (shown[rim] >= own[rim] - 1).all()


def test_a_drawn_garment_leaves_its_light_ground():
    image = garments.render(garments.table([garments.typical("Dress")]), 128)[0]
    made = cut_out(image.transpose(1, 2, 0), scale=2)
    assert made[0, 0, 3] == 0 and made[64, 64, 3] == 255
    assert 0.1 < (made[..., 3] > 127).mean() < 0.6


def test_an_empty_image_stays_empty():
    assert (cut_out(np.zeros((28, 28, 1), np.uint8))[..., 3] == 0).all()
