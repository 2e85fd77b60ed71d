"""What goes wrong in a training, said while it runs, and what to change."""

import torch

from .batches import LabelledImages
from .state import Run

_IMAGES, _MIN_STEPS = 500, 200
_MAX_EDGE_SHARE = 0.05
_MIN_VARIANCE = 0.01  # of a latent that is in use (Burda et al. 2016, section 5.2)
_MIN_KL = 0.01  # nats, of a level that is in use


@torch.inference_mode()
def diagnose(run: Run, part: LabelledImages) -> tuple[str, ...]:
    """Sentences about the averaged weights at the end of an epoch; empty if all is well."""
    model, options, found = run.ema_model, run.config.train, []
    beta = model.kl_weight
    images, labels = (values[:_IMAGES] for values in part)
    x = images.float() / 255
    codes = model.encode(x, labels).float()
    edge = (codes.abs() >= model.code_limit).any(1).float().mean().item()
    if edge > _MAX_EDGE_SHARE:
        found.append(
            f"{edge:.0%} of the codes are at the edge of the latent space "
            f"(±{model.code_limit:g}): lower the learning rate (now {options.lr:g}), or choose a "
            "larger batch size or the network resnet"
        )
    # Early in training all codes are near 0.
    elif run.step >= _MIN_STEPS and 3 * len(run.curve) >= options.epochs and len(codes) > 1:
        levels = model.terms(x, labels, torch.Generator(x.device).manual_seed(0)).levels.mean(0)
        unused = [f"latent {i}" for i in _rows(codes.var(0) < _MIN_VARIANCE)]
        unused += [f"level {i}" for i in _rows(levels < _MIN_KL) if len(levels) > 1]
        if unused:
            found.append(
                f"{', '.join(unused[:5])}{' and more' * (len(unused) > 5)} of {codes.shape[1]} "
                f"latents and {len(levels)} levels say nothing about the images: lower beta (now "
                f"{beta:g}), or use fewer"
            )
    losses = [row.train_reconstruction + beta * row.train_kl for row in run.curve]
    if len(losses) > 2 and losses[-1] >= losses[0]:
        found.append(
            f"the training loss has not fallen since the first epoch ({losses[0]:.1f} nats, now "
            f"{losses[-1]:.1f}): lower the learning rate (now {options.lr:g}), or look at the "
            "images"
        )
    return tuple(found)


def _rows(mask: torch.Tensor) -> list[int]:
    """The positions of true values, counted from 1."""
    return (mask.nonzero()[:, 0] + 1).tolist()
