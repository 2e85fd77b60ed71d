"""Ways as files: each format opened again, limits, stopping; the job that makes one."""

import io
import json
import time
import zipfile

import av
import numpy as np
import pytest
import torch
from PIL import Image

from pages.ui.runtime.jobs import Job
from vae.latent.encoding import decode_uint8
from vae.latent.paths import Frame, from_json
from vae.models import build
from vae.pictures.animation import ExportError
from vae.pictures.path_export import SUFFIXES, Origin, Recipe, make, pictures_of

ORIGIN = Origin("mine", "0123456789ab", "straight", "steps")
PATH = [Frame((0.2 * i, -0.1 * i)) for i in range(6)]


@pytest.fixture
def model(settings):
    torch.manual_seed(0)
    return build(settings("vae").model).eval().requires_grad_(False)


def test_every_film_holds_every_frame(model):
    for kind, count in {"gif": 6, "webp": 6, "mp4": 6, "zip": 6}.items():
        data = make(model, PATH, Recipe(kind, size=56), ORIGIN)
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


def test_a_sharp_enlargement_keeps_every_pixel_that_torch_decoded(model):
    data = make(model, PATH, Recipe("zip", size=32, how="nearest"), ORIGIN)
    wanted = decode_uint8(model, np.array([PATH[3].z]))[0, :, :, 0]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = sorted(n for n in archive.namelist() if n.endswith(".png"))[3]
        found = np.asarray(Image.open(archive.open(name)).convert("L"))
    assert np.array_equal(found, wanted.repeat(4, 0).repeat(4, 1))


def test_sheets_and_tables_say_where_they_come_from(model):
    sheet = Image.open(io.BytesIO(make(model, PATH, Recipe("sheet-png", size=56), ORIGIN)))
    assert sheet.size[0] > 100
    assert make(model, PATH, Recipe("sheet-pdf", size=56), ORIGIN).startswith(b"%PDF-")
    assert make(model, PATH, Recipe("csv"), ORIGIN).count(b"0123456789ab") == 6
    text = make(model, PATH, Recipe("json"), ORIGIN)
    facts, frames = from_json(text)
    assert frames == PATH and facts["digest"] == ORIGIN.digest
    assert json.loads(text)["model"] == "mine"


def test_a_frame_is_decoded_as_its_own_label(settings):
    torch.manual_seed(0)
    told = build(settings("cvae").model).eval().requires_grad_(False)
    path = [Frame((0.1, 0.2), 0), Frame((0.1, 0.2), 1), Frame((0.1, 0.2))]
    found = pictures_of(told, path)
    assert np.array_equal(found[1], decode_uint8(told, np.array([[0.1, 0.2]]), label=1)[0])
    assert not np.array_equal(found[0], found[1]) and not np.array_equal(found[1], found[2])


def test_what_is_beyond_the_limits_is_refused_with_the_limit(model):
    for recipe, path, words in [
        (Recipe("tiff"), PATH, "tiff"),
        (Recipe("gif", size=1000), PATH, "28 to 448"),
        (Recipe("gif", size=448), PATH * 101, "at most 600"),
        (Recipe("gif", fps=900), PATH, "0.5 to 60"),
    ]:
        with pytest.raises(ExportError, match=words):
            make(model, path, recipe, ORIGIN)
    assert set(SUFFIXES) >= {"gif", "mp4", "webp", "zip", "csv", "json"}


def test_a_job_counts_stops_and_tells_what_went_wrong(model):
    def slow(progress):
        for i in range(1000):
            progress(i, 1000)
            time.sleep(0.005)
        return b"done"

    def job(work):
        return Job(work, name="a film", file="a.gif", media_type="image/gif", expected=ExportError)

    running = job(slow)
    while running.done < 3:
        time.sleep(0.002)
    running.stop()
    running.wait(2)
    assert not running.running and running.result is None and running.error is None

    ready = job(lambda progress: make(model, PATH, Recipe("gif", 28), ORIGIN, progress=progress))
    ready.wait(10)
    assert ready.result[:3] == b"GIF" and (ready.done, ready.of) == (6, 6)

    refused = job(lambda progress: make(model, PATH, Recipe("gif", 5), ORIGIN))
    refused.wait(10)
    assert refused.result is None and "28 to 448" in refused.error
