"""Which checkpoints belong together: those that can share a plane, those that differ only in beta.

Pure: entries in, entries out.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import vae

PLANE = 2  # latents of a map: more cannot be laid side by side without choosing a projection
MAX_MODELS = 4  # models at a time
_DEFAULT_KINDS = ("ae", "vae", "avb", "hvae")  # the models that show the most beside each other


def comparable_groups(
    entries: Sequence[vae.Entry], data_of: Callable[[str], str]
) -> dict[str, list[vae.Entry]]:
    """Models by what they must share to be compared: the test images, their shape, two latents.

    The key is the data set's name; `data_of` names the data set that is shown for a trained one.
    """
    groups: dict[str, list[vae.Entry]] = defaultdict(list)
    for entry in entries:
        if entry.error is None and entry.config.model.latent == PLANE:
            channels, height, width = entry.config.model.image_shape
            colours = "" if channels == 1 else f" x {channels}"
            name = data_of(entry.config.train.data)
            groups[f"{name}, {height} x {width}{colours}"].append(entry)
    return {key: found for key, found in groups.items() if len(found) > 1}


def kind_of(entry: vae.Entry) -> str:
    """What a model is, in the fewest words that tell it from its neighbours."""
    model = entry.config.model
    parts = [vae.MODELS[model.name].title, model.network]
    parts += [f"beta {model.beta:g}"] if model.beta != 1 else []
    parts += [f"{model.prior} prior"] if model.prior != "normal" else []
    return " · ".join(parts)


def exclusion_reason(entry: vae.Entry, group: str) -> str:
    """Why a model is not among those of a group."""
    if entry.error is not None:
        return "damaged"
    latent = entry.config.model.latent
    if latent != PLANE:
        return f"{latent} latent" + "s" * (latent != 1)
    return f"learned other images than {group}"


def default_models(entries: Sequence[vae.Entry]) -> tuple[str, ...]:
    """Names to begin with: one of each of the most different kinds, at least two."""
    first = [representative(entries, kind) for kind in _DEFAULT_KINDS]
    chosen = [entry.name for entry in first if entry is not None]
    rest = [entry.name for entry in entries if entry.name not in chosen]
    return tuple((chosen + rest[: max(0, 2 - len(chosen))])[:MAX_MODELS])


def representative(entries: Sequence[vae.Entry], kind: str) -> vae.Entry | None:
    """The entry of a kind of model that speaks for it: `fashion-{kind}`, else the first."""
    kin = [e for e in entries if e.error is None and e.config.model.name == kind]
    return next((e for e in kin if e.name == f"fashion-{kind}"), kin[0] if kin else None)


def beta_family(entries: Sequence[vae.Entry], least: int = 3) -> list[vae.Entry]:
    """The largest group of VAEs that differ in nothing but beta, by beta; [] below `least`."""
    groups: dict[vae.Config, dict[float, vae.Entry]] = defaultdict(dict)
    for entry in entries:
        if (
            entry.error is None
            and vae.MODELS[entry.config.model.name].cls is vae.MODELS["vae"].cls
        ):
            # "beta-vae" is a VAE under the name of its preset, so the name is no difference.
            model = replace(entry.config.model, name="vae", beta=1.0)
            groups[replace(entry.config, model=model)].setdefault(entry.config.model.beta, entry)
    largest = max(groups.values(), key=len, default={})
    if len(largest) < least:
        return []
    return [entry for _, entry in sorted(largest.items())]
