"""Groups of checkpoints: by what they are for, those with comparable maps, those that differ only
in beta. Pure."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import vae
from vae.models import VAE

MAP_LATENTS = 2  # more latents would need a projection
NETWORK_TITLES = {"mlp": "MLP", "conv": "CNN", "resnet": "Residual CNN", "graph": "own network"}
MAX_MODELS = 4  # in one comparison
PURPOSES = {  # in the order in which they are offered
    "Sharp pictures": "Sharp at every place: detail is borrowed from real neighbours.",
    "Smooth map": "The average of a place: a smooth map, softer pictures.",
    "Many latents": "More is kept of each image than two numbers; the map shows two of them.",
    "To compare and teach": "One idea each: no prior, a weighted KL, labels, levels, ...",
    "Your own": "Trained or added here.",
}
_DEFAULT_KINDS = ("ae", "vae", "avb", "hvae")  # the most different ones


def comparable_groups(
    entries: Sequence[vae.Entry], data_of: Callable[[str], str]
) -> dict[str, list[vae.Entry]]:
    """Groups of models with two latents and the same test images, by name and shape of the images.

    `data_of` returns the name of the data set that is shown for one that a model was trained on.
    """
    groups: dict[str, list[vae.Entry]] = defaultdict(list)
    for entry in entries:
        if entry.error is None and entry.config.model.latent == MAP_LATENTS:
            channels, height, width = entry.config.model.image_shape
            colour = "" if channels == 1 else ", colour"
            name = data_of(entry.config.train.data)
            groups[f"{name}, {height} × {width}{colour}"].append(entry)
    return {key: found for key, found in groups.items() if len(found) > 1}


def purpose(entry: vae.Entry, bundled: Collection[str]) -> str:
    """What a model is for, one of `PURPOSES`."""
    if entry.error is not None or entry.name not in bundled:
        return "Your own"
    model = entry.config.model
    if model.latent > MAP_LATENTS:
        return "Many latents"
    if model.name == "exemplar":
        return "Sharp pictures"
    plain = vae.KINDS[model.name].cls is VAE and model.beta == 1
    return "Smooth map" if plain and "beta" not in entry.name else "To compare and teach"


def by_purpose(
    entries: Sequence[vae.Entry], bundled: Collection[str]
) -> dict[str, list[vae.Entry]]:
    """The models of each purpose that has any, in natural order: beta-3 before beta-10."""
    found: dict[str, list[vae.Entry]] = {title: [] for title in PURPOSES}
    order = sorted(entries, key=lambda e: re.sub(r"\d+", lambda n: n[0].zfill(9), e.name))
    for entry in order:
        found[purpose(entry, bundled)].append(entry)
    return {title: group for title, group in found.items() if group}


def kind_of(entry: vae.Entry) -> str:
    """The model's family, network and unusual settings in one line."""
    model = entry.config.model
    parts = [vae.KINDS[model.name].title, NETWORK_TITLES[model.network]]
    parts += [f"beta {model.beta:g}"] if model.beta != 1 else []
    parts += [f"{model.prior} prior"] if model.prior != "normal" else []
    return " · ".join(parts)


def evaluation(entry: vae.Entry) -> dict:
    """The measured metrics of a model; empty where there are none. What earlier versions stored as
    the exact likelihood of a hierarchy is a bound."""
    found = dict((entry.metrics or {}).get("evaluation") or {})
    hierarchy = entry.config is not None and entry.config.model.levels
    integral = found.pop("nll_exact", None) if hierarchy else None
    bounds = [b for b in (found.get("nll_iwae"), integral) if isinstance(b, float)]
    return found if "nll_bound" in found or not bounds else found | {"nll_bound": min(bounds)}


def label_note(entry: vae.Entry) -> str:
    """Why a model has no numbers of codes that are made without labels; empty if it has some."""
    if not entry.config.model.classes or entry.config.train.unlabelled:
        return ""
    return (
        "no numbers of codes, as they are made without labels and it saw the label of every "
        "image in training (--unlabelled 0)"
    )


def exclusion_reason(entry: vae.Entry, group: str) -> str:
    """Why a model is not in a group."""
    if entry.error is not None:
        return "damaged"
    latent = entry.config.model.latent
    if latent != MAP_LATENTS:
        return f"{latent} latent" + "s" * (latent != 1)
    return f"trained on other images than {group}"


def default_models(entries: Sequence[vae.Entry]) -> tuple[str, ...]:
    """The models of a first comparison: one of each of the most different kinds, at least two."""
    first = [representative(entries, kind) for kind in _DEFAULT_KINDS]
    chosen = [entry.name for entry in first if entry is not None]
    rest = [entry.name for entry in entries if entry.name not in chosen]
    return tuple((chosen + rest[: max(0, 2 - len(chosen))])[:MAX_MODELS])


def representative(entries: Sequence[vae.Entry], kind: str) -> vae.Entry | None:
    """The model that represents a kind: `fashion-{kind}`, else the first one."""
    candidates = [e for e in entries if e.error is None and e.config.model.name == kind]
    # `min` returns the first one where none has that name.
    return min(candidates, key=lambda e: e.name != f"fashion-{kind}", default=None)


def beta_family(entries: Sequence[vae.Entry], minimum: int = 3) -> list[vae.Entry]:
    """The largest group of VAEs that differ in nothing but beta, sorted by beta; [] if fewer than
    `minimum`."""
    groups: dict[vae.Config, dict[float, vae.Entry]] = defaultdict(dict)
    for entry in entries:
        if entry.error is None and vae.KINDS[entry.config.model.name].cls is VAE:
            # "beta-vae" is the name of a preset of VAE.
            model = replace(entry.config.model, name="vae", beta=1.0)
            groups[replace(entry.config, model=model)].setdefault(entry.config.model.beta, entry)
    largest = max(groups.values(), key=len, default={})
    return [largest[beta] for beta in sorted(largest)] if len(largest) >= minimum else []
