"""Animations, opened again by common libraries."""

import io
import zipfile

import av
import numpy as np
import pytest
from PIL import Image

from vae.pictures.animation import FORMATS, MAX_FRAMES, ExportError, encode_animation


@pytest.fixture
def frames():
    """Five grey ramps that move to the right, of an odd size."""
    ramp = np.linspace(0, 255, 29)
    return [np.tile(np.roll(ramp, 5 * k), (31, 1)).astype(np.uint8) for k in range(5)]


@pytest.mark.parametrize("playback", ["once", "loop", "ping-pong"])
@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_animations_have_the_frames_speed_and_playback(frames, kind, playback):
    image = Image.open(io.BytesIO(encode_animation(frames, kind, fps=8, playback=playback)))
    expected = frames + (frames[3:0:-1] if playback == "ping-pong" else [])
    assert image.n_frames == len(expected) and image.size == (29, 31)
    for k, frame in enumerate(expected):
        image.seek(k)
        grey = np.array(image.convert("L")).astype(int)
        assert abs(grey - frame).max() <= 1
        assert image.info["duration"] == (120 if kind == "gif" else 125)
    assert image.info.get("loop", 1) == (1 if playback == "once" else 0)


def test_mp4_has_even_sides_and_shows_the_frames(frames):
    with av.open(io.BytesIO(encode_animation(frames, "mp4", fps=12.5))) as container:
        stream = container.streams.video[0]
        assert float(stream.average_rate) == 12.5 and stream.codec_context.name == "h264"
        shown = [f.to_ndarray(format="gray") for f in container.decode(stream)]
    assert len(shown) == 5 and shown[0].shape == (32, 30)
    for picture, frame in zip(shown, frames, strict=True):
        assert abs(picture[:31, :29].astype(int) - frame).mean() < 4


def test_a_zip_holds_every_frame_exactly_and_is_reproducible(frames):
    raw = encode_animation(frames, "zip", playback="ping-pong")
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.namelist() == [f"frame-{k:04}.png" for k in range(1, 6)]
        for name, frame in zip(archive.namelist(), frames, strict=True):
            assert np.array_equal(np.array(Image.open(archive.open(name))), frame)
    assert raw == encode_animation(frames, "zip")


@pytest.mark.parametrize("kind", FORMATS)
def test_colour_progress_and_cancelling(frames, kind):
    calls = []
    colour = [np.repeat(frame[..., None], 3, 2) for frame in frames]
    assert encode_animation(colour, kind, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(k, 5) for k in range(1, 6)]

    class Cancelled(Exception):
        pass

    def stop(done, total):
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        encode_animation(frames, kind, progress=stop)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "avi"}, "'avi'; expected one of gif"),
        ({"fps": 0}, "0 frames per second; expected 0.5 to 60"),
        ({"playback": "back"}, "'back'; expected one of once"),
        ({"frames": []}, "no frames"),
        ({"frames": [np.zeros((4, 4), np.uint8)] * (MAX_FRAMES + 1)}, "at most 600"),
        ({"frames": [np.zeros((9000, 9000), np.uint8)] * 2}, "at most 120 million"),
        ({"frames": [np.zeros((4, 4), np.uint8), np.zeros((5, 4), np.uint8)]}, "differ in size"),
    ],
)
def test_wrong_options_are_refused(frames, change, words):
    options = {"frames": frames, "format": "gif"} | change
    with pytest.raises(ExportError, match=words):
        encode_animation(options.pop("frames"), options.pop("format"), **options)
