"""Paths as files: each format opened again, limits, cancelling; the job that exports one."""

import io
import json
import time
import zipfile

import av
import numpy as np
import pypdf
import pytest
import torch
from PIL import Image

from pages.ui.runtime.jobs import Job
from vae.latent.encoding import decode_uint8
from vae.latent.paths import Frame, PathOrigin, from_json
from vae.models import build
from vae.pictures.animation import ExportError
from vae.pictures.path_export import EXTENSIONS, ExportOptions, decode_frames, export_path

ORIGIN = PathOrigin("mine", "0123456789ab", "straight", "steps")
PATH = [Frame((0.2 * i, -0.1 * i)) for i in range(6)]


@pytest.fixture
def model(settings):
    torch.manual_seed(0)
    return build(settings("vae").model).eval().requires_grad_(False)


def test_every_animation_holds_every_frame(model):
    for kind, count in {"gif": 6, "webp": 6, "mp4": 6, "zip": 6}.items():
        data = export_path(model, PATH, ExportOptions(kind, size=56), ORIGIN)
        if kind == "mp4":
            with av.open(io.BytesIO(data)) as video:
                assert (video.streams.video[0].height, sum(1 for _ in video.decode())) == (
                    56,
                    count,
                )
        elif kind == "zip":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                pictures = [Image.open(archive.open(n)) for n in archive.namelist()]
                assert [p.size for p in pictures] == [(56, 56)] * count
        else:
            with Image.open(io.BytesIO(data)) as film:
                assert film.size == (56, 56) and film.n_frames == count


def test_the_nearest_method_repeats_every_decoded_pixel(model):
    data = export_path(model, PATH, ExportOptions("zip", size=32, method="nearest"), ORIGIN)
    wanted = decode_uint8(model, np.array([PATH[3].z]))[0, :, :, 0]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = sorted(n for n in archive.namelist() if n.endswith(".png"))[3]
        found = np.asarray(Image.open(archive.open(name)).convert("L"))
    assert np.array_equal(found, wanted.repeat(4, 0).repeat(4, 1))


def test_a_film_is_on_the_chosen_ground():
    small = np.zeros((28, 28, 1), np.uint8)
    small[8:20, 8:20] = 200

    class Square:
        image_shape = (1, 28, 28)

        def picture(self, z, label, seed):
            return torch.tensor(small.transpose(2, 0, 1)[None] / 255.0).float()

        def parameters(self):
            return iter([torch.zeros(1)])

    for ground, colour in (("", 0), ("#000000", (0, 0, 0)), ("#f0a0C8", (240, 160, 200))):
        options = ExportOptions("zip", 112, "smooth", ground=ground)
        data = export_path(Square(), PATH[:1], options, ORIGIN)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            shown = Image.open(archive.open("frame-0001.png"))
        assert shown.getpixel((0, 0)) == shown.getpixel((111, 60)) == colour
        assert np.abs(np.asarray(shown.getpixel((56, 56))) - 200).max() <= 1
    with pytest.raises(ExportError, match="'pink'; expected a colour as #rrggbb"):
        export_path(Square(), PATH, ExportOptions("mp4", ground="pink"), ORIGIN)


def test_sheets_and_tables_name_their_origin(model):
    sheet = Image.open(
        io.BytesIO(export_path(model, PATH, ExportOptions("sheet-png", size=56), ORIGIN))
    )
    assert sheet.size[0] > 1000
    kinds = ["Sandal"] * 3 + ["between Bag and Coat"] * 3
    options = ExportOptions("sheet-pdf", size=56, paper="Letter")
    (page,) = pypdf.PdfReader(
        io.BytesIO(export_path(model, PATH, options, ORIGIN, kinds=kinds))
    ).pages
    assert page.mediabox[2:] == [612, 792] and len(page.images) == 6
    text = " ".join(page.extract_text().split())
    assert "mine, straight path 6 frames" in text and "3 · Sandal z 0.40, -0.20" in text
    assert "6 · between Bag and Coat z 1.00, -0.50" in text
    assert export_path(model, PATH, ExportOptions("csv"), ORIGIN).count(b"0123456789ab") == 6
    text = export_path(model, PATH, ExportOptions("json"), ORIGIN)
    saved = from_json(text)
    assert saved.frames == tuple(PATH) and saved.digest == ORIGIN.digest
    assert json.loads(text)["model"] == "mine"


def test_each_frame_is_decoded_with_its_label(settings):
    torch.manual_seed(0)
    model = build(settings("cvae").model).eval().requires_grad_(False)
    path = [Frame((0.1, 0.2), 0), Frame((0.1, 0.2), 1), Frame((0.1, 0.2))]
    found = decode_frames(model, path)
    assert np.array_equal(found[1], decode_uint8(model, np.array([[0.1, 0.2]]), label=1)[0])
    assert not np.array_equal(found[0], found[1]) and not np.array_equal(found[1], found[2])


def test_options_beyond_the_limits_are_refused(model):
    for options, path, words in [
        (ExportOptions("tiff"), PATH, "tiff"),
        (ExportOptions("gif", size=1000), PATH, "28 to 448"),
        (ExportOptions("gif", size=448), PATH * 101, "at most 600"),
        (ExportOptions("gif", fps=900), PATH, "0.5 to 60"),
    ]:
        with pytest.raises(ExportError, match=words):
            export_path(model, path, options, ORIGIN)
    assert set(EXTENSIONS) >= {"gif", "mp4", "webp", "zip", "csv", "json"}


@pytest.mark.parametrize("kind", ["sheet-png", "gif"])
def test_frames_are_counted_while_they_are_enlarged(model, kind):
    calls = []
    options = ExportOptions(kind, 56, "smooth", playback="ping-pong")
    export_path(model, PATH, options, ORIGIN, progress=lambda *at: calls.append(at))
    assert len({done for done, _ in calls}) >= len(PATH)  # not only at the end
    assert calls == sorted(calls) and calls[0] == (0, len(PATH))
    assert calls[-1] == (len(PATH), len(PATH))


def test_a_job_counts_cancels_and_reports_errors(model):
    def slow(progress):
        for i in range(1000):
            progress(i, 1000)
            time.sleep(0.005)
        return b"done"

    def job(work):
        return Job(work, name="an animation", file="a.gif", media_type="image/gif")

    running = job(slow)
    while running.done < 3:
        time.sleep(0.002)
    running.stop()
    running.wait(2)
    assert not running.running and running.result is None and running.error is None

    ready = job(
        lambda progress: export_path(
            model, PATH, ExportOptions("gif", 28), ORIGIN, progress=progress
        )
    )
    ready.wait(10)
    assert ready.result[:3] == b"GIF" and (ready.done, ready.of) == (6, 6)

    refused = job(lambda progress: export_path(model, PATH, ExportOptions("gif", 5), ORIGIN))
    refused.wait(10)
    assert refused.result is None and "28 to 448" in refused.error
