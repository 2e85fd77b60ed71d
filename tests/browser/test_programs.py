"""Every kind of layer that a decoder program knows, in the browser against torch."""

import base64

import numpy as np
import pytest
import torch
from torch import nn

from vae.export import ExportError, decoder_program
from vae.networks import Fourier, Residual

RUN = """async ([program, codes]) => {
  const resources = performance.getEntriesByType('resource').map((r) => r.name);
  const { Decoder } = await import(resources.find((u) => u.endsWith('/decoder.js')));
  const bytes = Uint8Array.from(atob(program), (c) => c.charCodeAt(0));
  const decoder = new Decoder(bytes.buffer);
  return codes.map((z) => Array.from(decoder.decode(z)));
}"""

DECODERS = {
    "linear, relu, layer norm, residual": (
        (1, 4, 5),
        lambda: nn.Sequential(
            nn.Linear(3, 13),
            nn.ReLU(),
            nn.LayerNorm(13),
            Residual(nn.Sequential(nn.SiLU(), nn.Linear(13, 13, bias=False))),
            nn.Linear(13, 20),
            nn.Unflatten(1, (1, 4, 5)),
        ),
    ),
    "fourier, colour from a linear layer": (
        (3, 4, 4),
        lambda: nn.Sequential(Fourier(3, 7, 2.0), nn.Linear(17, 48), nn.Unflatten(1, (3, 4, 4))),
    ),
    "transposed convolutions of odd shapes": (
        (2, 10, 14),
        lambda: nn.Sequential(
            nn.Linear(3, 24),
            nn.Unflatten(1, (4, 2, 3)),
            nn.ConvTranspose2d(4, 5, 3, stride=2, padding=1, output_padding=1),
            nn.SiLU(),
            nn.ConvTranspose2d(5, 2, 5, stride=2, padding=1, output_padding=1),
            nn.Upsample(scale_factor=1, mode="nearest"),
        ),
    ),
    "upsampling and convolutions with stride": (
        (3, 4, 6),
        lambda: nn.Sequential(
            nn.Linear(3, 24),
            nn.Unflatten(1, (4, 2, 3)),
            nn.Upsample(scale_factor=4, mode="nearest"),
            nn.Conv2d(4, 6, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(6, 3, 1),
        ),
    ),
}


class Stub:
    latent = 3

    def __init__(self, decoder: nn.Sequential, shape: tuple[int, int, int]) -> None:
        self.decoder, self.image_shape = decoder, shape


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("name", DECODERS)
def test_program_equals_torch(open_page, name, half):
    torch.manual_seed(0)
    shape, build = DECODERS[name]
    decoder = build()
    if half:
        for tensor in (*decoder.parameters(), *decoder.buffers()):
            tensor.data = tensor.data.half().float()
    codes = torch.randn(6, 3)
    with torch.inference_mode():
        expected = decoder(codes).sigmoid()
    c, h, w = expected.shape[1:]
    program = decoder_program(Stub(decoder, (c, h, w)))
    assert (b'"float16"' in program[:2000]) == half
    page = open_page("/")
    found = page.evaluate(RUN, [base64.b64encode(program).decode(), codes.tolist()])
    found = np.array(found).reshape(6, h, w, c).transpose(0, 3, 1, 2)
    assert np.abs(found - expected.numpy()).max() < 1e-5
    assert (c, h, w) == shape


def test_a_layer_without_a_program_is_named():
    decoder = nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Unflatten(1, (1, 2, 2)))
    with pytest.raises(ExportError, match="GELU"):
        decoder_program(Stub(decoder, (1, 2, 2)))
    grouped = nn.Sequential(nn.Unflatten(1, (1, 1, 3)), nn.Conv2d(1, 2, (1, 3)))
    with pytest.raises(ExportError, match="square"):
        decoder_program(Stub(grouped, (2, 1, 1)))


def test_a_torn_program_is_refused(open_page):
    page = open_page("/")
    decoder = nn.Sequential(nn.Linear(3, 4), nn.Unflatten(1, (1, 2, 2)))
    program = decoder_program(Stub(decoder, (1, 2, 2)))
    torn = base64.b64encode(program[:-4]).decode()
    attempt = f"async (a) => {{ try {{ await ({RUN})(a); }} catch (e) {{ return String(e); }} }}"
    message = page.evaluate(attempt, [torn, [[0, 0, 0]]])
    assert "RangeError" in message or "decoder program" in message
