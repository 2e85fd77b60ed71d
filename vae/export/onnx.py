"""Models as ONNX files for other runtimes: an encoder and a decoder, verified before they appear.

NAME-encoder.onnx: `images` [N, C, H, W] in [0, 1] -> `mean` and `std` [N, D] of q(z|x), or only
`mean` if q has no Gaussian density (ae, avb). A conditional model also takes `label_one_hot`
[N, K]. The file does not include the Newton steps of a refined posterior.

NAME-decoder.onnx: `z` [N, D] -> `image` [N, C, H, W], pixel means in [0, 1]. A decoder with a
context also takes `extra` [N, E]: a one-hot label, or the noise of an hvae's lower levels.

N is free. The metadata of each file describes its inputs and outputs, and lets `adopt` read the
pair back as a model.
"""

import copy
import json
from contextlib import ExitStack
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..checkpoint.folder import Checkpoint, versions
from ..errors import AtelierError, reported
from ..files import atomic
from ..models.base import Autoencoder
from ..models.contexts import Context
from ..nn.networks import decode
from ..operators.network import Network

PACKAGES = ("onnx", "onnxruntime", "onnxscript")  # imported only when a file is written
TOLERANCE = 1e-4  # largest difference from torch, per pixel or latent
_VERIFIED = 64  # inputs on which a file is compared with torch
_OPSET = 18  # the oldest that torch exports without conversion
_LABEL = "one-hot in the order of the classes of the data; zeros: unknown"
_CONTEXT = {
    "label": f"the label, {_LABEL}",
    "noise": "N(0, 1) noise of the lower levels; zeros: their means; the last number "
    "of an exemplar model is log2 of a factor of the kernel's width",
}


class OnnxError(AtelierError):
    """No file was written: a package is missing, a path unusable, or a file differs from torch."""


class Written(NamedTuple):
    """A file and its largest difference from torch over the verified inputs."""

    path: Path
    difference: float


class Encoder(nn.Module):
    """Images `[N, C, H, W]`, and labels `[N, K]` if any, to mean and std `[N, D]`, or the mean."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor, label_one_hot: Tensor | None = None) -> tuple[Tensor, ...]:
        y = None
        if label_one_hot is not None:
            largest, y = label_one_hot.max(dim=1)
            y = torch.where(largest > 0, y, -1)
        posterior = self.model.posterior(images, y)
        return (self.model.encode(images, y),) if posterior is None else tuple(posterior)


class Decoder(nn.Module):
    """Codes `[N, D]`, and their context `[N, E]` if any, to pixel means `[N, C, H, W]`."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.decoder, self.likelihood = model.decoder, model.likelihood

    def forward(self, z: Tensor, extra: Tensor | None = None) -> Tensor:
        inputs = z if extra is None else torch.cat([z, extra], dim=1)
        if isinstance(self.decoder, Network):  # of an adopted model, in float32 throughout
            return self.likelihood.mean(self.decoder(inputs))
        return self.likelihood.mean(decode(self.decoder, inputs))


class _Part(NamedTuple):
    """One file: a network, inputs to verify it on, and descriptions of inputs and outputs."""

    network: nn.Module
    inputs: dict[str, Tensor]
    meaning: dict[str, str]
    outputs: dict[str, str]


def write(checkpoint: Checkpoint, out: str | Path) -> list[Written]:
    """Writes NAME-encoder.onnx and NAME-decoder.onnx, where `out` is NAME or NAME.onnx.

    Existing files are replaced after both new ones have been compared with torch in onnxruntime.
    Raises `OnnxError`; then no file is written or replaced.
    """
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise OnnxError(
            f"ONNX files need {' and '.join(missing)}, which are not installed; "
            f"pip install {' '.join(PACKAGES)}"
        )
    out = Path(out)
    if out.is_dir():
        raise OnnxError(
            f"{out} is a folder; expected the beginning of two file names, such as {out / 'model'}"
        )
    stem = out.name.removesuffix(".onnx")
    written = []
    with reported(OnnxError, f"{out} cannot be written", "choose another --onnx"):
        out.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as places:
            for name, part in _parts(checkpoint.model).items():
                path = out.with_name(f"{stem}-{name}.onnx")
                place = places.enter_context(atomic.replacing(path))
                place.write_bytes(_onnx(part, _facts(checkpoint, name, part)))
                difference = _difference(place, part)
                if not difference <= TOLERANCE:  # also true for NaN
                    raise OnnxError(
                        f"the {name} of {checkpoint.name} differs from torch by {difference:.1e}, "
                        f"more than {TOLERANCE:.0e}; nothing was written: try other versions of "
                        "onnx, onnxruntime and onnxscript"
                    )
                written.append(Written(path, difference))
    return written


