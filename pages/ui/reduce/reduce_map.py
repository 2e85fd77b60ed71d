"""The component of the Reduce page: layouts of the same images, linked."""

from collections.abc import Sequence

from ..component.component import component
from ..runtime import cache, routes
from .cache import Ask, assets, layout
from .settings import PRINCIPAL

_mount = component(__file__)

TITLES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
_BACK = {
    "model": "Hover where no image is: the decoder draws what it believes lies there.",
    "pca": "Hover where no image is: the way back is straight, so that pictures only mix.",
    "tsne": "No way back: t-SNE places these images and learns nothing else.",
    "umap": "No way back is shown: UMAP learns none; umap-learn can only guess one, slowly.",
}


def plane_of(ask: Ask, state: dict) -> dict:
    """One plane for the browser: the layout where it is there, else `state`, how far it is."""
    told = {"method": ask.method, "title": TITLES.get(ask.method, ask.name), "line": ""}
    told |= {"back": _BACK[ask.method], "state": "waiting", "message": "", "done": None}
    if layout(ask) is None:
        return told | {"line": _line(ask, None, ()), "word": None} | state
    found = assets(ask)
    urls, facts = dict(found.urls), dict(found.facts)
    names: list[str] = []
    if ask.method == "model":
        on_map = cache.map_assets(ask.name, ask.digest)
        urls |= {k: on_map.urls[k] for k in ("program", "decode") if k in on_map.urls}
        facts |= {k: on_map.facts[k] for k in ("extra", "extraKind")}
        principal = ask.axes == PRINCIPAL
        names = [f"PC{k + 1}" if principal else f"z{d + 1}" for k, d in enumerate(facts["order"])]
    line = _line(ask, facts, names)
    return told | {"state": "ready", "urls": urls, "facts": facts, "names": names, "line": line}


def _line(ask: Ask, facts: dict | None, names: Sequence[str]) -> str:
    """What the plane is, in a few words."""
    if ask.method == "tsne":
        return f"keeps near images near; perplexity {ask.near}"
    if ask.method == "umap":
        return f"keeps near images near; {ask.near} neighbours"
    if facts is None:
        return "codes, told no label"
    share = f"{100 * sum(facts['share'][:2]):.0f} % of the variance"
    if ask.method == "pca":
        return f"two straight directions through the pixels, {share}"
    if facts["latent"] == 2:
        return "its two latents"
    plane = f"{names[0]} and {names[1]} of {facts['latent']} latents"
    return f"{plane.replace('PC', 'principal components ', 1).replace('PC', '')}, {share}"


def reduce_map(ask: Ask, planes: Sequence[dict], *, total: int, key: str) -> dict | None:
    """Shows the planes. Returns what the visitor asked for last, unchecked: {do, method, turn}."""
    data = cache.dataset(ask.data, ask.size)
    result = _mount(
        key=key,
        data={
            "planes": list(planes),
            "items": f"{data.digest[:16]} {total}",
            "total": total,
            "pictures": routes.publish_images(data.digest[:16], data.test.images),
        },
        on_ask_change=lambda: None,
    )
    return result.ask
