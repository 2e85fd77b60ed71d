"""Films, opened again by the libraries that others open them with."""

import io
import zipfile

import av
import numpy as np
import pytest
from PIL import Image

from vae.pictures.animation import FORMATS, LIMIT_FRAMES, ExportError, film


@pytest.fixture
def frames():
    """Five grey ramps that move to the right, of an odd size."""
    ramp = np.linspace(0, 255, 29)
    return [np.tile(np.roll(ramp, 5 * k), (31, 1)).astype(np.uint8) for k in range(5)]


@pytest.mark.parametrize("order", ["once", "loop", "ping-pong"])
@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_animations_have_the_frames_the_speed_and_the_loop(frames, kind, order):
    image = Image.open(io.BytesIO(film(frames, kind, fps=8, order=order)))
    expected = frames + (frames[3:0:-1] if order == "ping-pong" else [])
    assert image.n_frames == len(expected) and image.size == (29, 31)
    for k, frame in enumerate(expected):
        image.seek(k)
        grey = np.array(image.convert("L")).astype(int)
        assert abs(grey - frame).max() <= 1
        assert image.info["duration"] == (120 if kind == "gif" else 125)
    assert image.info.get("loop", 1) == (1 if order == "once" else 0)


def test_mp4_is_even_and_shows_the_frames(frames):
    with av.open(io.BytesIO(film(frames, "mp4", fps=12.5))) as container:
        stream = container.streams.video[0]
        assert float(stream.average_rate) == 12.5 and stream.codec_context.name == "h264"
        shown = [f.to_ndarray(format="gray") for f in container.decode(stream)]
    assert len(shown) == 5 and shown[0].shape == (32, 30)
    for picture, frame in zip(shown, frames, strict=True):
        assert abs(picture[:31, :29].astype(int) - frame).mean() < 4


def test_a_zip_holds_every_frame_exactly_and_is_the_same_file_again(frames):
    raw = film(frames, "zip", order="ping-pong")
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.namelist() == [f"frame-{k:04}.png" for k in range(1, 6)]
        for name, frame in zip(archive.namelist(), frames, strict=True):
            assert np.array_equal(np.array(Image.open(archive.open(name))), frame)
    assert raw == film(frames, "zip")


@pytest.mark.parametrize("kind", FORMATS)
def test_colour_progress_and_cancelling(frames, kind):
    heard = []
    colour = [np.repeat(frame[..., None], 3, 2) for frame in frames]
    assert film(colour, kind, progress=lambda done, of: heard.append((done, of)))
    assert heard == [(k, 5) for k in range(1, 6)]

    class Enough(Exception):
        pass

    def stop(done, of):
        if done == 3:
            raise Enough

    with pytest.raises(Enough):
        film(frames, kind, progress=stop)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "avi"}, "'avi'; expected one of gif"),
        ({"fps": 0}, "0 frames a second; expected 0.5 to 60"),
        ({"order": "back"}, "'back'; expected one of once"),
        ({"frames": []}, "no frames"),
        ({"frames": [np.zeros((4, 4), np.uint8)] * (LIMIT_FRAMES + 1)}, "at most 600"),
        ({"frames": [np.zeros((9000, 9000), np.uint8)] * 2}, "at most 120 million"),
        ({"frames": [np.zeros((4, 4), np.uint8), np.zeros((5, 4), np.uint8)]}, "differ in size"),
    ],
)
def test_what_cannot_be_written_is_said(frames, change, words):
    asked = {"frames": frames, "format": "gif"} | change
    with pytest.raises(ExportError, match=words):
        film(asked.pop("frames"), asked.pop("format"), **asked)