@torch.no_grad()
def _parts(model: Autoencoder) -> dict[str, _Part]:
    """Encoder and decoder, with samples from the prior and their decoded images as inputs."""
    model = copy.deepcopy(model).cpu()
    model.refine = 0
    generator = torch.Generator().manual_seed(0)
    z = {"z": model.sample_prior(_VERIFIED, generator)}
    about = {"z": "code"}
    if model.classes:  # every label in turn, and none
        n = model.classes + 1
        z["extra"] = torch.eye(n)[torch.arange(_VERIFIED) % n, 1:]
    elif model.noise_size:
        z["extra"] = torch.randn(_VERIFIED, model.noise_size, generator=generator)
        z["extra"][::2] = 0
    if model.context:
        about["extra"] = _CONTEXT[model.context]
    decoder = _Part(Decoder(model), z, about, {"image": "pixel means in [0, 1]"})

    images = {"images": decoder.network(**z)}
    about = {"images": "pixels in [0, 1]"}
    if model.classes:
        images["label_one_hot"], about["label_one_hot"] = z["extra"], _LABEL
    outputs = {"mean": "of q(z|x), the code of an image", "std": "of q(z|x), per latent"}
    if model.posterior(images["images"][:1]) is None:
        outputs = {"mean": "the code of an image"}
    return {"encoder": _Part(Encoder(model), images, about, outputs), "decoder": decoder}


def _onnx(part: _Part, facts: dict[str, str]) -> bytes:
    """The content of an ONNX file with a free batch size and with facts as its metadata."""
    import onnx

    # Named once: the exporter warns if a second input shares the name.
    batch = [torch.export.Dim("N"), torch.export.Dim.DYNAMIC]
    program = torch.onnx.export(
        part.network.eval(),
        # Two rows: torch.export would treat a size of one as a constant.
        tuple(tensor[:2].clone() for tensor in part.inputs.values()),
        input_names=list(part.inputs),
        output_names=list(part.outputs),
        dynamic_shapes=tuple({0: size} for size in batch[: len(part.inputs)]),
        opset_version=_OPSET,
        dynamo=True,
        verbose=False,
    )
    proto = program.model_proto
    proto.producer_name = "Latent Atelier"
    for noted in (*proto.graph.node, *proto.graph.value_info, *proto.graph.initializer):
        del noted.metadata_props[:]  # stack traces with paths of this machine
    onnx.helper.set_model_props(proto, facts)
    onnx.checker.check_model(proto)
    return proto.SerializeToString()


def _facts(checkpoint: Checkpoint, name: str, part: _Part) -> dict[str, str]:
    config = checkpoint.config
    scale = f"on the scale of the model's {config.model.prior} prior"
    if not checkpoint.model.has_prior:
        scale = "on no particular scale, because the model has no prior"
    facts = {"part": name, "checkpoint": checkpoint.name, "digest": checkpoint.digest}
    facts |= {
        "model": config.model.name,
        "context": Context.of(config).to_json(),
        "data": config.train.data,
        "inputs": json.dumps(part.meaning),
        "outputs": json.dumps(part.outputs),
        "units": f"pixels in [0, 1]; codes {scale}",
        "versions": json.dumps(versions() | {"onnx": version("onnx")}),
    }
    if name == "encoder":
        steps = f": without the {config.model.refine} Newton steps that the checkpoint takes"
        same = ", like the checkpoint itself"
        facts["refine"] = f"amortised only{steps if config.model.refine else same}"
    return facts


def _difference(path: Path, part: _Part) -> float:
    """The largest difference between a file in onnxruntime and its network in torch."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = part.network(**part.inputs)
    expected = expected if isinstance(expected, tuple) else (expected,)
    inputs = {name: tensor.numpy() for name, tensor in part.inputs.items()}
    pairs = zip(session.run(list(part.outputs), inputs), expected, strict=True)
    return float(np.max([np.abs(ours - theirs.numpy()).max() for ours, theirs in pairs]))
