"""One image at a time by the decoders that a page can have, side by side in one run: WebAssembly
SIMD and plain JavaScript in Chromium, and torch with one thread."""

import base64
import statistics
import time

import numpy as np
import torch
from bench import app, page, spread, table
from live import ROOT, wait_for_map
from torch import nn

import vae
from vae.config import ModelConfig
from vae.export.decoder_program import decoder_program
from vae.models import build

RUN = """async ([program, codes]) => {
  const resources = performance.getEntriesByType('resource').map((r) => r.name);
  const load = (name) => import(resources.find((u) => u.endsWith(`/decoder/${name}`)));
  const { Decoder } = await load('decoder.js'), { kernels, ready } = await load('kernels.js');
  const { PlainKernels } = await load('plain_kernels.js');
  await ready();
  const { buffer } = Uint8Array.from(atob(program), (c) => c.charCodeAt(0));
  const simd = new Decoder(buffer, kernels()), plain = new Decoder(buffer, new PlainKernels());
  // Ten images per measurement: the clock of a page counts in steps of 0.1 ms or more.
  const times = (decoder, repeats) => codes.slice(0, 20 + repeats).map((z) => {
    const start = performance.now();
    for (let i = 0; i < 10; i++) decoder.decode(z);
    return (performance.now() - start) / 10;
  }).slice(20);
  return { simd: times(simd, 100), plain: times(plain, 10), multiplyAdds: simd.multiplyAdds };
}"""


def residual(side: int) -> nn.Module:
    """An untrained residual CNN for colour images, with the widths that a training begins with."""
    torch.manual_seed(0)
    return build(ModelConfig(network="resnet", image_shape=(3, side, side))).eval()


def main() -> None:
    models = {
        "`fashion-vae`": vae.load(ROOT / "checkpoints/fashion-vae").model,
        "64 px in colour": residual(64),
        "128 px in colour": residual(128),
    }
    rows = []
    with app() as url, page() as tab:
        tab.goto(url)
        wait_for_map(tab)
        for name, model in models.items():
            codes = np.random.default_rng(0).normal(size=(120, 2)).round(4)
            program = base64.b64encode(decoder_program(model)).decode()
            found = tab.evaluate(RUN, [program, codes.tolist()])
            found["torch"] = torch_times(model, codes)
            median = {kind: statistics.median(found[kind]) for kind in ("simd", "plain", "torch")}
            rows.append(
                [
                    f"{name}, {found['multiplyAdds'] / 1e6:.1f} million",
                    " / ".join(f"{v:.2f}" for v in spread(found["simd"])),
                    f"{median['plain']:.2f}, {median['plain'] / median['simd']:.0f} times longer",
                    f"{median['torch']:.2f}, {median['torch'] / median['simd']:.1f} times as long",
                ]
            )
    head = ["decoder, multiply-adds per image", "SIMD: median / p90, ms", "plain JavaScript, ms"]
    table("Decoding one image", [*head, "torch, one thread, ms"], rows)


@torch.inference_mode()
def torch_times(model, codes: np.ndarray) -> list[float]:
    """Milliseconds per image, one at a time."""
    threads, found = torch.get_num_threads(), []
    torch.set_num_threads(1)
    for z in torch.from_numpy(codes).float():
        start = time.perf_counter()
        for _ in range(10):
            model.decoder(z[None]).sigmoid()
        found.append((time.perf_counter() - start) * 100)
    torch.set_num_threads(threads)
    return found[20:]


if __name__ == "__main__":
    main()
