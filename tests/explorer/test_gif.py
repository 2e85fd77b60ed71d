"""Films that a page saves are GIF files that others read: exact in grey, near in colour."""

import io
from base64 import b64decode

import numpy as np
import pytest
from js.node_runner import run
from PIL import Image

from vae.explorer import scripts

PROGRAM = """
import {{ readFileSync }} from "node:fs";
import {{ gif }} from "{module}";
const {{ frames, ...how }} = JSON.parse(readFileSync(0, "utf8"));
const blob = gif(frames.map((frame) => Uint8ClampedArray.from(frame)), how);
console.log(Buffer.from(await blob.arrayBuffer()).toString("base64"));
"""


@pytest.fixture
def saved(tmp_path):
    """Writes frames [n, H, W, 3] as a GIF and reads it again."""
    module = (scripts.ROOT / "pages/ui/standalone/gif.js").as_uri()
    (tmp_path / "make.mjs").write_text(PROGRAM.format(module=module))

    def make(frames, **how):
        opaque = np.concatenate([frames, np.full_like(frames[..., :1], 255)], axis=-1)
        size = {"height": frames.shape[1], "width": frames.shape[2]}
        data = {"frames": [f.ravel().tolist() for f in opaque], "scale": 1, "delay": 10, "loop": 1}
        done = run(tmp_path / "make.mjs", data=data | size | how)
        assert done.returncode == 0, done.stderr
        file = Image.open(io.BytesIO(b64decode(done.stdout)))
        images = []
        for k in range(file.n_frames):
            file.seek(k)
            images.append(np.array(file.convert("RGB"), int))
        return file, np.stack(images)

    return make


def test_grey_levels_are_exact(saved):
    grey = np.random.default_rng(0).integers(0, 256, (3, 70, 90, 1)).repeat(3, 3)
    file, images = saved(grey)  # noise, which fills the table of LZW several times
    assert np.array_equal(images, grey) and file.info["duration"] == 100
    assert file.info["loop"] == 0


def test_pixels_are_enlarged_and_a_film_may_end(saved):
    frames = np.zeros((2, 3, 5, 3), int)
    frames[1, 1, 2] = 200
    file, images = saved(frames, scale=4, loop=False, delay=2)
    assert np.array_equal(images, frames.repeat(4, 1).repeat(4, 2))
    assert "loop" not in file.info


def test_many_colours_become_near_ones(saved):
    x, y = np.meshgrid(np.arange(64), np.arange(64))
    frame = np.stack([4 * x, 4 * y, 2 * (x + y)], axis=-1)
    assert len(np.unique(frame.reshape(-1, 3), axis=0)) == 4096
    images = saved(frame[None])[1]
    assert len(np.unique(images.reshape(-1, 3), axis=0)) <= 256
    assert abs(images[0] - frame).mean() < 5
