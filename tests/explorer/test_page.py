"""The page of a model: safe, closed to the network, whole, and the same every time."""

import gzip
import io
import json
import re
from base64 import b64decode, b64encode
from hashlib import sha256

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from vae import checkpoint
from vae.__main__ import main
from vae.explorer import contents, lessons, map_data, sheets
from vae.explorer.page import Look, page
from vae.latent.codec import TorchCodec
from vae.models import build
from vae.validation import ConfigError

EVIL = "</script><img src=x onerror=alert(1)>"


@pytest.fixture
def saved(settings, tmp_path):
    """Saves an untrained model and returns its loaded checkpoint."""

    def make(name="vae", **options):
        torch.manual_seed(0)
        config = settings(name, **options)
        checkpoint.save(tmp_path / name, build(config.model), config, {})
        return checkpoint.load(tmp_path / name)

    return make


def parts(html):
    """The message, the blocks, the policy, and the texts that it allows by their hashes."""
    text = html.decode()
    message = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    found = re.findall(r'data-block="([^"]+)"( data-packed="gzip")?>([^<]*)<', text)
    blocks = {n: gzip.decompress(b64decode(t)) if p else b64decode(t) for n, p, t in found}
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    allowed = [found[1] for found in re.findall(r"<(style|script)>(.*?)</\1>", text, re.S)]
    return message, blocks, policy, allowed


def test_it_holds_what_the_map_needs_and_forbids_every_connection(saved, tiny):
    loaded = saved()
    html = page(loaded, tiny)
    message, blocks, policy, allowed = parts(html)
    assert page(loaded, tiny) == html  # the same bytes
    assert loaded.digest == message["facts"]["digest"] and loaded.digest[:16].encode() in html
    assert blocks["program"] == TorchCodec(loaded.model).program()
    n = message["facts"]["count"]
    assert n == 80 and len(blocks["points"]) == n * (8 + 8 + 1)
    assert {"density", "entropy", "sheet 0", "decoder/kernels.wasm"} <= blocks.keys()
    addresses = [v for v in message["urls"].values() if not v.endswith(("items", "decode"))]
    assert {address.removeprefix("page:/") for address in addresses} <= blocks.keys()
    assert policy.startswith("default-src 'none'; ")
    assert not re.search(r"connect-src|unsafe-inline|'unsafe-eval|https?:", policy)
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in allowed]
    assert len(hashes) == 2 and all(f"'sha256-{text}'" in policy for text in hashes)
    assert not re.search(rb'(?:src|href)="(?!#)', html)


def test_names_are_text_wherever_they_stand(saved, tiny):
    named = tiny.__class__(EVIL, tiny.train, tiny.test, (EVIL, "b"))
    html = page(saved(), named, look=Look(title=EVIL))
    assert EVIL.encode() not in html
    assert parts(html)[0]["facts"]["classes"] == [EVIL, "b"]
    assert b"<title>&lt;/script&gt;&lt;img" in html


def test_a_view_can_be_fixed_without_controls(saved, tiny):
    look = Look("A talk", controls=False, opening={"z": [0.5, 1.0], "view": [0.0, 0.0, 4.0]})
    html = page(saved(), tiny, look=look)
    message = parts(html)[0]
    assert message["location"]["z"] == [0.5, 1.0] and message["location"]["view"] == [
        0.0,
        0.0,
        4.0,
    ]
    assert message["controls"] is False and b'data-controls="none"' in html


@pytest.mark.parametrize("name", ["ae", "cvae", "hvae", "exemplar"])
def test_every_kind_of_model_has_its_inputs(saved, tiny, name):
    made = contents.contents(saved(name, latent=2 if name != "ae" else 5), tiny, most=30)
    facts = made.data["facts"]
    assert facts["context"] == {"cvae": "label", "ae": None}.get(name, "noise")
    assert ("noise" in made.blocks) == (facts["context"] == "noise")
    assert (made.data["location"]["label"] is not None) == (name == "cvae")
    assert facts["count"] == 30 == len(made.data["pictures"]["numbers"])
    assert facts["latentSize"] == len(made.data["location"]["z"])


def test_pictures_are_cut_out_of_sheets(tiny):
    made, size = sheets.sheets(tiny.test.images)
    sheet = np.array(Image.open(io.BytesIO(made[0])).convert("L"), int)
    assert len(made) == 1 and size == (8, 8)
    assert abs(sheet[:8, 24:32] - tiny.test.images[3, 0]).mean() < 20
    assert len(sheets.sheets(np.zeros((1025, 3, 100, 50), np.uint8))[0]) == 2


def test_a_decoder_without_a_program_is_refused(saved, tiny, monkeypatch):
    monkeypatch.setattr(TorchCodec, "program", lambda self: None)
    with pytest.raises(contents.ExplorerError, match="cannot run in a browser"):
        contents.contents(saved(), tiny)


def test_the_command_says_in_one_line_why_there_is_no_file(saved, tmp_path):
    """What it writes is opened in tests/browser/test_one_file.py."""
    missing, file = saved(data=str(tmp_path / "gone")).path, tmp_path / "a.html"
    (tmp_path / "torn").mkdir()
    for arguments, said in (
        ((missing,), "nothing to write"),
        ((missing, "--html", tmp_path / "a.pdf"), "ends in .html"),
        ((missing, "--html", file, "--at", "1"), "--at"),
        ((missing, "--html", file, "--view", "0,0,-1"), "--view"),
        ((missing, "--html", file), "gone"),
        ((tmp_path / "torn", "--html", file), "torn"),
    ):
        done = CliRunner().invoke(main, ["export", *map(str, arguments)])
        assert done.exit_code == 2 and said in done.stderr, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert not [path for path in tmp_path.iterdir() if path.is_file()]


def test_the_maps_of_the_app_are_made_of_the_same_data(saved, tiny):
    arrays, facts = map_data.decoder_data(TorchCodec(saved("cvae").model))
    wanted = {"contextSize": 2, "context": "label", "image": [1, 8, 8], "prior": True}
    assert wanted.items() <= facts.items()
    assert list(arrays) == ["program"]


def test_lessons_stand_below_the_map_of_a_model_that_they_can_show(saved, tiny):
    with pytest.raises(contents.ExplorerError, match="cannot show vae"):
        page(saved(), tiny, look=Look(lessons=["code"]))
    facts = {
        "latentSize": 2,
        "posterior": True,
        "context": None,
        "image": [1, 28, 28],
        "name": "a",
    }
    assert not lessons.offered(facts | {"latentSize": 3})
    for slug in lessons.offered(facts):
        html = lessons.lessons([slug], facts)
        assert f'data-step="{slug}"' in html and "<math" in html and "**" not in html
        assert "&amp;" not in html.split('aria-label="Formula">')[1].split("</div>")[0]
    with pytest.raises(ConfigError, match="did you mean 'code'"):
        lessons.lessons(["cod"], facts)
